// A front for each of the sandbox's services: sends every call through the Prism whose description has it, and
// collects what Prism finds wrong with the call or with its answer.
//
//   client → front → Prism → back → emulator        what a description has
//   client → front → emulator                       what none has, and bytes: Prism reads bodies as text
//
// Prism runs without `--errors`: it then reports every violation, of requests and of answers, in `sl-violations`, and
// lets the call go on, so that one fault hides no other. The back undoes what the front did for Prism's sake.

import http from "node:http";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { start } from "./processes.mjs";

const PRISM = fileURLToPath(new URL("node_modules/.bin/prism", import.meta.url));
const METHODS = ["get", "put", "post", "delete", "patch"];
/// OneDrive's way to name an item by its path below another: the same operations as by its id.
const BY_PATH = /(\/drives\/[^/]+\/items\/[^/:]+):\/.+:(\/[^/:]+)$/;
/// Which call this is, for the back.
const CALL = "x-front-call";

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
      describesRefusals: Boolean(item[method].responses.default),
    }));
  });
  return all.sort((a, b) => a.holes - b.holes);
}

async function listening(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${server.address().port}`;
}

/// Prism over one description, in front of `upstream`.
async function prism({ prefix, file }, upstream) {
  const { found } = await start(`Prism with ${file}`, PRISM, ["proxy", "-p", "0", "--errors", "false", file, upstream], {
    ready: (line) => line.match(/Prism is listening on (http:\/\/\S+)/)?.[1],
  });
  return { prefix, at: new URL(found), operations: operations(file) };
}

export class Front {
  /// Calls that are on their way through Prism: the front and the back know them by number.
  underway = new Map();
  count = 0;

  /// `descriptions`: files, each with what paths begin with before they are as in it. `bytes`: paths whose bodies are no text. `refusesWith200`: what is refused says so in its body alone.
  /// `seen`: where calls and violations are collected.
  static async listen({ name, descriptions, bytes, refusesWith200, seen }) {
    const front = new Front();
    Object.assign(front, { name, descriptions, bytes, refusesWith200, seen });
    front.server = http.createServer((request, response) => front.pass(request, response));
    front.url = await listening(front.server);
    return front;
  }

  /// Starts the Prisms in front of the emulator.
  async connect(upstream) {
    this.upstream = new URL(upstream);
    this.backServer = http.createServer((request, response) => this.passBack(request, response));
    const back = await listening(this.backServer);
    this.prisms = await Promise.all(this.descriptions.map((file) => prism(file, back)));
  }

  /// Which description has this call, and what the call is named.
  route(method, path) {
    const described = path.replace(BY_PATH, "$1$2");
    for (const { prefix, at, operations } of this.prisms.filter((it) => described.startsWith(`${it.prefix}/`))) {
      const inner = described.slice(prefix.length);
      const operation = operations.find((it) => it.method === method && it.pattern.test(inner));
      if (operation) return { at, inner, operation, name: `${this.name} ${method} ${operation.path}` };
    }
    return { name: `${this.name} ${method} ${path}` };
  }

  pass(request, response) {
    const url = new URL(request.url, this.url);
    const route = this.route(request.method, url.pathname);
    const around = !route.at || this.bytes.some((pattern) => pattern.test(url.pathname));
    const target = around ? new URL(request.url, this.upstream) : new URL(route.inner + url.search, route.at);
    const call = { route, around, path: request.url };
    const headers = { ...request.headers, host: target.host };
    if (!around) {
      headers[CALL] = String((this.count += 1));
      this.underway.set(headers[CALL], call);
    }
    send(target, request, headers, (answer, body) => {
      this.underway.delete(headers[CALL]);
      if (!answer || call.dropped) return response.destroy();
      this.answer(call, answer, body, response);
    });
  }

  /// Between Prism and the emulator.
  passBack(request, response) {
    const { [CALL]: number, ...headers } = request.headers;
    const call = this.underway.get(number);
    const target = new URL(call.path, this.upstream);
    headers.host = target.host;
    send(target, request, headers, (answer, body) => {
      if (!answer) {
        call.dropped = true;
        return response.destroy();
      }
      call.status = answer.statusCode;
      // Slack refuses with 200; the description has refusals beside the 200, as `default`.
      const refused = this.refusesWith200 && call.status === 200 && parsed(body)?.ok === false;
      const status = refused && call.route.operation.describesRefusals ? 400 : call.status;
      reply(response, status, answer.headers, body);
    });
  }

  answer({ route, around, status }, answer, body, response) {
    const headers = { ...answer.headers };
    if (!route.at) {
      this.seen.undescribed(route.name);
    } else if (around) {
      this.seen.unread(route.name);
    } else {
      this.seen.call(route.name);
      const violations = headers["sl-violations"];
      if (violations) this.seen.violations(route.name, status, violations);
      delete headers["sl-violations"];
      if (headers["content-type"]?.includes("problem+json") && body.includes("stoplight.io/prism")) {
        this.seen.violations(route.name, status, JSON.stringify([{ location: ["prism"], message: body.toString() }]));
      }
    }
    // Links in answers lead through here too.
    if (headers["content-type"]?.includes("json")) {
      body = Buffer.from(body.toString().replaceAll(this.upstream.origin, this.url));
    }
    reply(response, status ?? answer.statusCode, headers, body);
  }

  close() {
    for (const server of [this.server, this.backServer]) {
      server.closeAllConnections();
      server.close();
    }
  }
}

/// Sends a request on; `done` gets the answer and its body, or nothing when the connection broke.
function send(target, request, headers, done) {
  const out = http.request(target, { method: request.method, headers, maxHeaderSize: 256 * 1024 }, (answer) => {
    const chunks = [];
    answer.on("data", (chunk) => chunks.push(chunk));
    answer.on("end", () => done(answer, Buffer.concat(chunks)));
    answer.on("error", () => done());
  });
  out.on("error", () => done());
  request.pipe(out);
}

function reply(response, status, headers, body) {
  const sent = { ...headers };
  delete sent["transfer-encoding"];
  if (body.length || sent["content-length"]) sent["content-length"] = body.length;
  response.writeHead(status, sent);
  response.end(body);
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
