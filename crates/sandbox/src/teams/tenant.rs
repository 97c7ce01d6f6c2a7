//! Making tenants, people, teams, channels and chats; used by control and by Graph alike.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::conversation::{Conversation, Place};
use super::drive::{Conflict, Owner, encode};
use super::world::{Channel, ChannelKind, Chat, Member, Members, Team, Tenant, User, World};

/// What is given to make a person.
#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    pub id: Option<String>,
    pub name: String,
    pub mail: Option<String>,
    pub upn: Option<String>,
    #[serde(default)]
    pub guest: bool,
    /// Whether the account has a sign-in of its own; members do, invited guests do not unless told.
    pub can_sign_in: Option<bool>,
    #[serde(default)]
    pub roles: BTreeSet<String>,
    pub title: Option<String>,
    pub locale: Option<String>,
    /// `false`: the account has no photo.
    pub photo: Option<bool>,
}

/// What is given to make a channel.
pub(crate) struct NewChannel<'a> {
    pub id: Option<String>,
    pub name: &'a str,
    pub description: Option<String>,
    pub kind: ChannelKind,
    pub members: Members,
}

/// A new member who sees all history.
pub(crate) fn member(owner: bool) -> Member {
    Member { owner, history_from: None }
}

fn slug(text: &str) -> String {
    let slug: String =
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    if slug.is_empty() { "x".to_owned() } else { slug }
}

impl World {
    /// A tenant without people. `None` when the id or the domain is taken.
    pub fn add_tenant(
        &mut self,
        id: Option<String>,
        name: &str,
        domain: Option<String>,
        now: Timestamp,
    ) -> Option<String> {
        let id = id.unwrap_or_else(|| self.guid());
        let domain = domain.unwrap_or_else(|| format!("{}.example", slug(name)));
        if self.tenants.contains_key(&id) || self.tenants.values().any(|t| t.domain == domain) {
            return None;
        }
        self.tenants.insert(
            id.clone(),
            Tenant {
                id: id.clone(),
                name: name.to_owned(),
                domain,
                created: now,
                users: BTreeMap::new(),
                addresses: HashMap::new(),
                teams: BTreeMap::new(),
                channels: HashMap::new(),
                chats: BTreeMap::new(),
                conversations: HashMap::new(),
                grants: HashMap::new(),
            },
        );
        Some(id)
    }

    /// Adds a person with a OneDrive (guests have none). The error says what is taken.
    pub fn add_user(
        &mut self,
        tenant: &str,
        new: NewUser,
        now: Timestamp,
    ) -> Result<String, String> {
        let id = new.id.clone().unwrap_or_else(|| self.guid());
        let Some(t) = self.tenants.get(tenant) else { return Err(format!("no tenant {tenant}")) };
        let local = new.name.to_lowercase().replace(' ', ".");
        let mail = new.mail.clone().or_else(|| Some(format!("{}@{}", local, t.domain)));
        let upn = new.upn.clone().unwrap_or_else(|| match (&mail, new.guest) {
            (Some(mail), true) => format!("{}#EXT#@{}", mail.replace('@', "_"), t.domain),
            (Some(mail), false) => mail.clone(),
            (None, _) => format!("{}@{}", local, t.domain),
        });
        if t.users.contains_key(&id) || t.addresses.contains_key(&upn.to_lowercase()) {
            return Err(format!("{upn} exists already"));
        }
        let drive = if new.guest {
            String::new()
        } else {
            let web = format!(
                "https://{}-my.sharepoint.com/personal/{}/Documents",
                slug(&t.name),
                upn.replace(['@', '.'], "_")
            );
            self.add_drive(tenant, Owner::User(id.clone()), web, now)
        };
        let user = User {
            id: id.clone(),
            photo: new.photo.unwrap_or(true).then(|| ("image/png".to_owned(), portrait(&id))),
            name: new.name,
            upn: upn.clone(),
            mail: mail.clone(),
            guest: new.guest,
            can_sign_in: new.can_sign_in.unwrap_or(!new.guest),
            enabled: true,
            directory_roles: new.roles,
            job_title: new.title,
            drive,
            created: now,
            locale: new.locale.unwrap_or_else(|| "en-us".to_owned()),
        };
        if let Some(t) = self.tenants.get_mut(tenant) {
            t.addresses.insert(upn.to_lowercase(), id.clone());
            if let Some(mail) = mail {
                t.addresses.entry(mail.to_lowercase()).or_insert_with(|| id.clone());
            }
            t.users.insert(id.clone(), user);
        }
        Ok(id)
    }

