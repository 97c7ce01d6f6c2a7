//! Document libraries: of teams, of private and shared channels, of people. Names, folders and who may see what;
//! the bytes are in the sandbox's file store.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::json::time;
use super::world::{Tenant, World};
use crate::core::files::Content;

/// Whose library it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Owner {
    Team(String),
    Channel(String),
    User(String),
}

pub(crate) struct Drive {
    pub id: String,
    pub tenant: String,
    pub owner: Owner,
    pub root: String,
    pub items: HashMap<String, Item>,
    /// `https://…/Shared%20Documents`, in front of every item's `webUrl`.
    pub web: String,
}

pub(crate) struct Item {
    pub id: String,
    pub name: String,
    pub parent: Option<String>,
    /// Ids of children by lower-cased name: names are unique in a folder, case aside.
    pub children: BTreeMap<String, String>,
    pub file: Option<File>,
    pub created: Timestamp,
    pub modified: Timestamp,
    pub by: Option<String>,
    /// The GUID in the eTag; Teams uses it as the attachment's id.
    pub guid: String,
    pub version: u32,
    pub permissions: Vec<Permission>,
}

#[derive(Clone)]
pub(crate) struct File {
    pub mime: String,
    pub content: Content,
}

pub(crate) struct Permission {
    pub id: String,
    pub role: &'static str,
    /// `organization` or `users`; the latter only for the listed people.
    pub scope: String,
    pub url: String,
    pub people: Vec<String>,
}

/// An upload session under way.
#[derive(Clone)]
pub(crate) struct Upload {
    pub drive: String,
    pub parent: String,
    pub name: String,
    pub conflict: Conflict,
    pub by: Option<String>,
    pub path: PathBuf,
    pub received: u64,
    pub expires: Timestamp,
}

/// What happens when the name is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Conflict {
    Fail,
    Replace,
    Rename,
}

impl Conflict {
    pub fn parse(text: Option<&str>, default: Self) -> Self {
        match text {
            Some("fail") => Self::Fail,
            Some("replace") => Self::Replace,
            Some("rename") => Self::Rename,
            _ => default,
        }
    }
}

impl Drive {
    /// The path of an item below the root, percent-encoded, starting with `/`; empty for the root.
    pub fn path(&self, item: &Item) -> String {
        let mut names = Vec::new();
        let mut at = Some(item);
        while let Some(item) = at {
            if item.parent.is_some() {
                names.push(encode(&item.name));
            }
            at = item.parent.as_ref().and_then(|p| self.items.get(p));
        }
        names.iter().rev().map(|name| format!("/{name}")).collect()
    }

    /// The item's `webUrl`.
    pub fn web_url(&self, item: &Item) -> String {
        format!("{}{}", self.web, self.path(item))
    }

    /// The item that a `webUrl` of this drive points at.
    pub fn by_url(&self, url: &str) -> Option<&Item> {
        let rest = decode(url);
        let rest = rest.strip_prefix(&decode(&self.web))?;
        let rest = rest.split('?').next().unwrap_or("");
        self.by_path(rest.split('/').filter(|s| !s.is_empty()))
    }

    fn by_path<'a>(&self, names: impl Iterator<Item = &'a str>) -> Option<&Item> {
        let mut item = self.items.get(&self.root)?;
        for name in names {
            item = item.children.get(&name.to_lowercase()).and_then(|id| self.items.get(id))?;
        }
        Some(item)
    }

    /// Whether a person may read this item: the library's people, or those it is shared with.
    pub fn readable(&self, tenant: &Tenant, item: &Item, user: &str) -> bool {
        let of_library = match &self.owner {
            Owner::User(owner) => owner == user,
            Owner::Team(team) => {
                tenant.teams.get(team).is_some_and(|t| t.members.contains_key(user))
            }
            Owner::Channel(id) => {
                tenant.channels.get(id).is_some_and(|c| c.members.contains_key(user))
            }
        };
        of_library
            || item
                .permissions
                .iter()
                .any(|p| p.scope == "organization" || p.people.iter().any(|id| id == user))
    }

    /// A name that is free in this folder: `name 1.ext`, `name 2.ext`, ….
    fn free_name(&self, folder: &str, name: &str) -> String {
        let taken = |n: &str| {
            self.items.get(folder).is_some_and(|f| f.children.contains_key(&n.to_lowercase()))
        };
        let (stem, extension) = match name.rfind('.') {
            Some(at) if at > 0 => name.split_at(at),
            _ => (name, ""),
        };
        let mut n = 1u32;
        loop {
            let candidate = format!("{stem} {n}{extension}");
            if !taken(&candidate) {
                return candidate;
            }
            n += 1;
        }
    }

    /// The driveItem as Graph shows it.
    pub fn json(&self, item: &Item, download: Option<String>) -> Value {
        let mut out = json!({
            "id": item.id,
            "createdDateTime": time(item.created),
            "lastModifiedDateTime": time(item.modified),
            "name": item.name,
            "webUrl": self.web_url(item),
            "webDavUrl": self.web_url(item),
            "eTag": format!("\"{{{}}},{}\"", item.guid.to_uppercase(), item.version),
            "cTag": format!("\"c:{{{}}},{}\"", item.guid.to_uppercase(), item.version),
            "size": item.file.as_ref().map_or(0, |f| f.content.size),
            "parentReference": {
                "driveId": self.id,
                "driveType": if matches!(self.owner, Owner::User(_)) { "business" } else { "documentLibrary" },
                "id": item.parent,
            },
            "fileSystemInfo": {"createdDateTime": time(item.created), "lastModifiedDateTime": time(item.modified)},
            "createdBy": {"user": {"id": item.by, "displayName": null}},
        });
        match &item.file {
            Some(file) => {
                out["file"] =
                    json!({"mimeType": file.mime, "hashes": {"sha256Hash": file.content.sha256}});
            }
            None => out["folder"] = json!({"childCount": item.children.len()}),
        }
        if item.parent.is_none() {
            out["root"] = json!({});
        }
        if let Some(url) = download {
            out["@microsoft.graph.downloadUrl"] = Value::String(url);
        }
        out
    }
}

