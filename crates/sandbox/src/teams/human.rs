//! The human side: people who post, edit, react, upload, join and rename, as their Teams client would.

use serde::Deserialize;
use serde_json::{Value, json};

use super::compose::draft;
use super::conversation::Place;
use super::drive::{Conflict, File};
use super::error::GraphError;
use super::membership::{Notice, Within};
use super::tenant::{NewChannel, NewUser, member};
use super::world::{ChannelKind, Members, Tenant, World};
use super::{Teams, graph};
use crate::core::ControlError;
use crate::core::files::GivenFile;

/// `POST /teams/act`.
#[derive(Deserialize)]
pub(crate) struct Act {
    workspace: String,
    #[serde(rename = "as")]
    by: String,
    #[serde(rename = "do")]
    what: String,
    /// Channel or chat: an id, a name, or `Team/Channel`.
    channel: Option<String>,
    team: Option<String>,
    /// The message that is meant; the root for a reply.
    #[serde(alias = "thread", alias = "id")]
    message: Option<Value>,
    html: Option<String>,
    text: Option<String>,
    subject: Option<String>,
    importance: Option<String>,
    mentions: Option<Value>,
    attachments: Option<Value>,
    /// Inline images: the body refers to the nth as `../hostedContents/{n}/$value`.
    images: Option<Vec<GivenFile>>,
    files: Option<Vec<GivenFile>>,
    emoji: Option<String>,
    /// Who is invited, removed, or in the new chat.
    people: Option<Vec<String>>,
    person: Option<String>,
    name: Option<String>,
    topic: Option<String>,
    kind: Option<String>,
}

type Done = Result<Value, ControlError>;

fn invalid(text: impl Into<String>) -> ControlError {
    ControlError::Invalid(text.into())
}

fn refused(error: GraphError) -> ControlError {
    match error.status {
        404 => ControlError::NotFound(error.message),
        400 => ControlError::Invalid(error.message),
        _ => ControlError::Refused(format!("{}: {}", error.code, error.message)),
    }
}

/// The channel or chat that a person means.
pub(crate) fn place(
    tenant: &Tenant,
    team: Option<&str>,
    name: &str,
) -> Result<Place, ControlError> {
    if let Some(channel) = tenant.channels.get(name) {
        return Ok(Place::Channel { team: channel.team.clone(), channel: channel.id.clone() });
    }
    if tenant.chats.contains_key(name) {
        return Ok(Place::Chat { chat: name.to_owned() });
    }
    let (team, name) = match name.split_once('/') {
        Some((team, name)) if team_named(tenant, team).is_some() => (Some(team), name),
        _ => (team, name),
    };
    let name = name.trim_start_matches('#');
    let team = match team {
        Some(team) => Some(
            team_named(tenant, team)
                .ok_or_else(|| ControlError::NotFound(format!("no team {team}")))?,
        ),
        None => None,
    };
    tenant
        .teams
        .values()
        .filter(|t| team.as_ref().is_none_or(|wanted| *wanted == t.id))
        .flat_map(|t| &t.channels)
        .filter_map(|id| tenant.channels.get(id))
        .find(|c| c.name.eq_ignore_ascii_case(name))
        .map(|c| Place::Channel { team: c.team.clone(), channel: c.id.clone() })
        .or_else(|| {
            let chat = tenant.chats.values().find(|c| c.topic.as_deref() == Some(name))?;
            Some(Place::Chat { chat: chat.id.clone() })
        })
        .ok_or_else(|| ControlError::NotFound(format!("no channel or chat {name}")))
}

pub(crate) fn team_named(tenant: &Tenant, name: &str) -> Option<String> {
    let found = tenant
        .teams
        .get(name)
        .or_else(|| tenant.teams.values().find(|t| t.name.eq_ignore_ascii_case(name)));
    found.map(|t| t.id.clone())
}

struct Actor {
    tenant: String,
    id: String,
    locale: String,
}

