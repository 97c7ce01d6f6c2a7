// A real Rialto on a folder of its own, connected to two emulated workspaces by way of the fronts.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { api, until } from "./json.mjs";
import { start } from "./processes.mjs";

export const OTHER = { slack: "teams", teams: "slack", webex: "zoom", zoom: "webex" };
const ADMIN = { slack: "Ana Silva", teams: "Ida Holm" };
const SERVICE_USER = "Rialto Service";
const email = (name) => `${name.toLowerCase().replace(" ", ".")}@acme.example`;

const ENGINEERS = ["Ana Silva", "Ben Okafor", "Megan Bowen"];
const SLACK = {
  name: "Acme Engineering",
  people: ENGINEERS.map((name) => ({ name, display_name: name, email: email(name), admin: name === ADMIN.slack })),
  channels: [
    { name: "general", members: ENGINEERS },
    { name: "planning", members: ENGINEERS },
    { name: "board", private: true, members: ENGINEERS },
  ],
};
const SALES = ["Ida Holm", "Megan Bowen", "Lee Gu"];
const TEAMS = {
  name: "Acme Sales",
  people: [...SALES, SERVICE_USER].map((name) => ({
    name,
    mail: email(name),
    roles: name === ADMIN.teams ? ["Global Administrator"] : [],
  })),
  teams: [{ name: "Projects", members: SALES, channels: ["Launch", "Roadmap"] }],
};

const SUPPORT = ["Wanda Novak", "Mark Roux", "Megan Bowen"];
const WEBEX = {
  name: "Acme Support",
  people: [...SUPPORT, SERVICE_USER].map((name) => ({ name, email: email(name) })),
  channels: [
    { name: "Launch", members: [...SUPPORT, SERVICE_USER] },
    { name: "Roadmap", members: [...SUPPORT, SERVICE_USER], public: true, description: "what comes next" },
  ],
};
const SUBSIDIARY = ["Zoe Park", "Omar Haddad", "Megan Bowen"];
const ZOOM = {
  name: "Acme Subsidiary",
  plan: "business",
  people: [SERVICE_USER, ...SUBSIDIARY].map((name) => ({ name, email: email(name), admin: name === SERVICE_USER })),
  channels: [
    { name: "launch", private: true, members: [SERVICE_USER, ...SUBSIDIARY] },
    { name: "planning", members: SUBSIDIARY },
  ],
  emoji: ["shipit"],
};

const WORKSPACES = { slack: SLACK, teams: TEAMS, webex: WEBEX, zoom: ZOOM };

/// No waiting between posts; sweeps within the run, but late enough that a lost answer is looked up before.
/// Without the canary: its nest would have a subscription and messages of its own.
const SETTINGS = {
  RIALTO_DELIVERIES_PACING: "false",
  RIALTO_SWEEPS_EVERY: "15s",
  RIALTO_SWEEPS_GRACE: "1s",
  RIALTO_CANARY_EVERY: "0s",
};

/// What the sandbox calls channels that Rialto lists by these names.
const places = ({ teams, ...others }) => (teams ? { ...others, teams: `Projects/${teams}` } : others);

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/// Workspaces, people in them, and a Rialto.
export class Company {
  connections = {};

  static async found({ urls, services, binary }, sides) {
    const company = new Company();
    Object.assign(company, { services, control: api(urls.control) });
    company.workspaces = {};
    for (const side of sides) {
      company.workspaces[side] = await company.control("POST", `/${side}/workspaces`, WORKSPACES[side]);
    }
    company.folder = await mkdtemp(path.join(os.tmpdir(), "rialto-prism-"));
    const listen = `127.0.0.1:${await freePort()}`;
    const url = `http://${listen}`;
    await start("Rialto", binary, ["serve"], {
      cwd: company.folder,
      env: { RIALTO_DATA_FOLDER: company.folder, RIALTO_LISTEN: listen, RIALTO_PUBLIC_URL: url, ...SETTINGS },
      ready: (line) => (line.includes("listening at") ? true : undefined),
    });
    const token = (await readFile(path.join(company.folder, "admin.token"), "utf8")).trim();
    company.admin = api(`${url}/api/v1`, { authorization: `Bearer ${token}` });
    return company;
  }

