// The real Rialto at work: what it asks, and what it makes of the answers, in everything that it does.

import { until } from "./json.mjs";
import { MINIMUM } from "./minimum.mjs";
import { Company, OTHER } from "./rialto.mjs";

const SPEAKER = { slack: "Ana Silva", teams: "Lee Gu" };
const SOMEBODY = { slack: "Ben Okafor", teams: "Megan Bowen" };
const EMOJI = { slack: "tada", teams: "🎉" };

export async function rialtoCalls({ seen, ...world }) {
  const company = await Company.found(world, ["slack", "teams"]);
  try {
    await company.connectSlack();
    await company.connectTeams();
    await company.adoptSlack();
    for (const connection of Object.values(company.connections)) {
      await company.admin("POST", `/connections/${connection}/check`);
    }
    const launch = await company.connect({ slack: "general", teams: "Launch" });
    for (const from of ["slack", "teams"]) {
      await conversation(company, launch, from);
      await words(company, launch, from);
      await files(company, launch, from);
      await lostAnswers(company, launch, from);
    }
    await freshTokens(company, launch);
    await pictures(company, launch);
    await otherChannels(company);
    await subscriptions(company, launch);
    // Sweeps and the farewell to a subscription come by themselves.
    const unmet = () => MINIMUM.filter((name) => !seen.met(name));
    await until("all calls", () => unmet().length === 0).catch((error) => {
      throw new Error(`Rialto did not call\n  ${unmet().join("\n  ")}\n${error.message}`);
    });
  } finally {
    await company.leave();
  }
}

/// Something plain to say on a side.
const said = (from, text) => (from === "slack" ? { text } : { html: `<p>${text.replaceAll("\n", "<br>")}</p>` });
/// A message that something is done to.
const that = (from, id) => (from === "slack" ? { ts: id } : { message: id });

/// A message, its reply, an answer from the other side; changed, reacted to, deleted.
async function conversation(company, sync, from) {
  const to = OTHER[from];
  const act = (who, what, id, more) => company.act(from, sync, who, what, { ...that(from, id), ...more });
  const { id: root } = await company.act(from, sync, SPEAKER[from], "post", said(from, `first from ${from}`));
  const copy = await company.arrives(to, sync, `first from ${from}`);
  const { id: reply } = await act(SOMEBODY[from], "reply", root, said(from, `reply from ${from}`));
  const replyCopy = await company.arrives(to, sync, `reply from ${from}`);
  await company.act(to, sync, SPEAKER[to], "reply", { ...that(to, copy.id), ...said(to, `answer to ${from}`) });
  await company.arrives(from, sync, `answer to ${from}`);
  if (from === "slack") {
    await act(SPEAKER.slack, "reply", root, { text: "a reply for all", broadcast: true });
    await company.arrives(to, sync, "a reply for all");
  }
  for (const [who, here, there] of [[SPEAKER[from], root, copy.id], [SOMEBODY[from], reply, replyCopy.id]]) {
    const look = (what, holds) => company.shows(to, sync, what, (all) => holds(all.find((it) => it.id === there)));
    await act(who, "edit", here, said(from, `changed ${here}`));
    await look("the change", (it) => it.text.includes(`changed ${here}`));
    await act(SOMEBODY[from], "react", here, { emoji: EMOJI[from] });
    await look("the reaction", (it) => it.reactions.some(({ emoji }) => emoji === "🎉"));
    await act(SOMEBODY[from], "unreact", here, { emoji: EMOJI[from] });
    await look("no reaction", (it) => it.reactions.length === 0);
  }
  await act(SOMEBODY[from], "delete", reply);
  await company.shows(to, sync, "no reply", (all) => all.every((it) => it.id !== replyCopy.id || it.deleted));
  await act(SPEAKER[from], "delete", root);
  await company.shows(to, sync, "no message", (all) => all.every((it) => it.id !== copy.id || it.deleted));
}

/// Mentions of somebody known and somebody unknown on the other side, markup, and more than one message holds.
async function words(company, sync, from) {
  const to = OTHER[from];
  for (const name of ["Megan Bowen", SPEAKER[from]]) {
    const id = company.account(from, name);
    const text = `ask ${name} on ${from}`;
    const user = { id, displayName: name, userIdentityType: "aadUser" };
    const html = `<p><at id="0">${name}</at> ${text}</p>`;
    const mentions = [{ id: 0, mentionText: name, mentioned: { user } }];
    await company.act(from, sync, SPEAKER[from], "post", from === "slack" ? { text: `<@${id}> ${text}` } : { html, mentions });
    await company.arrives(to, sync, text);
  }
  const styled = from === "slack"
    ? { text: "is <!here> anybody? &lt;b&gt; *bold* _it_ `code` <https://acme.example|link>\n&gt; quoted\n```block```" }
    : { html: '<p>is anybody? &lt;b&gt; <b>bold</b> <i>it</i> <a href="https://acme.example">link</a></p><ul><li>item</li></ul>' };
  await company.act(from, sync, SPEAKER[from], "post", styled);
  await company.arrives(to, sync, "anybody?");

  const last = from === "slack" ? 1500 : 400;
  const lines = (count) => Array.from({ length: count }, (_, n) => `line ${n + 1} from ${from}.`).join("\n");
  const { id } = await company.act(from, sync, SPEAKER[from], "post", said(from, lines(last)));
  const end = `line ${last} from ${from}.`;
  await company.arrives(to, sync, end);
  await company.act(from, sync, SPEAKER[from], "edit", { ...that(from, id), ...said(from, lines(2)) });
  await company.shows(to, sync, "only the beginning", (all) => all.every((it) => it.deleted || !it.text.includes(end)));
}

