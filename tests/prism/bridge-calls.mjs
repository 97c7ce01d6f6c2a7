// Every call of a bridge's life, made directly: what the sandbox answers is held against the descriptions.

import { api, until } from "./json.mjs";

const SCOPES = [
  "chat:write", "chat:write.customize", "channels:read", "channels:history", "channels:join", "channels:manage",
  "groups:read", "groups:history", "groups:write", "im:write", "im:read", "im:history", "mpim:read", "mpim:write",
  "mpim:history", "users:read", "users:read.email", "users.profile:read", "team:read", "reactions:read",
  "reactions:write", "files:read", "files:write", "emoji:read", "usergroups:read", "pins:read", "pins:write",
];
const BACK = "http://127.0.0.1:9/back";

export async function bridgeCalls({ urls, services }) {
  const control = api(urls.control);
  for (const platform of ["slack", "teams"]) await control("POST", "/limits", { platform, off: true });
  await slack(control, services.slack.url);
  await teams(control, services.graph.url, services.login.url);
}

async function slack(control, base) {
  const made = await control("POST", "/slack/workspaces", {
    name: "Direct",
    people: [
      { name: "Ann Lee", display_name: "ann", email: "ann@direct.example", admin: true },
      { name: "Bob Roy", display_name: "bob", email: "bob@direct.example" },
    ],
    channels: [{ name: "general" }, { name: "plans" }],
    usergroups: [{ name: "Ops", handle: "ops", members: ["bob"] }],
    emoji: { shipit: "https://emoji.example/shipit.png" },
  });
  const app = await control("POST", "/slack/apps", { name: "Direct", bot_scopes: SCOPES, redirect_urls: [BACK] });
  const asked = new URL(app.authorize_url);
  asked.searchParams.set("state", "s");
  const { redirect_to } = await control("POST", "/slack/consent", { authorize_url: asked.href, as: "ann", workspace: made.id });
  const code = new URL(redirect_to).searchParams.get("code");
  const granted = await api(`${base}/api`)("POST", "/oauth.v2.access", undefined, {
    form: { client_id: app.client_id, client_secret: app.client_secret, code },
  });
  const call = api(`${base}/api`, { authorization: `Bearer ${granted.access_token}` });
  // As forms, and as JSON: both are in use.
  const form = async (method, args = {}, ok = true) => {
    const answer = await call("POST", `/${method}`, undefined, { form: args });
    if (answer.ok !== ok) throw new Error(`${method}: ${JSON.stringify(answer)}`);
    return answer;
  };
  const json = (method, args) => call("POST", `/${method}`, args);
  const read = (method, args = {}) => call("GET", `/${method}?${new URLSearchParams(args)}`);
  const act = (who, what, more) => control("POST", "/slack/act", { workspace: made.id, as: who, do: what, ...more });
  const general = made.channels.find((it) => it.name === "general").id;
  const bob = made.people.find((it) => it.display_name === "bob").id;

  const me = await read("auth.test");
  await read("bots.info", { bot: me.bot_id });
  await read("team.info");
  await read("emoji.list");
  await read("users.list", { limit: 2 });
  await read("users.info", { user: bob });
  await read("users.lookupByEmail", { email: "bob@direct.example" });
  await read("users.profile.get", { user: bob });
  await read("users.getPresence", { user: bob });
  await read("usergroups.list", { include_users: true });
  await json("conversations.join", { channel: general });
  await read("conversations.list", { limit: 1, types: "public_channel,private_channel" });
  await read("users.conversations", { types: "public_channel" });
  await read("conversations.info", { channel: general, include_num_members: true });
  await read("conversations.members", { channel: general, limit: 1 });
  const room = (await json("conversations.create", { name: "launch" })).channel.id;
  await json("conversations.invite", { channel: room, users: bob });
  await json("conversations.setTopic", { channel: room, topic: "to the moon" });
  await json("conversations.setPurpose", { channel: room, purpose: "launching" });
  await json("conversations.rename", { channel: room, name: "launch-2" });
  await json("conversations.kick", { channel: room, user: bob });
  await json("conversations.archive", { channel: room });
  const direct = (await json("conversations.open", { users: bob })).channel.id;
  await json("chat.postMessage", { channel: direct, text: "psst" });
  await json("conversations.close", { channel: direct });

  const posted = await json("chat.postMessage", {
    channel: general,
    text: "hi *all*",
    username: "Bo",
    icon_url: "https://avatars.example/bo.png",
    metadata: { event_type: "delivery", event_payload: { id: "d-1" } },
    blocks: [{ type: "section", text: { type: "mrkdwn", text: "hi *all*" } }],
    unfurl_links: false,
  });
  const at = { channel: general, ts: posted.ts };
  await json("chat.update", { ...at, text: "hi again" });
  await read("chat.getPermalink", { channel: general, message_ts: posted.ts });
  await json("chat.postMessage", { channel: general, thread_ts: posted.ts, text: "reply" });
  await json("chat.postMessage", { channel: general, thread_ts: posted.ts, text: "loud", reply_broadcast: true });
  await json("chat.postEphemeral", { channel: general, user: bob, text: "only you" });
  await json("chat.meMessage", { channel: general, text: "waves" });
  const theirs = await act("bob", "post", { channel: "general", text: `see <@${bob}> :tada: https://x.example` });
  await json("reactions.add", { channel: general, timestamp: theirs.ts, name: "tada" });
  await act("ann", "react", { channel: "general", ts: theirs.ts, emoji: "tada" });
  await read("reactions.get", { channel: general, timestamp: theirs.ts });
  await read("reactions.list");
  await json("pins.add", { channel: general, timestamp: theirs.ts });
  await read("pins.list", { channel: general });
  await json("reactions.remove", { channel: general, timestamp: theirs.ts, name: "tada" });

  const bytes = new TextEncoder().encode("line one\n");
  const upload = await form("files.getUploadURLExternal", { filename: "a.txt", length: bytes.length });
  await api("")("POST", upload.upload_url, bytes);
  await json("files.completeUploadExternal", {
    files: [{ id: upload.file_id, title: "A" }],
    channel_id: general,
    initial_comment: "a file",
  });
  const file = await until("the file is shared", async () => {
    const { file } = await read("files.info", { file: upload.file_id });
    return file.shares.public && file;
  });
  const back = await call("GET", file.url_private, undefined, { raw: true });
  if ((await back.text()) !== "line one\n") throw new Error("the file came back changed");
  await act("bob", "upload", { channel: "general", files: [{ name: "b.png", random_bytes: 2000 }] });
  await read("files.list", { channel: general });
  await read("conversations.history", { channel: general, limit: 3, include_all_metadata: true });
  await read("conversations.history", { channel: general, limit: 100 });
  await read("conversations.replies", { channel: general, ts: posted.ts });
  await json("files.delete", { file: upload.file_id });
  await json("chat.delete", at);
  await json("conversations.mark", { channel: general, ts: theirs.ts });

  // Refusals have a shape too.
  await json("chat.postMessage", { channel: "C0000000000", text: "nowhere" });
  await json("chat.update", { channel: general, ts: theirs.ts, text: "not mine" });
  await json("chat.delete", { channel: general, ts: "1.000001" });
  await read("conversations.info", { channel: "C0000000000" });
  await read("users.info", { user: "U0000000000" });
  await json("reactions.add", { channel: general, timestamp: theirs.ts, name: "no-such-emoji" });
  await read("auth.revoke");
  await read("auth.test");

  const config = api(`${base}/api`, { authorization: `Bearer ${made.config_token.token}` });
  const manifest = JSON.stringify({ display_information: { name: "Made" }, settings: {} });
  await config("POST", "/apps.manifest.validate", undefined, { form: { manifest } });
  const born = await config("POST", "/apps.manifest.create", undefined, { form: { manifest } });
  await config("POST", "/apps.manifest.export", undefined, { form: { app_id: born.app_id } });
  await config("POST", "/apps.manifest.delete", undefined, { form: { app_id: born.app_id } });
}

