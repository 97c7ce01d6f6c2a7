// Prism between Rialto and the sandbox: no request of ours and no answer of the sandbox breaks the vendors' API
// descriptions, but for known faults of those, listed by name.
//
//   RIALTO_BINARY    the binary                        (default ../../target/debug/rialto)
//   RIALTO_CONTRACTS the folder with the descriptions  (default ../shared/contracts, from the project's folder)

import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { bridgeCalls } from "./bridge-calls.mjs";
import { Findings } from "./findings.mjs";
import { start, stopAll } from "./processes.mjs";
import { Front } from "./proxy.mjs";
import { rialtoCalls } from "./rialto-calls.mjs";
import { webexAndZoomCalls } from "./webex-and-zoom-calls.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const contracts = path.resolve(root, process.env.RIALTO_CONTRACTS ?? "../shared/contracts");
const binary = path.resolve(root, process.env.RIALTO_BINARY ?? "target/debug/rialto");
const described = (prefix, ...files) => files.map((file) => ({ prefix, file: path.join(contracts, file) }));

if (!existsSync(contracts)) {
  console.error(`SKIPPED: the vendors' API descriptions are not at ${contracts} (RIALTO_CONTRACTS)`);
  process.exit(0);
}

const OAUTH = "oauth_token_endpoints.openapi31.json";

/// The fronts listen first: the sandbox names their addresses in its answers and events.
async function open(seen) {
  const front = (name, more) => Front.listen({ name, seen, bytes: [], ...more });
  const services = {
    // Where two descriptions have a call, the one named first is newer.
    slack: await front("slack", {
      refusesWith200: true,
      descriptions: described("/api", "slack/slack_people.supplement.openapi31.json", "slack/slack_web_api.lax.openapi31.json"),
    }),
    graph: await front("graph", {
      descriptions: described(
        "/v1.0",
        "graph/graph_teams.slice.openapi31.strict.json",
        "graph/graph_people.slice.openapi31.strict.json",
      ),
      bytes: [/\/content$/, /\/\$value$/],
    }),
    login: await front("login", { descriptions: described("", OAUTH) }),
    webex: await front("webex", {
      descriptions: [
        ...described("/v1", "webex/webex_messaging.slice.openapi30.json", "webex/webex_people.slice.openapi30.json"),
        ...described("", OAUTH),
      ],
    }),
    zoom: await front("zoom", {
      descriptions: [
        ...described("/v2", "zoom/zoom_team_chat.slice.openapi30.json", "zoom/zoom_people.slice.openapi30.json"),
        ...described("", OAUTH),
      ],
    }),
  };
  const free = ["control", "slack", "graph", "login", "webex", "zoom"].flatMap((name) => [`--${name}-port`, "0"]);
  const named = ["slack", "graph", "webex", "zoom"].flatMap((name) => [`--${name}-url`, services[name].url]);
  const { found: urls } = await start("the sandbox", binary, ["sandbox", ...free, ...named], {
    ready: (line) => (line.startsWith("{") ? JSON.parse(line) : undefined),
  });
  await Promise.all(Object.entries(services).map(([name, service]) => service.connect(urls[name])));
  return { urls, services };
}

const seen = new Findings();
let failed = false;
try {
  const { urls, services } = await open(seen);
  for (const [phase, drive] of [
    ["a bridge's calls", bridgeCalls],
    ["Rialto between Slack and Teams", rialtoCalls],
    ["Rialto between Webex and Zoom", webexAndZoomCalls],
  ]) {
    seen.begin(phase);
    await drive({ urls, services, binary, seen });
  }
  Object.values(services).forEach((front) => front.close());
} catch (error) {
  console.error(error);
  failed = true;
} finally {
  await stopAll();
}
const clean = seen.report();
process.exit(clean && !failed ? 0 : 1);