impl Act {
    fn tenant<'a>(&self, world: &'a World) -> Result<&'a Tenant, ControlError> {
        world
            .tenant_named(&self.workspace)
            .ok_or_else(|| ControlError::NotFound(format!("no workspace {}", self.workspace)))
    }

    fn actor(&self, world: &World) -> Result<Actor, ControlError> {
        let tenant = self.tenant(world)?;
        let user = tenant
            .person(&self.by)
            .ok_or_else(|| ControlError::NotFound(format!("no person {}", self.by)))?;
        Ok(Actor { tenant: tenant.id.clone(), id: user.id.clone(), locale: user.locale.clone() })
    }

    fn place(&self, world: &World) -> Result<Place, ControlError> {
        let channel = self.channel.as_deref().ok_or_else(|| invalid("\"channel\" is missing"))?;
        place(self.tenant(world)?, self.team.as_deref(), channel)
    }

    fn message(&self) -> Result<u64, ControlError> {
        let id = match &self.message {
            Some(Value::String(text)) => text.parse().ok(),
            Some(Value::Number(number)) => number.as_u64(),
            _ => None,
        };
        id.ok_or_else(|| invalid("\"message\" (an id) is missing"))
    }

    fn people(&self, world: &World) -> Result<Vec<String>, ControlError> {
        let tenant = self.tenant(world)?;
        let names = self.people.iter().flatten().chain(&self.person);
        names
            .map(|name| {
                let user = tenant
                    .person(name)
                    .ok_or_else(|| ControlError::NotFound(format!("no person {name}")))?;
                Ok(user.id.clone())
            })
            .collect()
    }
}

impl Teams {
    /// Carries out what a person does.
    pub(crate) async fn person_acts(&self, act: Act) -> Done {
        match act.what.as_str() {
            "post" | "reply" | "upload" => self.says(&act).await,
            "edit" => self.edits(&act).await,
            "delete" | "undelete" => self.deletes(&act),
            "react" | "unreact" => self.reacts(&act),
            "join" | "leave" | "invite" | "remove" => self.comes_and_goes(&act),
            "topic" | "rename" | "archive" | "unarchive" | "delete_channel" => self.changes(&act),
            "create_channel" | "create_team" | "create_chat" => self.creates(&act),
            "deactivate" | "activate" | "rename_person" | "add_person" => self.accounts(&act),
            other => Err(invalid(format!("unknown act {other}"))),
        }
    }

    /// The message as the client would post it: files uploaded and referred to, images inline, mentions numbered.
    async fn compose(
        &self,
        act: &Act,
        actor: &Actor,
        place: &Place,
    ) -> Result<Value, ControlError> {
        let mut html = match (&act.html, &act.text) {
            (Some(html), _) => html.clone(),
            (None, Some(text)) => {
                let mut out = String::new();
                super::markup::escape(text, &mut out);
                format!("<p>{}</p>", out.replace('\n', "<br>"))
            }
            (None, None) => String::new(),
        };
        let mut attachments = match &act.attachments {
            Some(Value::Array(given)) => given.clone(),
            _ => Vec::new(),
        };
        for file in act.files.iter().flatten() {
            let (id, url, name) = self.upload(actor, place, file).await?;
            html.push_str(&format!("<attachment id=\"{id}\"></attachment>"));
            attachments.push(
                json!({"id": id, "contentType": "reference", "contentUrl": url, "name": name}),
            );
        }
        let mut hosted = Vec::new();
        for (n, image) in act.images.iter().flatten().enumerate() {
            let content = self.core.files.given(image).await.map_err(invalid)?;
            let body = content.body(0).await.map_err(|e| invalid(e.to_string()))?;
            let bytes = axum::body::to_bytes(body, 16 * 1024 * 1024)
                .await
                .map_err(|e| invalid(e.to_string()))?;
            let temporary = format!("../hostedContents/{}/$value", n + 1);
            if !html.contains(&temporary) {
                html.push_str(&format!(
                    "<p><img src=\"{temporary}\" alt=\"{}\" width=\"250\" height=\"250\"></p>",
                    image.name.replace(['"', '<', '>'], "")
                ));
            }
            use base64::Engine;
            hosted.push(json!({
                "@microsoft.graph.temporaryId": (n + 1).to_string(),
                "contentBytes": base64::engine::general_purpose::STANDARD.encode(bytes),
                "contentType": image.mime,
            }));
        }
        let mentions = {
            let world = self.world();
            mentions(act.tenant(&world)?, place, act.mentions.as_ref(), &mut html)?
        };
        Ok(json!({
            "subject": act.subject, "importance": act.importance.as_deref().unwrap_or("normal"),
            "body": {"contentType": "html", "content": html},
            "attachments": attachments, "mentions": mentions, "hostedContents": hosted,
        }))
    }

