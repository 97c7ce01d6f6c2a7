// The real Rialto between both workspaces, with the fronts for addresses: what it calls in its life, and whether all
// that was said arrives.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { api, until } from "./json.mjs";
import { start } from "./processes.mjs";

/// What Rialto must have called at least, or the check looked at nothing.
const EXPECTED = [
  "slack POST /oauth.v2.access", "slack GET /auth.test", "slack GET /conversations.list", "slack GET /conversations.info",
  "slack GET /conversations.history", "slack GET /conversations.replies", "slack GET /users.conversations",
  "slack POST /conversations.join", "slack GET /users.info", "slack POST /chat.postMessage", "slack POST /chat.update",
  "slack POST /chat.delete", "slack POST /reactions.add", "slack POST /reactions.remove",
  "slack POST /files.getUploadURLExternal", "slack POST /files.completeUploadExternal", "slack GET /files.info",
  "login POST /{tenant}/oauth2/v2.0/token",
  "graph GET /users/{user-id}", "graph POST /teams/{team-id}/members", "graph POST /subscriptions",
  "graph POST /subscriptions/{subscription-id}/reauthorize", "graph PATCH /subscriptions/{subscription-id}",
  "graph GET /teams/{team-id}/channels", "graph POST /teams/{team-id}/channels",
  "graph POST /teams/{team-id}/channels/{channel-id}/messages",
  "graph PATCH /teams/{team-id}/channels/{channel-id}/messages/{chatMessage-id}",
  "graph POST /teams/{team-id}/channels/{channel-id}/messages/{chatMessage-id}/replies",
  "graph POST /teams/{team-id}/channels/{channel-id}/messages/{chatMessage-id}/setReaction",
  "graph POST /teams/{team-id}/channels/{channel-id}/messages/{chatMessage-id}/unsetReaction",
  "graph POST /teams/{team-id}/channels/{channel-id}/messages/{chatMessage-id}/softDelete",
  "graph GET /teams/{team-id}/channels/{channel-id}/messages/delta",
  "graph GET /teams/{team-id}/channels/{channel-id}/filesFolder",
];

