// Programs that are started for the check, waited for by what they print, and ended by their process.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const running = new Set();

/// Starts a program and waits for a line that `ready` makes something of; gives that and the last lines it prints.
export function start(name, program, args, { ready, env = {}, cwd, seconds = 90 }) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, cwd, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  const tail = [];
  return new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`${name} ${why}\n${tail.join("\n")}`));
    const timer = setTimeout(() => fail(`is not ready after ${seconds} s`), seconds * 1000);
    const read = (line) => {
      tail.push(line);
      if (tail.length > 40) tail.shift();
      const found = ready(line);
      if (found !== undefined) {
        clearTimeout(timer);
        resolve({ found, child, tail });
      }
    };
    createInterface({ input: child.stdout }).on("line", read);
    createInterface({ input: child.stderr }).on("line", read);
    child.on("error", (error) => fail(error.message));
    child.on("exit", (code) => {
      running.delete(child);
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
  });
}

/// Ends everything that was started.
export async function stopAll() {
  const ends = [...running].map((child) => new Promise((resolve) => child.once("exit", resolve)));
  for (const child of running) child.kill("SIGTERM");
  const late = setTimeout(() => running.forEach((child) => child.kill("SIGKILL")), 3000);
  await Promise.all(ends);
  clearTimeout(late);
}