async function files(company, sync, from) {
  const to = OTHER[from];
  const sent = [
    { name: `notes-${from}.txt`, mime: "text/plain", text: "some notes\n" },
    // Graph takes more than 4 MB in an upload session only.
    { name: `archive-${from}.bin`, mime: "application/octet-stream", random_bytes: 6_000_000 },
  ];
  const text = said(from, `files from ${from}`);
  const { id } = await company.act(from, sync, SPEAKER[from], "post", { ...text, files: sent });
  for (const { name } of sent) {
    await company.shows(to, sync, name, (all) => all.some((it) => it.files.some((file) => file.name === name)));
  }
  await company.act(from, sync, SPEAKER[from], "edit", { ...that(from, id), ...said(from, `files of ${from}`) });
  await company.arrives(to, sync, `files of ${from}`);
  if (from === "teams") {
    const count = (all) => all.flatMap((it) => it.files).length;
    const before = count(await company.shown(to, sync));
    const images = [{ name: "inline.png", mime: "image/png", random_bytes: 500 }];
    await company.act(from, sync, SPEAKER.teams, "post", { html: "<p>see here</p>", images });
    await company.shows(to, sync, "the inline image", (all) => count(all) > before);
  }
}

const POSTS = { slack: "chat.postMessage", teams: "POST /teams/{id}/channels/{id}/messages" };
const REPLIES = { slack: "chat.postMessage", teams: "POST /teams/{id}/channels/{id}/messages/{id}/replies" };

const HEARD = { slack: "message*", teams: "chatMessage.created" };

/// Posts whose answers get lost, and what would tell of them: Rialto looks them up before it posts again.
async function lostAnswers(company, sync, from) {
  const to = OTHER[from];
  const once = async (text) => {
    await company.shows(to, sync, `“${text}” once`, (all) => all.filter((it) => it.text.includes(text)).length === 1);
    const left = await company.faultsLeft();
    if (left.length) throw new Error(`nothing was lost: ${JSON.stringify(left)}`);
  };
  const lose = async (method) => {
    await company.fault(to, method, "lose_answer");
    await company.fault(to, HEARD[to], "drop", "webhook");
  };
  await lose(POSTS[to]);
  const { id } = await company.act(from, sync, SPEAKER[from], "post", said(from, `lost post from ${from}`));
  await once(`lost post from ${from}`);
  await lose(REPLIES[to]);
  const reply = { ...that(from, id), ...said(from, `lost reply from ${from}`) };
  await company.act(from, sync, SPEAKER[from], "reply", reply);
  await once(`lost reply from ${from}`);
}

/// Access tokens that have expired: Rialto renews them and says what it had to say.
async function freshTokens(company, sync) {
  for (const to of ["slack", "teams"]) {
    await company.fault(to, POSTS[to], "expire_tokens");
    await company.act(OTHER[to], sync, SPEAKER[OTHER[to]], "post", said(OTHER[to], `with a fresh token to ${to}`));
    await company.arrives(to, sync, `with a fresh token to ${to}`);
    const left = await company.faultsLeft();
    if (left.length) throw new Error(`no token expired: ${JSON.stringify(left)}`);
  }
}

/// Slack shows pictures of people in Teams, which it fetches from Rialto.
async function pictures(company, sync) {
  await company.act("teams", sync, SPEAKER.teams, "post", said("teams", "look at me"));
  const { author } = await company.arrives("slack", sync, "look at me");
  const picture = await fetch(author.avatar);
  if (!picture.ok) throw new Error(`${author.avatar} → ${picture.status}`);
}

/// *Add* from both sides, of public channels and a private one, and a message in what came of it.
async function otherChannels(company) {
  await company.act("slack", { slack: "planning" }, SPEAKER.slack, "topic", { text: "what comes next" });
  await company.act("slack", { slack: "board" }, SPEAKER.slack, "invite", { person: "Rialto" });
  await company.act("teams", { teams: "Projects/Roadmap" }, SPEAKER.teams, "topic", { topic: "where we go" });
  for (const sync of [
    await company.add("slack", "planning", ["Megan Bowen", "Lee Gu"]),
    await company.add("slack", "board", ["Lee Gu"]),
    await company.add("teams", "Roadmap", ["Ana Silva", "Ben Okafor"]),
  ]) {
    await company.act("slack", sync, SPEAKER.slack, "post", { text: `into ${sync.teams}` });
    await company.arrives("teams", sync, `into ${sync.teams}`);
    await company.admin("DELETE", `/channel-syncs/${sync.id}`);
  }
}

/// Graph wants a subscription authorized again, then takes it away; at the end Rialto gives it up.
async function subscriptions(company, sync) {
  const all = () => company.control("GET", "/teams/subscriptions");
  const one = await until("one subscription", async () => {
    const now = await all();
    return now.length === 1 && now[0];
  });
  await company.control("POST", "/teams/lifecycle", { event: "reauthorizationRequired", subscription: one.id });
  const renewed = (it) => it.id === one.id && it.expirationDateTime !== one.expirationDateTime;
  await until("it is renewed", async () => (await all()).some(renewed));
  await company.control("POST", "/teams/lifecycle", { event: "subscriptionRemoved", subscription: one.id });
  await until("there is another one", async () => (await all()).some((it) => it.id !== one.id));
  await company.act("teams", sync, SPEAKER.teams, "post", said("teams", "heard again"));
  await company.arrives("slack", sync, "heard again");
  await company.admin("DELETE", `/channel-syncs/${sync.id}`);
  await until("nothing is subscribed to", async () => (await all()).length === 0);
}