export async function rialtoCalls({ urls, services, binary, seen }) {
  const before = new Map(seen.calls);
  const folder = await mkdtemp(path.join(os.tmpdir(), "rialto-prism-"));
  try {
    const world = await setUp({ urls, services, binary, folder });
    await story(world);
    await later(world, (call) => seen.calls.get(call) > (before.get(call) ?? 0));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const called = [...seen.calls].filter(([name, count]) => count > (before.get(name) ?? 0)).map(([name]) => name);
  const not = EXPECTED.filter((name) => !called.includes(name));
  if (not.length) throw new Error(`Rialto did not call:\n  ${not.join("\n  ")}\nbut:\n  ${called.join("\n  ")}`);
}

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function setUp({ urls, services, binary, folder }) {
  const control = api(urls.control);
  const people = ["Ana Silva", "Bo Chen"];
  const slack = await control("POST", "/slack/workspaces", {
    name: "Acme",
    people: people.map((name, n) => ({
      name, display_name: name.split(" ")[0].toLowerCase(), email: `${name.toLowerCase().replace(" ", ".")}@acme.example`, admin: n === 0,
    })),
    channels: [{ name: "launch" }, { name: "plans" }],
  });
  const teams = await control("POST", "/teams/workspaces", {
    name: "Acme",
    people: [
      { name: "Iris Admin", roles: ["Global Administrator"] }, { name: "Rialto Service" },
      { name: "Bo Chen", mail: "bo.chen@acme.example" }, { name: "Lee Gu", mail: "lee.gu@acme.example" },
    ],
    teams: [{ name: "Projects", members: ["Iris Admin", "Lee Gu", "Bo Chen"], channels: ["Launch"] }],
  });
  const port = await freePort();
  const env = {
    RIALTO_DATA_FOLDER: folder, RIALTO_LISTEN: `127.0.0.1:${port}`, RIALTO_PUBLIC_URL: `http://127.0.0.1:${port}`,
    RIALTO_DELIVERIES_PACING: "false", RIALTO_SWEEPS_EVERY: "2s", RIALTO_SWEEPS_GRACE: "1s", RIALTO_LOG_FORMAT: "text",
  };
  await start("Rialto", binary, ["serve"], { env, cwd: folder, ready: (line) => (line.includes("stening") ? true : undefined) });
  const token = (await readFile(path.join(folder, "admin.token"), "utf8")).trim();
  const admin = api(`http://127.0.0.1:${port}/api/v1`, { authorization: `Bearer ${token}` });
  const connect = async (platform, app, as) => {
    const begun = await admin("POST", `/apps/${app}/authorizations`, {});
    const { redirect_to } = await control("POST", `/${platform}/consent`, { authorize_url: begun.url, as, approve: true });
    await fetch(redirect_to);
    const { connected } = await admin("GET", `/authorizations/${begun.state}`);
    return connected.connection.id;
  };

  const slackApp = await admin("POST", "/apps", {
    platform: "slack",
    values: { api_url: `${services.slack.url}/api/`, authorize_url: `${urls.slack}/oauth/v2/authorize` },
  });
  const { manifest } = await admin("GET", `/apps/${slackApp.id}/manifest`);
  const made = await control("POST", "/slack/apps", { manifest: JSON.parse(manifest) });
  await admin("PATCH", `/apps/${slackApp.id}`, {
    values: { client_id: made.client_id, client_secret: made.client_secret, signing_secret: made.signing_secret },
  });
  const teamsApp = await admin("POST", "/apps", {
    platform: "teams",
    values: { tenant: teams.id, graph_url: `${services.graph.url}/v1.0/`, login_url: `${services.login.url}/` },
  });
  const registered = await control("POST", "/teams/apps", {
    name: "Rialto",
    redirect_uris: [teamsApp.redirect_url],
    delegated: [
      "User.Read", "User.ReadBasic.All", "ChannelMessage.Send", "ChannelMessage.Read.All", "ChannelMessage.ReadWrite",
      "Channel.ReadBasic.All", "Channel.Create", "ChannelMember.Read.All", "Team.ReadBasic.All", "TeamMember.ReadWrite.All",
      "Files.ReadWrite.All", "openid", "profile", "offline_access",
    ],
    application: [
      "Team.ReadBasic.All", "Channel.ReadBasic.All", "ChannelMember.ReadWrite.All", "TeamMember.ReadWriteNonOwnerRole.All",
      "User.Read.All", "ChannelMessage.Read.All",
    ],
  });
  await admin("PATCH", `/apps/${teamsApp.id}`, {
    values: { client_id: registered.client_id, client_secret: registered.client_secret },
  });
  const consent = `${urls.login}/${teams.id}/adminconsent?client_id=${registered.client_id}&redirect_uri=${teamsApp.redirect_url}`;
  await control("POST", "/teams/consent", { authorize_url: consent, as: "Iris Admin", approve: true });

  const connections = {
    slack: await connect("slack", slackApp.id, "Ana Silva"),
    teams: await connect("teams", teamsApp.id, "Rialto Service"),
  };
  const conversation = async (platform, name) => {
    const all = await admin("GET", `/connections/${connections[platform]}/conversations`);
    const found = all.find((it) => it.name === name);
    return { connection: connections[platform], conversation: found.id };
  };
  await admin("POST", "/channel-syncs/connect", {
    endpoints: [await conversation("slack", "launch"), await conversation("teams", "Launch")],
  });
  const [parent] = await admin("GET", `/connections/${connections.teams}/parents`);
  await admin("POST", "/channel-syncs/add", {
    source: await conversation("slack", "plans"),
    target: { connection: connections.teams, parent: parent.id, members: ["lee.gu@acme.example"] },
  });
  for (const connection of Object.values(connections)) await admin("GET", `/connections/${connection}/check`, undefined, { raw: true });
  return { control, admin, workspaces: { slack: slack.id, teams: teams.id } };
}

const CHANNELS = { slack: "launch", teams: "Projects/Launch" };

/// A person does something in their half of the channel.
function act({ control, workspaces }, platform, as, what, more) {
  return control("POST", `/${platform}/act`, { workspace: workspaces[platform], as, do: what, channel: CHANNELS[platform], ...more });
}

/// Waits until a half of the channel shows a message.
function shown(world, platform, what, look) {
  return until(what, async () => (await messages(world, platform)).find(look));
}

async function messages({ control, workspaces }, platform) {
  const query = new URLSearchParams({ workspace: workspaces[platform], channel: CHANNELS[platform] });
  return (await control("GET", `/${platform}/view?${query}`)).messages;
}

const reads = (text) => (message) => !message.deleted && message.text.includes(text);

/// Everything that people do, from each side.
async function story(world) {
  for (const [from, to, who] of [["slack", "teams", "Bo Chen"], ["teams", "slack", "Lee Gu"]]) {
    const post = (words) => act(world, from, who, "post", from === "slack" ? { text: words } : { html: `<p>${words}</p>` });
    const name = (id) => (from === "slack" ? { ts: id } : { message: id });
    const text = (words) => (from === "slack" ? { text: words } : { html: `<p>${words}</p>` });
    const { id: first } = await post(`hello from ${from}`);
    const copy = await shown(world, to, "a message", reads(`hello from ${from}`));
    const { id: reply } = await act(world, from, who, "reply", { ...name(first), ...text(`reply from ${from}`) });
    await shown(world, to, "a reply", (it) => reads(`reply from ${from}`)(it) && it.thread);
    await act(world, from, who, "react", { ...name(first), emoji: from === "slack" ? "tada" : "🎉" });
    await shown(world, to, "a reaction", (it) => it.id === copy.id && it.reactions.length === 1);
    await act(world, from, who, "unreact", { ...name(first), emoji: from === "slack" ? "tada" : "🎉" });
    await shown(world, to, "no reaction", (it) => it.id === copy.id && it.reactions.length === 0);
    const changed = `changed on ${from}`;
    await act(world, from, who, "edit", { ...name(first), ...text(changed) });
    await shown(world, to, "an edit", (it) => it.id === copy.id && it.text.includes(changed));
    await act(world, from, who, "upload", { text: `files from ${from}`, files: [{ name: "a.txt", text: "one" }, { name: "b.bin", random_bytes: 5_000_000 }] });
    await until("both files", async () => {
      const files = (await messages(world, to)).flatMap((it) => it.files.map((file) => file.name));
      return files.includes("a.txt") && files.includes("b.bin");
    });
    await post(`long from ${from} ${"and more words ".repeat(1_500)} end of ${from}`);
    await shown(world, to, "the end of a long message", reads(`end of ${from}`));
    await post(from === "slack" ? "is @here anybody? &lt;b&gt; *bold* _it_ `code`" : "<b>bold</b> <i>it</i> <code>code</code> &lt;b&gt;");
    await shown(world, to, "formatting", reads("code"));
    await act(world, from, who, "delete", name(reply));
    await act(world, from, who, "delete", name(first));
    await until("a deletion", async () => {
      const there = (await messages(world, to)).find((it) => it.id === copy.id);
      return !there || there.deleted;
    });
  }
}

/// The service user's token has expired and a subscription must be authorized anew; what is said then crosses too.
async function later(world, called) {
  await world.control("POST", "/faults", { platform: "teams", target: "api", kind: "expire_tokens", times: 1 });
  const subscriptions = await world.control("GET", "/teams/subscriptions");
  for (const { id } of subscriptions.value ?? subscriptions.subscriptions ?? subscriptions) {
    await world.control("POST", "/teams/lifecycle", { event: "reauthorizationRequired", subscription: id });
  }
  const { id } = await act(world, "slack", "Bo Chen", "post", { text: "later that day" });
  await shown(world, "teams", "a message with a new token", reads("later that day"));
  await act(world, "teams", "Lee Gu", "post", { html: "<p>and back</p>" });
  await shown(world, "slack", "an answer with a new token", reads("and back"));
  await act(world, "slack", "Bo Chen", "reply", { ts: id, text: "by the way" });
  await shown(world, "teams", "a reply with a new token", reads("by the way"));
  await until("a sweep through the thread", async () => called("slack GET /conversations.replies"));
}
