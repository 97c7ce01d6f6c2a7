// The real Rialto between Webex and Zoom: what it asks, and what it makes of the answers.

import { until } from "./json.mjs";
import { MINIMUM_OF_WEBEX_AND_ZOOM } from "./minimum.mjs";
import { Company, OTHER } from "./rialto.mjs";

const SPEAKER = { webex: "Wanda Novak", zoom: "Zoe Park" };
const SOMEBODY = { webex: "Mark Roux", zoom: "Omar Haddad" };
const POSTS = { webex: "POST /messages", zoom: "POST /chat/users/{userId}/messages" };
const HEARD = { webex: "messages.created", zoom: "team_chat.channel_message_posted" };

export async function webexAndZoomCalls({ seen, ...world }) {
  const company = await Company.found(world, ["webex", "zoom"]);
  try {
    for (const platform of ["webex", "zoom"]) await company.control("POST", "/limits", { platform, off: true });
    await company.connectWebex();
    await company.connectZoom();
    for (const connection of Object.values(company.connections)) {
      await company.admin("POST", `/connections/${connection}/check`);
      await company.admin("GET", `/connections/${connection}/parents`);
    }
    const launch = await company.connect({ webex: "Launch", zoom: "launch" });
    await company.admin("PATCH", `/channel-syncs/${launch.id}`, { reaction_replies: true });
    for (const from of ["webex", "zoom"]) {
      await conversation(company, launch, from);
      await words(company, launch, from);
      await files(company, launch, from);
      await lostAnswer(company, launch, from);
      await freshToken(company, launch, from);
    }
    await reactions(company, launch);
    await silentWebhooks(company, launch);
    for (const [from, name, members] of [["webex", "Roadmap", ["Megan Bowen", "Zoe Park"]], ["zoom", "planning", ["Mark Roux"]]]) {
      const sync = await company.add(from, name, members);
      await company.act(from, sync, SPEAKER[from], "post", { text: `into ${name}` });
      await company.arrives(OTHER[from], sync, `into ${name}`);
    }
    // Sweeps come by themselves.
    const unmet = () => MINIMUM_OF_WEBEX_AND_ZOOM.filter((name) => !seen.met(name));
    await until("all calls", () => unmet().length === 0).catch((error) => {
      throw new Error(`Rialto did not call\n  ${unmet().join("\n  ")}\n${error.message}`);
    });
  } finally {
    await company.leave();
  }
}

/// A message, its reply, an answer from the other side; changed twelve times, deleted.
async function conversation(company, sync, from) {
  const to = OTHER[from];
  const act = (who, what, id, more) => company.act(from, sync, who, what, { id, ...more });
  const { id: root } = await company.act(from, sync, SPEAKER[from], "post", { text: `first from ${from}` });
  const copy = await company.arrives(to, sync, `first from ${from}`);
  const { id: reply } = await act(SOMEBODY[from], "reply", root, { text: `reply from ${from}` });
  await company.arrives(to, sync, `reply from ${from}`);
  await company.act(to, sync, SPEAKER[to], "reply", { id: copy.id, text: `answer to ${from}` });
  await company.arrives(from, sync, `answer to ${from}`);
  // Ten are as many as Webex takes of an app, and of a person.
  for (let turn = 1; turn <= (from === "zoom" ? 12 : 3); turn += 1) {
    await act(SPEAKER[from], "edit", root, { text: `change ${turn} of ${from};` });
    await company.arrives(to, sync, `change ${turn} of ${from};`);
  }
  await act(SOMEBODY[from], "delete", reply);
  await act(SPEAKER[from], "delete", root);
  await company.shows(to, sync, "no message", (all) => all.every((it) => it.id !== copy.id || it.deleted));
}