impl World {
    /// A new library with an empty root.
    pub fn add_drive(&mut self, tenant: &str, owner: Owner, web: String, now: Timestamp) -> String {
        let id = format!("b!{}", self.hex(24));
        let mut drive = Drive {
            id: id.clone(),
            tenant: tenant.to_owned(),
            owner,
            root: String::new(),
            items: HashMap::new(),
            web,
        };
        let root = self.item("root", None, None, None, now);
        drive.root.clone_from(&root.id);
        drive.items.insert(root.id.clone(), root);
        self.drives.insert(id.clone(), drive);
        id
    }

    fn item(
        &mut self,
        name: &str,
        parent: Option<String>,
        file: Option<File>,
        by: Option<String>,
        now: Timestamp,
    ) -> Item {
        Item {
            id: format!("01{}", self.hex(16).to_uppercase()),
            name: name.to_owned(),
            parent,
            children: BTreeMap::new(),
            file,
            created: now,
            modified: now,
            by,
            guid: self.guid(),
            version: 1,
            permissions: Vec::new(),
        }
    }

    /// Puts a file (or, without content, a folder) into a folder. `Err(())` when the name is taken and that is refused.
    /// The answer says whether the item is new.
    #[expect(clippy::too_many_arguments, reason = "a file is all of this")]
    pub fn put_item(
        &mut self,
        drive_id: &str,
        folder: &str,
        name: &str,
        file: Option<File>,
        conflict: Conflict,
        by: Option<&str>,
        now: Timestamp,
    ) -> Result<(String, bool), NameTaken> {
        let drive = self.drives.get_mut(drive_id).ok_or(NameTaken)?;
        let existing =
            drive.items.get(folder).and_then(|f| f.children.get(&name.to_lowercase())).cloned();
        let mut name = name.to_owned();
        if let Some(id) = existing {
            match conflict {
                Conflict::Fail => return Err(NameTaken),
                Conflict::Rename => name = drive.free_name(folder, &name),
                Conflict::Replace => {
                    if let Some(item) = drive.items.get_mut(&id) {
                        if item.file.is_none() != file.is_none() {
                            return Err(NameTaken);
                        }
                        item.file = file;
                        item.modified = now;
                        item.version += 1;
                    }
                    return Ok((id, false));
                }
            }
        }
        let item = self.item(&name, Some(folder.to_owned()), file, by.map(str::to_owned), now);
        let id = item.id.clone();
        if let Some(drive) = self.drives.get_mut(drive_id) {
            if let Some(parent) = drive.items.get_mut(folder) {
                parent.children.insert(name.to_lowercase(), id.clone());
                parent.modified = now;
            }
            drive.items.insert(id.clone(), item);
        }
        Ok((id, true))
    }

    /// The drive and item that a `contentUrl` of this tenant points at.
    pub fn item_at(&self, tenant: &str, url: &str) -> Option<(&Drive, &Item)> {
        self.drives
            .values()
            .filter(|d| d.tenant == tenant && decode(url).starts_with(&decode(&d.web)))
            .find_map(|d| d.by_url(url).map(|item| (d, item)))
    }
}

/// The name is taken in that folder, by a file or by a folder.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NameTaken;

/// One path segment, percent-encoded.
pub(crate) fn encode(segment: &str) -> String {
    let mut out = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$'()*+,;=@&".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Percent-decoding; what is malformed stays.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        match digits
            .and_then(|d| std::str::from_utf8(d).ok())
            .and_then(|d| u8::from_str_radix(d, 16).ok())
        {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