    /// A team with its General channel and its library.
    #[expect(clippy::too_many_arguments, reason = "a team is all of this")]
    pub fn add_team(
        &mut self,
        tenant: &str,
        id: Option<String>,
        name: &str,
        description: Option<String>,
        public: bool,
        members: Members,
        now: Timestamp,
    ) -> String {
        let id = id.unwrap_or_else(|| self.guid());
        let company = self.tenants.get(tenant).map_or_else(String::new, |t| slug(&t.name));
        let web = format!(
            "https://{company}.sharepoint.com/sites/{}/Shared%20Documents",
            encode(&format!("{}-{}", slug(name), id.chars().take(8).collect::<String>()))
        );
        let drive = self.add_drive(tenant, Owner::Team(id.clone()), web, now);
        let team = Team {
            id: id.clone(),
            name: name.to_owned(),
            description,
            public,
            members,
            channels: Vec::new(),
            drive,
            created: now,
            archived: false,
        };
        if let Some(t) = self.tenants.get_mut(tenant) {
            t.teams.insert(id.clone(), team);
        }
        let general = NewChannel {
            id: None,
            name: "General",
            description: None,
            kind: ChannelKind::Standard,
            members: Members::new(),
        };
        self.add_channel(tenant, &id, general, now);
        id
    }

    /// A channel with its folder; private and shared ones have a library of their own.
    pub fn add_channel(
        &mut self,
        tenant: &str,
        team: &str,
        new: NewChannel<'_>,
        now: Timestamp,
    ) -> Option<String> {
        let id = match new.id {
            Some(id) => id,
            None => format!("19:{}@thread.tacv2", self.hex(16)),
        };
        let (team_drive, web) = {
            let team = self.tenants.get(tenant)?.teams.get(team)?;
            let web = self.drives.get(&team.drive).map(|d| d.web.clone()).unwrap_or_default();
            (team.drive.clone(), web)
        };
        let drive = if new.kind == ChannelKind::Standard {
            team_drive
        } else {
            let web = web
                .replace("/Shared%20Documents", &format!("-{}/Shared%20Documents", slug(new.name)));
            self.add_drive(tenant, Owner::Channel(id.clone()), web, now)
        };
        let root = self.drives.get(&drive)?.root.clone();
        let (folder, _) =
            self.put_item(&drive, &root, new.name, None, Conflict::Replace, None, now).ok()?;
        let channel = Channel {
            id: id.clone(),
            team: team.to_owned(),
            name: new.name.to_owned(),
            description: new.description,
            kind: new.kind,
            members: new.members,
            drive,
            folder,
            created: now,
            archived: false,
        };
        let t = self.tenants.get_mut(tenant)?;
        t.teams.get_mut(team)?.channels.push(id.clone());
        t.channels.insert(id.clone(), channel);
        let place = Place::Channel { team: team.to_owned(), channel: id.clone() };
        t.conversations.insert(id.clone(), Conversation::new(place));
        Some(id)
    }

    /// A chat; the one-on-one chat of two people exists once.
    pub fn add_chat(
        &mut self,
        tenant: &str,
        one_on_one: bool,
        topic: Option<String>,
        members: Members,
        now: Timestamp,
    ) -> Option<String> {
        let id = if one_on_one {
            let mut people = members.keys();
            format!("19:{}_{}@unq.gbl.spaces", people.next()?, people.next()?)
        } else {
            format!("19:{}@thread.v2", self.hex(16))
        };
        let t = self.tenants.get_mut(tenant)?;
        if t.chats.contains_key(&id) {
            return Some(id);
        }
        let chat = Chat { id: id.clone(), one_on_one, topic, members, created: now, updated: now };
        t.chats.insert(id.clone(), chat);
        t.conversations.insert(id.clone(), Conversation::new(Place::Chat { chat: id.clone() }));
        Some(id)
    }
}

/// A photo that differs from person to person: the smallest PNG, one pixel, with the id in a text chunk.
fn portrait(id: &str) -> bytes::Bytes {
    let mut png = vec![0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];
    let mut chunk = |kind: &[u8; 4], data: &[u8]| {
        png.extend(u32::try_from(data.len()).unwrap_or(0).to_be_bytes());
        let mut body = kind.to_vec();
        body.extend(data);
        png.extend(&body);
        png.extend(crc32(&body).to_be_bytes());
    };
    chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
    chunk(b"tEXt", format!("Comment\0{id}").as_bytes());
    chunk(b"IDAT", &[0x78, 0x01, 0x01, 0x02, 0x00, 0xfd, 0xff, 0x00, 0x80, 0x00, 0x82, 0x00, 0x81]);
    chunk(b"IEND", &[]);
    png.into()
}

fn crc32(data: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}