    /// Puts a file where Teams puts it: the channel's folder, or the person's OneDrive, shared with the chat.
    async fn upload(
        &self,
        actor: &Actor,
        place: &Place,
        file: &GivenFile,
    ) -> Result<(String, String, String), ControlError> {
        let content = self.core.files.given(file).await.map_err(invalid)?;
        let now = self.core.clock.now();
        let mut world = self.world();
        let tenant =
            world.tenants.get(&actor.tenant).ok_or_else(|| invalid("the workspace is gone"))?;
        let (drive, folder) = match place {
            Place::Channel { channel, .. } => {
                let channel =
                    tenant.channels.get(channel).ok_or_else(|| invalid("the channel is gone"))?;
                (channel.drive.clone(), Some(channel.folder.clone()))
            }
            Place::Chat { .. } => {
                (tenant.users.get(&actor.id).map(|u| u.drive.clone()).unwrap_or_default(), None)
            }
        };
        let people: Vec<String> =
            tenant.members_of(place).map(|m| m.keys().cloned().collect()).unwrap_or_default();
        let no_drive = || ControlError::Refused("this person has no OneDrive".to_owned());
        let folder = match folder {
            Some(folder) => folder,
            None => {
                let root = world.drives.get(&drive).ok_or_else(no_drive)?.root.clone();
                let made = world.put_item(
                    &drive,
                    &root,
                    "Microsoft Teams Chat Files",
                    None,
                    Conflict::Replace,
                    None,
                    now,
                );
                made.map_err(|_| no_drive())?.0
            }
        };
        let mime = match file.mime.as_str() {
            "application/octet-stream" => graph::mime_of(&file.name).to_owned(),
            given => given.to_owned(),
        };
        let stored = File { mime, content };
        let (id, _) = world
            .put_item(
                &drive,
                &folder,
                &file.name,
                Some(stored),
                Conflict::Rename,
                Some(&actor.id),
                now,
            )
            .map_err(|_| invalid("the file could not be stored"))?;
        let permission = super::drive::Permission {
            id: world.guid(),
            role: "read",
            scope: "users".to_owned(),
            url: String::new(),
            people,
        };
        let drive = world.drives.get_mut(&drive).ok_or_else(no_drive)?;
        if let (Place::Chat { .. }, Some(item)) = (place, drive.items.get_mut(&id)) {
            item.permissions.push(permission);
        }
        let item = drive.items.get(&id).ok_or_else(no_drive)?;
        Ok((item.guid.clone(), drive.web_url(item), item.name.clone()))
    }

    async fn says(&self, act: &Act) -> Done {
        let (actor, place) = {
            let world = self.world();
            (act.actor(&world)?, act.place(&world)?)
        };
        let root =
            if act.what == "reply" || act.message.is_some() { Some(act.message()?) } else { None };
        let posted = self.compose(act, &actor, &place).await?;
        let now = self.core.clock.now();
        let mut world = self.world();
        let tenant = act.tenant(&world)?;
        tenant.require_member(&place, Some(&actor.id)).map_err(refused)?;
        if let Some(root) = root {
            graph::find(tenant, &place, None, root).map_err(refused)?;
        }
        let draft = draft(&world, tenant, &place, &posted).map_err(refused)?;
        let base = format!("{}/v1.0", self.urls.graph);
        let id = self
            .publish(
                &mut world,
                &actor.tenant,
                &place,
                root,
                &actor.id,
                &actor.locale,
                draft,
                &base,
                now,
            )
            .map_err(refused)?;
        let mut done = place_json(&place);
        done["id"] = json!(id.to_string());
        done["thread"] = json!(root.map(|r| r.to_string()));
        Ok(done)
    }

    /// The message in this place, whether it is a root or a reply.
    fn meant(
        world: &World,
        actor: &Actor,
        place: &Place,
        id: u64,
    ) -> Result<Option<u64>, ControlError> {
        world
            .tenants
            .get(&actor.tenant)
            .and_then(|t| t.conversations.get(place.id()))
            .and_then(|c| c.messages.get(&id))
            .map(|m| m.reply_to)
            .ok_or_else(|| ControlError::NotFound(format!("no message {id}")))
    }