  /// Registers an application with Slack, whose tokens rotate, and authorizes it.
  async connectSlack() {
    const { slack } = this.services;
    const values = { api_url: `${slack.url}/api/`, authorize_url: `${slack.url}/oauth/v2/authorize` };
    const { id } = await this.admin("POST", "/apps", { platform: "slack", values });
    const manifest = JSON.parse((await this.admin("GET", `/apps/${id}/manifest`)).manifest);
    manifest.settings.token_rotation_enabled = true;
    const { client_id, client_secret, signing_secret } = await this.control("POST", "/slack/apps", { manifest });
    await this.admin("PATCH", `/apps/${id}`, { values: { client_id, client_secret, signing_secret } });
    this.connections.slack = await this.authorize("slack", id, ADMIN.slack);
  }

  /// Connects a workspace by the bot token that Slack shows its admin.
  async adoptSlack() {
    const { slack } = this.services;
    const { id: workspace } = await this.control("POST", "/slack/workspaces", { ...SLACK, name: "Acme Research" });
    const values = { api_url: `${slack.url}/api/`, authorize_url: `${slack.url}/oauth/v2/authorize` };
    const { id } = await this.admin("POST", "/apps", { platform: "slack", values });
    const manifest = JSON.parse((await this.admin("GET", `/apps/${id}/manifest`)).manifest);
    const made = await this.control("POST", "/slack/apps", { manifest, install: [workspace] });
    const { client_id, client_secret, signing_secret } = made;
    await this.admin("PATCH", `/apps/${id}`, { values: { client_id, client_secret, signing_secret } });
    const token = JSON.stringify(made).match(/xoxb-[\w-]+/)[0];
    await this.admin("POST", `/apps/${id}/tokens`, { token });
  }

  /// Registers an application with Entra, consents for the tenant, and signs the service user in.
  async connectTeams() {
    const { graph, login } = this.services;
    const tenant = this.workspaces.teams.id;
    const values = { tenant, graph_url: `${graph.url}/v1.0/`, login_url: `${login.url}/` };
    const app = await this.admin("POST", "/apps", { platform: "teams", values });
    const { client_id, client_secret } = await this.control("POST", "/teams/apps", {
      name: "Rialto",
      redirect_uris: [app.redirect_url],
      delegated: [
        "User.Read", "User.ReadBasic.All", "ChannelMessage.Send", "ChannelMessage.Read.All", "ChannelMessage.ReadWrite",
        "Channel.ReadBasic.All", "Channel.Create", "ChannelMember.Read.All", "Team.ReadBasic.All",
        "TeamMember.ReadWrite.All", "Files.ReadWrite.All", "openid", "profile", "offline_access",
      ],
      application: [
        "Team.ReadBasic.All", "Channel.ReadBasic.All", "ChannelMember.ReadWrite.All",
        "TeamMember.ReadWriteNonOwnerRole.All", "User.Read.All", "ChannelMessage.Read.All",
      ],
    });
    await this.admin("PATCH", `/apps/${app.id}`, { values: { client_id, client_secret } });
    const consent = new URL(`${login.url}/${tenant}/adminconsent`);
    consent.search = new URLSearchParams({ client_id, redirect_uri: app.redirect_url });
    await this.control("POST", "/teams/consent", { authorize_url: consent.href, as: ADMIN.teams, approve: true });
    this.connections.teams = await this.authorize("teams", app.id, SERVICE_USER);
  }

  /// What Rialto says that its application needs on a platform, of one kind.
  async needed(platform, kind) {
    const all = await this.admin("GET", "/platforms");
    const { permissions } = all.find((it) => it.id === platform);
    return permissions.filter((it) => it.kind === kind).map((it) => it.name);
  }

  /// Registers an integration with Webex, and signs the service user in.
  async connectWebex() {
    const values = { api_url: `${this.services.webex.url}/v1/` };
    const app = await this.admin("POST", "/apps", { platform: "webex", values });
    const scopes = await this.needed("webex", "scope");
    const redirect_urls = [app.redirect_url];
    const made = await this.control("POST", "/webex/apps", { name: "Rialto", kind: "integration", redirect_urls, scopes });
    const { client_id, client_secret } = made;
    await this.admin("PATCH", `/apps/${app.id}`, { values: { client_id, client_secret } });
    this.connections.webex = await this.authorize("webex", app.id, SERVICE_USER);
  }