async function teams(control, graph, login) {
  const made = await control("POST", "/teams/workspaces", {
    name: "Direct",
    people: [{ name: "Ann Lee", roles: ["Global Administrator"] }, { name: "Bob Roy" }, { name: "Cid Orr" }],
    teams: [{ name: "Projects", members: ["Ann Lee", "Bob Roy"], channels: ["Plans"] }],
  });
  const app = await control("POST", "/teams/apps", {
    name: "Direct",
    client_secret: "fake-secret",
    redirect_uris: [BACK],
    delegated: [
      "User.Read", "User.ReadBasic.All", "Team.ReadBasic.All", "Channel.ReadBasic.All", "Channel.Create",
      "ChannelSettings.ReadWrite.All", "ChannelMember.Read.All", "ChannelMessage.Send", "ChannelMessage.Read.All",
      "ChannelMessage.ReadWrite", "Chat.ReadWrite", "Chat.Create", "Files.ReadWrite.All", "TeamMember.ReadWrite.All",
      "Organization.Read.All", "User.Invite.All", "offline_access",
    ],
    application: ["ChannelMessage.Read.All", "Team.ReadBasic.All"],
  });
  const client = { client_id: app.client_id, client_secret: "fake-secret" };
  const token = (form) =>
    api(login)("POST", `/${made.id}/oauth2/v2.0/token`, undefined, { form: { ...client, ...form } });
  const asked = new URL(`${login}/${made.id}/oauth2/v2.0/authorize`);
  const scope = `${app.delegated.filter((it) => it.includes(".")).join(" ")} offline_access`;
  const ask = { client_id: app.client_id, response_type: "code", redirect_uri: BACK, scope, state: "s" };
  asked.search = new URLSearchParams(ask);
  const { redirect_to } = await control("POST", "/teams/consent", { authorize_url: asked.href, as: "Ann Lee" });
  const code = new URL(redirect_to).searchParams.get("code");
  const granted = await token({ grant_type: "authorization_code", code, redirect_uri: BACK, scope });
  const fresh = await token({ grant_type: "refresh_token", refresh_token: granted.refresh_token, scope });
  await api(login)("POST", `/${made.id}/oauth2/v2.0/token`, undefined, {
    form: { ...client, grant_type: "refresh_token", refresh_token: "fake" },
    expect: 400,
  });
  await token({ grant_type: "client_credentials", scope: "https://graph.microsoft.com/.default" });

  const call = api(`${graph}/v1.0`, { authorization: `Bearer ${fresh.access_token}` });
  const act = (who, what, more) => control("POST", "/teams/act", { workspace: made.id, as: who, do: what, ...more });
  const person = (name) => made.people.find((it) => it.name === name).id;
  const team = made.teams[0].id;
  const channel = made.channels.find((it) => it.name === "Plans").id;
  const member = (name, ...roles) => ({
    "@odata.type": "#microsoft.graph.aadUserConversationMember",
    roles,
    "user@odata.bind": `https://graph.microsoft.com/v1.0/users('${person(name)}')`,
  });

  await call("GET", "/me");
  await call("GET", "/organization");
  await call("GET", "/users?$top=2&$select=id,displayName,mail,userType,userPrincipalName");
  await call("GET", `/users/${person("Bob Roy")}`);
  await call("GET", "/users/00000000-0000-0000-0000-000000000000", undefined, { expect: 404 });
  await call("GET", `/users/${person("Bob Roy")}/photo/$value`, undefined, { raw: true });
  await call("GET", "/me/joinedTeams");
  await call("GET", `/teams/${team}`);
  await call("GET", `/teams/${team}/members`);
  const added = await call("POST", `/teams/${team}/members`, member("Cid Orr"));
  await call("DELETE", `/teams/${team}/members/${added.id}`);
  await call("GET", `/teams/${team}/channels`);
  const launch = await call("POST", `/teams/${team}/channels`, { displayName: "Launch", membershipType: "standard" });
  await call("POST", `/teams/${team}/channels`, {
    displayName: "Board",
    membershipType: "private",
    members: [member("Ann Lee", "owner")],
  });
  await call("PATCH", `/teams/${team}/channels/${launch.id}`, { description: "to the moon" });
  const place = `/teams/${team}/channels/${channel}`;
  await call("GET", place);
  await call("GET", `${place}/members`);

  const html = (content, more) => ({ body: { contentType: "html", content }, ...more });
  const sent = await call("POST", `${place}/messages`, html('look <at id="0">Bob Roy</at>', {
    subject: "News",
    importance: "high",
    mentions: [{
      id: 0,
      mentionText: "Bob Roy",
      mentioned: { user: { id: person("Bob Roy"), displayName: "Bob Roy", userIdentityType: "aadUser" } },
    }],
  }));
  const one = `${place}/messages/${sent.id}`;
  const reply = await call("POST", `${one}/replies`, html("<p>done</p>"));
  await call("POST", `${place}/messages`, html('<img src="../hostedContents/1/$value">', {
    hostedContents: [{ "@microsoft.graph.temporaryId": "1", contentBytes: "iVBORw0KGgo=", contentType: "image/png" }],
  }));
  await act("Bob Roy", "post", { channel, text: "theirs" });
  await act("Bob Roy", "react", { channel, message: sent.id, emoji: "🎉" });
  await act("Bob Roy", "upload", { channel, text: "look", files: [{ name: "b.bin", random_bytes: 2000 }] });
  await act("Bob Roy", "post", { channel, html: "<p>see</p>", images: [{ name: "i.png", mime: "image/png", random_bytes: 500 }] });
  await call("GET", one);
  await call("GET", `${one}/replies`);
  await call("GET", `${one}/replies/${reply.id}`);
  await call("PATCH", one, html("changed", { mentions: [] }));
  await call("PATCH", `${one}/replies/${reply.id}`, html("changed"));
  await call("POST", `${one}/setReaction`, { reactionType: "👍" });
  await call("POST", `${one}/unsetReaction`, { reactionType: "👍" });
  await call("POST", `${one}/replies/${reply.id}/setReaction`, { reactionType: "👍" });
  const page = await call("GET", `${place}/messages?$top=2&$expand=replies`);
  await call("GET", page["@odata.nextLink"]);
  await call("GET", `${place}/messages/delta`);
  const image = (await call("GET", `${place}/messages?$top=50`)).value.find((it) => it.body.content.includes("<img"));
  await call("GET", `${place}/messages/${image.id}/hostedContents`);
  await call("POST", `${one}/replies/${reply.id}/softDelete`);
  await call("POST", `${one}/softDelete`);
  await call("GET", one);
  await call("POST", `${one}/undoSoftDelete`);
  await call("GET", `${place}/messages/1`, undefined, { expect: 404 });

  const folder = await call("GET", `${place}/filesFolder`);
  const items = `/drives/${folder.parentReference.driveId}/items`;
  const small = await call("PUT", `${items}/${folder.id}:/notes.txt:/content`, new TextEncoder().encode("line one\n"));
  await call("GET", `${items}/${small.id}`);
  await call("GET", `${items}/${folder.id}/children`);
  await call("POST", `${items}/${small.id}/createLink`, { type: "view", scope: "organization" });
  const guid = small.eTag.match(/[0-9a-f-]{36}/i)[0];
  await call("POST", `${place}/messages`, html(`<attachment id="${guid}"></attachment>`, {
    attachments: [{ id: guid, contentType: "reference", contentUrl: small.webUrl, name: small.name }],
  }));

  const chat = await call("POST", "/chats", {
    chatType: "group",
    topic: "Lunch",
    members: ["Ann Lee", "Bob Roy", "Cid Orr"].map((name) => member(name, "owner")),
  });
  await call("POST", `/chats/${chat.id}/messages`, html("noon?"));
  await call("GET", `/chats/${chat.id}/messages`);
  await call("GET", `/chats/${chat.id}/members`);
  await call("GET", `/chats/${chat.id}`);
  await call("GET", "/me/chats");

  await call("GET", "/subscriptions");
  await call("POST", "/subscriptions", {
    changeType: "created,updated,deleted",
    notificationUrl: "http://127.0.0.1:9/hook",
    resource: `${place}/messages`,
    expirationDateTime: new Date(Date.now() + 3_000_000).toISOString(),
    clientState: "fake-state",
  }, { expect: 400 });
  await call("POST", `${place}/messages`, { body: {} }, { expect: 400 });
}