    fn require_author(
        world: &World,
        actor: &Actor,
        place: &Place,
        id: u64,
    ) -> Result<(), ControlError> {
        let root = Self::meant(world, actor, place, id)?;
        let tenant =
            world.tenants.get(&actor.tenant).ok_or_else(|| invalid("the workspace is gone"))?;
        let message = graph::find(tenant, place, root, id).map_err(refused)?;
        if message.author.as_ref() == Some(&actor.id) {
            Ok(())
        } else {
            Err(ControlError::Refused("only the author may change a message".to_owned()))
        }
    }

    async fn edits(&self, act: &Act) -> Done {
        let id = act.message()?;
        let (actor, place) = {
            let world = self.world();
            let (actor, place) = (act.actor(&world)?, act.place(&world)?);
            Self::require_author(&world, &actor, &place, id)?;
            (actor, place)
        };
        let mut posted = self.compose(act, &actor, &place).await?;
        let now = self.core.clock.now();
        let base = format!("{}/v1.0", self.urls.graph);
        let mut world = self.world();
        let tenant = act.tenant(&world)?;
        let root = Self::meant(&world, &actor, &place, id)?;
        let message = graph::find(tenant, &place, root, id).map_err(refused)?;
        keep_files(act, &message.draft, &mut posted);
        let mut new = draft(&world, tenant, &place, &posted).map_err(refused)?;
        self.rewrite(&mut world, &actor.tenant, &place, id, &base, &mut new, now);
        Ok(json!({"id": id.to_string()}))
    }

    fn deletes(&self, act: &Act) -> Done {
        let id = act.message()?;
        let mut world = self.world();
        let (actor, place) = (act.actor(&world)?, act.place(&world)?);
        let owner = match &place {
            Place::Channel { team, .. } => {
                act.tenant(&world)?.require_owner(team, Some(&actor.id)).is_ok()
            }
            Place::Chat { .. } => false,
        };
        if !owner {
            Self::require_author(&world, &actor, &place, id)?;
        }
        Self::meant(&world, &actor, &place, id)?;
        let now = self.core.clock.now();
        self.mark_deleted(&mut world, &actor.tenant, &place, id, act.what == "delete", now);
        Ok(json!({"id": id.to_string()}))
    }

    fn reacts(&self, act: &Act) -> Done {
        let id = act.message()?;
        let emoji = act.emoji.as_deref().ok_or_else(|| invalid("\"emoji\" is missing"))?;
        let mut world = self.world();
        let (actor, place) = (act.actor(&world)?, act.place(&world)?);
        act.tenant(&world)?.require_member(&place, Some(&actor.id)).map_err(refused)?;
        Self::meant(&world, &actor, &place, id)?;
        let now = self.core.clock.now();
        self.set_reaction(
            &mut world,
            &actor.tenant,
            &place,
            id,
            &actor.id,
            emoji,
            act.what == "react",
            now,
        );
        Ok(json!({"id": id.to_string()}))
    }

    /// Into and out of a team, or, when the channel has members of its own or is a chat, of that.
    fn comes_and_goes(&self, act: &Act) -> Done {
        let mut world = self.world();
        let actor = act.actor(&world)?;
        let tenant = act.tenant(&world)?;
        let within = match (&act.channel, &act.team) {
            (Some(_), _) => match act.place(&world)? {
                Place::Chat { chat } => Within::Chat(chat),
                Place::Channel { team, channel } => {
                    match tenant.channels.get(&channel).map(|c| c.kind) {
                        Some(ChannelKind::Private | ChannelKind::Shared) => {
                            Within::Channel(channel)
                        }
                        _ => Within::Team(team),
                    }
                }
            },
            (None, Some(team)) => Within::Team(
                team_named(tenant, team)
                    .ok_or_else(|| ControlError::NotFound(format!("no team {team}")))?,
            ),
            (None, None) => return Err(invalid("\"team\" or \"channel\" is missing")),
        };
        let now = self.core.clock.now();
        let people = match act.what.as_str() {
            "join" | "leave" => vec![actor.id.clone()],
            _ => act.people(&world)?,
        };
        if people.is_empty() {
            return Err(invalid("\"people\" is missing"));
        }
        if matches!(act.what.as_str(), "join" | "invite") {
            let new: Vec<(String, bool)> = people.into_iter().map(|p| (p, false)).collect();
            let added =
                self.add_members(&mut world, &actor.tenant, &within, &new, Some(&actor.id), now);
            return Ok(json!({"added": added}));
        }
        let mut gone = Vec::new();
        for person in people {
            if self.remove_member(&mut world, &actor.tenant, &within, &person, Some(&actor.id), now)
            {
                gone.push(person);
            }
        }
        Ok(json!({"removed": gone}))
    }