  /// Registers an app for the whole account with Zoom, has its address validated, and signs the service user in.
  async connectZoom() {
    const { url } = this.services.zoom;
    const values = { api_url: `${url}/v2/`, file_url: `${url}/v2/`, login_url: `${url}/` };
    const app = await this.admin("POST", "/apps", { platform: "zoom", values });
    const made = await this.control("POST", "/zoom/apps", {
      name: "Rialto",
      kind: "account",
      redirect_urls: [app.redirect_url],
      scopes: (await this.needed("zoom", "scope")).map((name) => `${name.replace(/:admin$/, "")}:admin`),
      events: await this.needed("zoom", "event"),
    });
    const { client_id, client_secret, secret_token } = made;
    await this.admin("PATCH", `/apps/${app.id}`, { values: { client_id, client_secret, secret_token } });
    await this.control("PATCH", `/zoom/apps/${made.id}`, { event_url: app.webhook_url });
    this.connections.zoom = await this.authorize("zoom", app.id, SERVICE_USER);
  }

  /// Sends somebody through the vendor's page; gives the connection that comes of it.
  async authorize(platform, app, as) {
    const { url, state } = await this.admin("POST", `/apps/${app}/authorizations`, {});
    const consent = { authorize_url: url, as, approve: true, workspace: this.workspaces[platform].id };
    const { redirect_to } = await this.control("POST", `/${platform}/consent`, consent);
    await fetch(redirect_to);
    const { connected, problem } = await this.admin("GET", `/authorizations/${state}`);
    if (!connected) throw new Error(`${platform} is not connected: ${problem}`);
    return connected.connection.id;
  }

  /// A conversation, found by its name in the list that an admin chooses from.
  async endpoint(platform, name) {
    const connection = this.connections[platform];
    const all = await this.admin("GET", `/connections/${connection}/conversations`);
    const found = all.find((it) => it.name === name);
    if (!found) throw new Error(`no ${name} among ${JSON.stringify(all)}`);
    return { connection, conversation: found.id };
  }

  /// *Connect*: channels that exist, by side.
  async connect(channels) {
    const endpoints = await Promise.all(Object.entries(channels).map(([side, name]) => this.endpoint(side, name)));
    const { id } = await this.admin("POST", "/channel-syncs/connect", { endpoints });
    return { id, ...places(channels) };
  }

  /// *Add*: a channel gets its counterpart on the other side.
  async add(from, name, members) {
    const to = OTHER[from];
    const target = { connection: this.connections[to], members: members.map(email) };
    if (to === "teams") {
      const parents = await this.admin("GET", `/connections/${target.connection}/parents`);
      target.parent = parents.find((it) => it.name === "Projects").id;
    }
    const source = await this.endpoint(from, name);
    const { conversation, channel_sync } = await this.admin("POST", "/channel-syncs/add", { source, target });
    return { id: channel_sync.id, ...places({ [from]: name, [to]: conversation }) };
  }

  /// The id of a person where they chat.
  account(platform, name) {
    return this.workspaces[platform].people.find((it) => it.name === name).id;
  }

  /// A person does something in a channel.
  act(platform, sync, as, what, more) {
    const workspace = this.workspaces[platform].id;
    return this.control("POST", `/${platform}/act`, { workspace, as, do: what, channel: sync[platform], ...more });
  }

  /// What a channel shows.
  async shown(platform, sync) {
    const query = new URLSearchParams({ workspace: this.workspaces[platform].id, channel: sync[platform] });
    return (await this.control("GET", `/${platform}/view?${query}`)).messages;
  }

  /// Waits until a channel shows what `look` finds, and gives that; fails with what it shows instead.
  async shows(platform, sync, what, look) {
    let last = [];
    const see = async () => look((last = await this.shown(platform, sync)));
    try {
      return await until(`${platform} shows ${what}`, see);
    } catch (error) {
      const lines = last.slice(-6).map(({ text, deleted }) => `${deleted ? "(deleted) " : ""}${text.slice(0, 80)}`);
      throw new Error(`${error.message}; it shows\n${lines.join("\n")}`);
    }
  }

  /// Waits for a text on a side, and gives its message.
  arrives(platform, sync, text) {
    return this.shows(platform, sync, `“${text}”`, (all) => all.find((it) => !it.deleted && it.text.includes(text)));
  }

  /// Makes one call, or one webhook, go wrong.
  fault(platform, method, kind, target = "api") {
    return this.control("POST", "/faults", { platform, target, method, kind, times: 1 });
  }

  /// Which faults have not struck yet.
  async faultsLeft() {
    const faults = await this.control("GET", "/faults");
    return (faults.faults ?? faults).filter((it) => it.struck === 0);
  }

  leave() {
    return rm(this.folder, { recursive: true, force: true });
  }
}
