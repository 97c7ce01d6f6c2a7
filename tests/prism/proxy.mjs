// A front for each of the sandbox's services: sends every call through the Prism whose description has it, and
// collects what Prism finds wrong with the call or with its answer.
//
// Prism runs without `--errors`: it then reports every violation, of requests and of answers, in `sl-violations`, and
// lets the call go on, so that one fault hides no other. Bytes go around Prism, which reads bodies as text.

import http from "node:http";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { start } from "./processes.mjs";

const PRISM = fileURLToPath(new URL("node_modules/.bin/prism", import.meta.url));
const METHODS = ["get", "put", "post", "delete", "patch"];

/// A description's operations, each with a pattern over paths; the more literal one first.
function operations(file) {
  const { paths } = JSON.parse(readFileSync(file, "utf8"));
  const all = Object.entries(paths).flatMap(([path, item]) => {
    const source = path.split(/\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("[^/]+");
    return METHODS.filter((method) => item[method]).map((method) => ({
      method: method.toUpperCase(),
      path,
      pattern: new RegExp(`^${source}$`),
      holes: path.split("{").length,
    }));
  });
  return all.sort((a, b) => a.holes - b.holes);
}

/// Prism over one description, in front of `upstream`.
async function prism(file, upstream) {
  const { found } = await start(`Prism with ${file}`, PRISM, ["proxy", "-p", "0", "--errors", "false", file, upstream], {
    ready: (line) => line.match(/Prism is listening on (http:\/\/\S+)/)?.[1],
  });
  return { at: new URL(found), operations: operations(file) };
}

/// Whether Slack refuses: with status 200, and a word for why.
function refusal(service, body) {
  if (service !== "slack" || !body.includes('"ok":false')) return false;
  const { ok, error } = JSON.parse(body.toString());
  return ok === false && /^[a-z_]+$/.test(error);
}

export class Front {
  /// `bytes`: paths whose bodies are no text. `seen`: where calls and violations are collected.
  static async listen({ name, prefix, descriptions, bytes, seen }) {
    const front = new Front();
    Object.assign(front, { name, prefix, descriptions, bytes, seen });
    front.server = http.createServer((request, response) => front.pass(request, response));
    await new Promise((resolve) => front.server.listen(0, "127.0.0.1", resolve));
    front.url = `http://127.0.0.1:${front.server.address().port}`;
    return front;
  }

  /// Starts the Prisms in front of the emulator.
  async connect(upstream) {
    this.upstream = new URL(upstream);
    this.prisms = await Promise.all(this.descriptions.map((file) => prism(file, upstream + this.prefix)));
  }

  /// Which description has this call, and what the call is named.
  route(method, path) {
    const inner = path.startsWith(`${this.prefix}/`) ? path.slice(this.prefix.length) : undefined;
    if (inner !== undefined) {
      for (const { at, operations } of this.prisms) {
        const found = operations.find((it) => it.method === method && it.pattern.test(inner));
        if (found) return { at, inner, name: `${this.name} ${method} ${found.path}` };
      }
    }
    return { name: `${this.name} ${method} ${path}` };
  }

  pass(request, response) {
    const url = new URL(request.url, this.url);
    const route = this.route(request.method, url.pathname);
    const around = !route.at || this.bytes.some((pattern) => pattern.test(url.pathname));
    const target = around ? new URL(url.pathname + url.search, this.upstream) : new URL(route.inner + url.search, route.at);
    if (!route.at) this.seen.undescribed(route.name);
    const headers = { ...request.headers, host: target.host };
    const out = http.request(target, { method: request.method, headers, maxHeaderSize: 256 * 1024 }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => this.answer(route, around, answer, Buffer.concat(chunks), response));
      answer.on("error", () => response.destroy());
    });
    out.on("error", () => response.destroy());
    request.pipe(out);
  }

  answer(route, around, answer, body, response) {
    const headers = { ...answer.headers };
    if (!around) {
      this.seen.call(route.name, answer.statusCode);
      const violations = headers["sl-violations"];
      if (violations) this.seen.violations(route.name, answer.statusCode, violations, refusal(this.name, body));
      delete headers["sl-violations"];
      if (headers["content-type"]?.includes("problem+json") && body.includes("stoplight.io/prism")) {
        this.seen.violations(route.name, answer.statusCode, JSON.stringify([{ location: ["prism"], message: body.toString() }]));
      }
    }
    // Links in answers lead through here too.
    if (headers["content-type"]?.includes("json")) {
      body = Buffer.from(body.toString().replaceAll(this.upstream.origin, this.url));
    }
    delete headers["transfer-encoding"];
    if (body.length || headers["content-length"]) headers["content-length"] = body.length;
    response.writeHead(answer.statusCode, headers);
    response.end(body);
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}