    fn changes(&self, act: &Act) -> Done {
        let now = self.core.clock.now();
        let mut world = self.world();
        let (actor, place) = (act.actor(&world)?, act.place(&world)?);
        let topic = act.topic.clone().or_else(|| act.text.clone());
        match (&place, act.what.as_str()) {
            (Place::Channel { channel, .. }, "rename") => {
                let name = act.name.clone().ok_or_else(|| invalid("\"name\" is missing"))?;
                self.retitle_channel(
                    &mut world,
                    &actor.tenant,
                    channel,
                    Some(name),
                    None,
                    Some(&actor.id),
                    now,
                );
            }
            (Place::Channel { channel, .. }, "topic") => {
                let topic = topic.ok_or_else(|| invalid("\"topic\" is missing"))?;
                self.retitle_channel(
                    &mut world,
                    &actor.tenant,
                    channel,
                    None,
                    Some(topic),
                    Some(&actor.id),
                    now,
                );
            }
            (Place::Channel { channel, .. }, "archive" | "unarchive") => {
                if let Some(channel) =
                    world.tenants.get_mut(&actor.tenant).and_then(|t| t.channels.get_mut(channel))
                {
                    channel.archived = act.what == "archive";
                }
            }
            (Place::Channel { channel, .. }, _) => {
                self.delete_channel(&mut world, &actor.tenant, channel);
            }
            (Place::Chat { chat }, "rename" | "topic") => {
                if let Some(chat) =
                    world.tenants.get_mut(&actor.tenant).and_then(|t| t.chats.get_mut(chat))
                {
                    chat.topic = act.name.clone().or(topic);
                }
                self.announce(
                    &mut world,
                    &actor.tenant,
                    &place,
                    Some(&actor.id),
                    &Notice::ChatRenamed,
                    now,
                );
            }
            (Place::Chat { .. }, what) => return Err(invalid(format!("a chat cannot be: {what}"))),
        }
        Ok(place_json(&place))
    }

    fn creates(&self, act: &Act) -> Done {
        let now = self.core.clock.now();
        let mut world = self.world();
        let actor = act.actor(&world)?;
        let people = act.people(&world)?;
        let mut members: Members = people.into_iter().map(|p| (p, member(false))).collect();
        members.insert(actor.id.clone(), member(true));
        let name = act.name.clone().or_else(|| act.topic.clone());
        let missing = || invalid("\"name\" is missing");
        match act.what.as_str() {
            "create_chat" => {
                let one_on_one = name.is_none() && members.len() == 2;
                let id = world.add_chat(&actor.tenant, one_on_one, name, members, now);
                Ok(json!({"chat": id.ok_or_else(|| invalid("a chat needs two people"))?}))
            }
            "create_team" => {
                let id = world.add_team(
                    &actor.tenant,
                    None,
                    &name.ok_or_else(missing)?,
                    None,
                    false,
                    members,
                    now,
                );
                Ok(json!({"team": id}))
            }
            _ => {
                let team = act.team.as_deref().ok_or_else(|| invalid("\"team\" is missing"))?;
                let team = team_named(act.tenant(&world)?, team)
                    .ok_or_else(|| ControlError::NotFound(format!("no team {team}")))?;
                let kind = act.kind.as_deref().unwrap_or("standard");
                let kind = ChannelKind::parse(kind)
                    .ok_or_else(|| invalid(format!("unknown kind {kind}")))?;
                let members = if kind == ChannelKind::Standard { Members::new() } else { members };
                let name = name.ok_or_else(missing)?;
                let new = NewChannel {
                    id: None,
                    name: &name,
                    description: act.topic.clone(),
                    kind,
                    members,
                };
                let id = world
                    .add_channel(&actor.tenant, &team, new, now)
                    .ok_or_else(|| invalid("no such team"))?;
                let place = Place::Channel { team, channel: id };
                self.announce(
                    &mut world,
                    &actor.tenant,
                    &place,
                    Some(&actor.id),
                    &Notice::ChannelAdded,
                    now,
                );
                Ok(place_json(&place))
            }
        }
    }