/// Mentions of somebody known and somebody unknown there, of everybody, markup, and more than one message holds.
async function words(company, sync, from) {
  const to = OTHER[from];
  const say = async (text, seen) => {
    const { id } = await company.act(from, sync, SPEAKER[from], "post", { text });
    await company.arrives(to, sync, seen);
    return id;
  };
  for (const name of ["Megan Bowen", SOMEBODY[from]]) {
    const at = from === "webex" ? `<@personId:${company.account(from, name)}|${name}>` : `@${name}`;
    await say(`${at} asked ${from} about ${name}`, `asked ${from} about ${name}`);
  }
  await company.admin("PATCH", `/channel-syncs/${sync.id}`, { everyone_mentions: "real" });
  await say(from === "webex" ? "<@all> from webex" : "@all from zoom", `from ${from}`);
  const styled = from === "webex"
    ? "**bold** *it* `code` [link](https://acme.example) of webex\n\n> quoted\n\n- one\n- two\n\n```\nblock\n```"
    : "*bold* _it_ ~gone~ [link](https://acme.example) of zoom\n> quoted\n- one\n- two\n# heading";
  await say(styled, `of ${from}`);
  const lines = (count) => Array.from({ length: count }, (_, n) => `line ${n + 1} from ${from}.`).join("\n");
  const id = await say(lines(200), `line 200 from ${from}.`);
  await company.act(from, sync, SPEAKER[from], "edit", { id, text: lines(2) });
  await company.shows(to, sync, "only the beginning", (all) =>
    all.every((it) => it.deleted || !it.text.includes(`line 200 from ${from}.`)));
}

async function files(company, sync, from) {
  const to = OTHER[from];
  const sent = [
    { name: `notes-${from}.txt`, mime: "text/plain", text: "some notes\n" },
    { name: `archive-${from}.bin`, mime: "application/octet-stream", random_bytes: 3_000_000 },
  ];
  await company.act(from, sync, SPEAKER[from], "post", { text: `files from ${from}`, files: sent });
  for (const { name } of sent) {
    await company.shows(to, sync, name, (all) => all.some((it) => it.files.some((file) => file.name === name)));
  }
}

/// A post whose answer gets lost, and what would tell of it: Rialto looks it up before it posts again.
async function lostAnswer(company, sync, from) {
  const to = OTHER[from];
  await company.fault(to, POSTS[to], "lose_answer");
  await company.fault(to, HEARD[to], "drop", "webhook");
  await company.act(from, sync, SPEAKER[from], "post", { text: `lost post from ${from}` });
  const once = (all) => all.filter((it) => it.text.includes(`lost post from ${from}`)).length === 1;
  await company.shows(to, sync, "it once", once);
  await none(company, "nothing was lost");
}

/// An access token that has expired: Rialto renews it and says what it had to say.
async function freshToken(company, sync, from) {
  const to = OTHER[from];
  await company.fault(to, POSTS[to], "expire_tokens");
  await company.act(from, sync, SPEAKER[from], "post", { text: `with a fresh token to ${to}` });
  await company.arrives(to, sync, `with a fresh token to ${to}`);
  await none(company, "no token expired");
}

async function none(company, why) {
  const left = await company.faultsLeft();
  if (left.length) throw new Error(`${why}: ${JSON.stringify(left)}`);
}

/// A reaction in Zoom is a reply in Webex; one on Webex's copy of a message of its own is Zoom's alone.
async function reactions(company, sync) {
  await company.act("webex", sync, SPEAKER.webex, "post", { text: "what do you think?" });
  const { id } = await company.arrives("zoom", sync, "what do you think?");
  await company.act("zoom", sync, SPEAKER.zoom, "react", { id, emoji: "🎉" });
  await company.arrives("webex", sync, "Rialto reacts to this with 🎉");
  await company.act("zoom", sync, SPEAKER.zoom, "unreact", { id, emoji: "🎉" });
  await company.shows("webex", sync, "no reply", (all) => all.every((it) => it.deleted || !it.text.includes("🎉")));
  // Rialto's own in Zoom says that something did not arrive.
  const failing = await company.control("POST", "/faults", {
    platform: "webex", target: "api", method: POSTS.webex, kind: "status", code: 400,
  });
  await company.act("zoom", sync, SPEAKER.zoom, "post", { text: "refused by Webex" });
  await company.shows("zoom", sync, "the mark", (all) => all.some((it) => it.text.includes("refused") && it.reactions.length));
  await company.control("DELETE", `/faults/${failing.id}`);
}

/// Webhooks that fell silent are revived when the organization is looked after.
async function silentWebhooks(company, sync) {
  const hooks = await company.control("GET", "/webex/webhooks");
  for (const { id } of hooks) await company.control("POST", `/webex/webhooks/${id}/deactivate`, {});
  const apps = await company.admin("GET", "/apps");
  await company.authorize("webex", apps.find((it) => it.platform === "webex").id, "Rialto Service");
  await company.act("webex", sync, SPEAKER.webex, "post", { text: "heard again" });
  await company.arrives("zoom", sync, "heard again");
}