    fn accounts(&self, act: &Act) -> Done {
        let now = self.core.clock.now();
        let mut world = self.world();
        let actor = act.actor(&world)?;
        if act.what == "add_person" {
            let name = act.name.clone().ok_or_else(|| invalid("\"name\" is missing"))?;
            let guest = act.kind.as_deref() == Some("guest");
            let new = NewUser { name, mail: act.person.clone(), guest, ..NewUser::default() };
            let id = world.add_user(&actor.tenant, new, now).map_err(ControlError::Refused)?;
            return Ok(json!({"id": id}));
        }
        let people = act.people(&world)?;
        let whom = people.first().cloned().unwrap_or(actor.id);
        let enabled = act.what != "deactivate";
        if !enabled {
            world.sign_ins.revoke(&whom, now);
        }
        if let Some(user) =
            world.tenants.get_mut(&actor.tenant).and_then(|t| t.users.get_mut(&whom))
        {
            match (act.what.as_str(), &act.name) {
                ("rename_person", Some(name)) => user.name.clone_from(name),
                _ => user.enabled = enabled,
            }
        }
        Ok(json!({"id": whom}))
    }
}

/// An edit without files of its own keeps those of the message.
fn keep_files(act: &Act, old: &super::conversation::Draft, posted: &mut Value) {
    if act.files.is_some() || act.attachments.is_some() {
        return;
    }
    let Some(html) = posted["body"]["content"].as_str().map(str::to_owned) else { return };
    let mut html = html;
    for attachment in &old.attachments {
        let id = attachment["id"].as_str().unwrap_or("");
        let tag = format!("<attachment id=\"{id}\"></attachment>");
        if !html.contains(&tag) {
            html.push_str(&tag);
        }
    }
    posted["body"]["content"] = json!(html);
    posted["attachments"] = json!(old.attachments);
    if act.subject.is_none() {
        posted["subject"] = json!(old.subject);
    }
}

/// Mentions as people give them: names or addresses (then `@{name}` in the HTML becomes a tag), or Graph's own objects.
fn mentions(
    tenant: &Tenant,
    place: &Place,
    given: Option<&Value>,
    html: &mut String,
) -> Result<Vec<Value>, ControlError> {
    let mut out = Vec::new();
    for (n, one) in given.and_then(Value::as_array).into_iter().flatten().enumerate() {
        let Some(name) = one.as_str() else {
            out.push(one.clone());
            continue;
        };
        let (shown, mentioned) = match (name, place) {
            ("channel", Place::Channel { channel, .. }) => {
                let shown = tenant.channels.get(channel).map_or("", |c| c.name.as_str());
                (
                    shown.to_owned(),
                    json!({"conversation": {"id": channel, "conversationIdentityType": "channel"}}),
                )
            }
            ("team", Place::Channel { team, .. }) => {
                let shown = tenant.teams.get(team).map_or("", |t| t.name.as_str());
                (
                    shown.to_owned(),
                    json!({"conversation": {"id": team, "conversationIdentityType": "team"}}),
                )
            }
            (name, _) => {
                let user = tenant
                    .person(name)
                    .ok_or_else(|| ControlError::NotFound(format!("no person {name}")))?;
                (user.name.clone(), json!({"user": {"id": user.id}}))
            }
        };
        let tag =
            format!("<at id=\"{n}\">{}</at>", shown.replace('&', "&amp;").replace('<', "&lt;"));
        let marker = [format!("@{name}"), format!("@{shown}")]
            .into_iter()
            .find(|m| html.contains(m.as_str()));
        match marker {
            Some(marker) => *html = html.replacen(&marker, &tag, 1),
            None if html.contains(&format!("<at id=\"{n}\"")) => {}
            None => html.insert_str(0, &format!("{tag}&nbsp;")),
        }
        out.push(json!({"id": n, "mentionText": shown, "mentioned": mentioned}));
    }
    Ok(out)
}

pub(crate) fn place_json(place: &Place) -> Value {
    match place {
        Place::Channel { team, channel } => json!({"team": team, "channel": channel}),
        Place::Chat { chat } => json!({"chat": chat, "channel": chat}),
    }
}
