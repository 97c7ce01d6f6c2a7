//! Drive items: look, list, share, and where uploads begin. Bytes go through `transfer`.

use axum::http::Method;
use serde_json::{Value, json};

use super::super::call::{Answer, Call, Reply};
use super::super::drive::{Conflict, Drive, Item, NameTaken, Owner, Permission};
use super::super::error::GraphError;
use super::super::odata::collection;
use super::super::permissions;
use super::super::world::World;
use super::{no_method, no_path, reply_entity, transfer};

/// Where a call points: an existing item, or a name in a folder.
pub(super) struct Target {
    pub drive: String,
    /// The item, or the folder that `name` is in.
    pub item: String,
    /// Set by path addressing: names below `item`.
    pub names: Vec<String>,
}

pub(super) async fn route(call: &mut Call, path: &[&str]) -> Answer {
    let (target, rest) = read(call, path)?;
    let write = call.method != Method::GET;
    if write {
        permissions::WRITE_FILES.check(&call.token)?;
    } else {
        permissions::READ_FILES.check(&call.token)?;
    }
    match (call.method.clone(), rest.as_slice()) {
        (Method::GET, []) => get(call, &target),
        (Method::GET, ["children"]) => children(call, &target),
        (Method::POST, ["children"]) => new_folder(call, &target).await,
        (Method::GET, ["content"]) => {
            let file = transfer::file_of(call, &target)?;
            let headers = call.headers.clone();
            transfer::stream(&file, &headers).await
        }
        (Method::PUT, ["content"]) => transfer::put(call, &target).await,
        (Method::POST, ["createUploadSession"]) => transfer::create_session(call, &target).await,
        (Method::POST, ["createLink"]) => create_link(call, &target).await,
        (Method::POST, ["invite"]) => invite(call, &target).await,
        (Method::GET, ["permissions"]) => list_permissions(call, &target),
        (Method::DELETE, []) => delete(call, &target),
        (
            _,
            []
            | [
                "children"
                | "content"
                | "createUploadSession"
                | "createLink"
                | "permissions"
                | "invite",
            ],
        ) => Err(no_method(call)),
        (_, rest) => Err(no_path(rest)),
    }
}

/// `/drives/{d}/items/{i}[:/a/b:]/…` and `/drives/{d}/root[:/a/b:]/…`.
fn read<'a>(call: &Call, path: &[&'a str]) -> Result<(Target, Vec<&'a str>), GraphError> {
    let ["drives", drive, place @ ..] = path else { return Err(no_path(path)) };
    let (item, rest) = match place {
        ["items", item, rest @ ..] => (*item, rest),
        [root @ ("root" | "root:"), rest @ ..] => (*root, rest),
        rest => return Err(no_path(rest)),
    };
    let (item, mut rest) = match item.strip_suffix(':') {
        Some(item) => (item, rest.to_vec()),
        None => (item, rest.to_vec()),
    };
    let mut names = Vec::new();
    if place.iter().take(2).any(|s| s.ends_with(':')) {
        let end = rest.iter().position(|s| s.ends_with(':')).unwrap_or(rest.len());
        for segment in rest.drain(..rest.len().min(end + 1)) {
            names.push(segment.strip_suffix(':').unwrap_or(segment).to_owned());
        }
    }
    let world = call.world();
    let found =
        world.drives.get(*drive).filter(|d| d.tenant == call.token.tenant).ok_or_else(|| {
            GraphError::new(404, "itemNotFound", "The resource could not be found.")
        })?;
    let item = if item == "root" { found.root.clone() } else { item.to_owned() };
    Ok((Target { drive: found.id.clone(), item, names }, rest))
}

pub(super) fn not_found() -> GraphError {
    GraphError::new(404, "itemNotFound", "The resource could not be found.")
}

/// The item a target points at, if the caller may read it.
pub(super) fn existing<'a>(
    call: &Call,
    world: &'a World,
    target: &Target,
) -> Result<(&'a Drive, &'a Item), GraphError> {
    let drive = world.drives.get(&target.drive).ok_or_else(not_found)?;
    let mut item = drive.items.get(&target.item).ok_or_else(not_found)?;
    for name in &target.names {
        item = item
            .children
            .get(&name.to_lowercase())
            .and_then(|id| drive.items.get(id))
            .ok_or_else(not_found)?;
    }
    let tenant = call.tenant(world)?;
    match &call.token.user {
        Some(user) if !drive.readable(tenant, item, user) => {
            Err(GraphError::new(403, "accessDenied", "Access denied"))
        }
        _ => Ok((drive, item)),
    }
}

/// The folder and name that an upload goes to, if the caller may write there.
pub(super) fn destination(
    call: &Call,
    world: &World,
    target: &Target,
) -> Result<(String, String), GraphError> {
    let drive = world.drives.get(&target.drive).ok_or_else(not_found)?;
    let item = drive.items.get(&target.item).ok_or_else(not_found)?;
    if let Some(user) = &call.token.user {
        let tenant = call.tenant(world)?;
        let writes = match &drive.owner {
            Owner::User(owner) => owner == user,
            Owner::Team(team) => {
                tenant.teams.get(team).is_some_and(|t| t.members.contains_key(user))
            }
            Owner::Channel(id) => {
                tenant.channels.get(id).is_some_and(|c| c.members.contains_key(user))
            }
        };
        if !writes {
            return Err(GraphError::new(403, "accessDenied", "Access denied"));
        }
    }
    let (folder, name) = match target.names.as_slice() {
        // An existing file is replaced in place.
        [] => match (&item.parent, &item.file) {
            (Some(parent), Some(_)) => (parent.clone(), item.name.clone()),
            _ => return Err(GraphError::new(400, "invalidRequest", "A folder has no content.")),
        },
        [folders @ .., name] => {
            let mut folder = item;
            for name in folders {
                folder = folder
                    .children
                    .get(&name.to_lowercase())
                    .and_then(|id| drive.items.get(id))
                    .ok_or_else(not_found)?;
            }
            (folder.id.clone(), name.clone())
        }
    };
    let bad = |c: char| "\"*:<>?/\\|".contains(c) || c.is_control();
    if name.trim().is_empty() || name.contains(bad) || name.ends_with('.') || name.len() > 400 {
        return Err(GraphError::new(
            400,
            "invalidRequest",
            "The provided name cannot contain the characters \" * : < > ? / \\ |.",
        ));
    }
    Ok((folder, name))
}

pub(super) fn taken(_: NameTaken) -> GraphError {
    GraphError::new(
        409,
        "nameAlreadyExists",
        "An item with the same name already exists under the parent",
    )
}

/// The driveItem as shown; files carry a pre-authorized download address.
pub(super) fn shown(call: &Call, drive: &Drive, item: &Item) -> Value {
    drive.json(
        item,
        item.file.is_some().then(|| transfer::download_url(call.teams.as_ref(), drive, item)),
    )
}

fn get(call: &Call, target: &Target) -> Answer {
    let world = call.world();
    let (drive, item) = existing(call, &world, target)?;
    reply_entity(200, "driveItems/$entity", call.query.select(shown(call, drive, item)))
}

fn children(call: &Call, target: &Target) -> Answer {
    let world = call.world();
    let (drive, item) = existing(call, &world, target)?;
    let values = item
        .children
        .values()
        .filter_map(|id| drive.items.get(id))
        .map(|child| call.query.select(shown(call, drive, child)))
        .collect();
    Reply::ok(collection(
        &format!("drives('{}')/items('{}')/children", drive.id, item.id),
        values,
        None,
    ))
}

async fn new_folder(call: &mut Call, target: &Target) -> Answer {
    let posted = call.json().await?;
    let name = Call::text(&posted, "name")?.unwrap_or("").to_owned();
    if !posted["folder"].is_object() {
        return Err(GraphError::new(
            400,
            "invalidRequest",
            "Only folders are made here; files are uploaded.",
        ));
    }
    let conflict =
        Conflict::parse(posted["@microsoft.graph.conflictBehavior"].as_str(), Conflict::Fail);
    let mut names = target.names.clone();
    names.push(name);
    let target = Target { drive: target.drive.clone(), item: target.item.clone(), names };
    let mut world = call.world();
    let (folder, name) = destination(call, &world, &target)?;
    let by = call.token.user.as_deref();
    let (id, _) = world
        .put_item(&target.drive, &folder, &name, None, conflict, by, call.now)
        .map_err(taken)?;
    let made = Target { drive: target.drive, item: id, names: Vec::new() };
    let (drive, item) = existing(call, &world, &made)?;
    reply_entity(201, "driveItems/$entity", shown(call, drive, item))
}

fn permission(p: &Permission) -> Value {
    json!({
        "id": p.id,
        "roles": [p.role],
        "hasPassword": false,
        "link": {"type": if p.role == "write" { "edit" } else { "view" }, "scope": p.scope, "webUrl": p.url, "preventsDownload": false},
        "grantedToIdentitiesV2": p.people.iter().map(|id| json!({"user": {"id": id}})).collect::<Vec<_>>(),
    })
}

fn add_permission(
    call: &Call,
    target: &Target,
    role: &'static str,
    scope: &str,
    people: Vec<String>,
) -> Result<Value, GraphError> {
    let mut world = call.world();
    let (drive, item) = {
        let (drive, item) = existing(call, &world, target)?;
        (drive.id.clone(), item.id.clone())
    };
    let (id, secret) = (world.guid(), world.hex(16));
    let new = Permission {
        id,
        role,
        scope: scope.to_owned(),
        url: format!("{}/sandbox-share/{secret}", call.teams.urls.graph),
        people,
    };
    let value = permission(&new);
    if let Some(item) = world.drives.get_mut(&drive).and_then(|d| d.items.get_mut(&item)) {
        item.permissions.push(new);
    }
    Ok(value)
}

async fn create_link(call: &mut Call, target: &Target) -> Answer {
    let posted = call.json().await?;
    let role = match Call::text(&posted, "type")? {
        Some("view") | None => "read",
        Some("edit") => "write",
        Some(other) => {
            return Err(GraphError::new(
                400,
                "invalidRequest",
                format!("Invalid link type '{other}'."),
            ));
        }
    };
    let scope = match Call::text(&posted, "scope")? {
        Some(scope @ ("organization" | "users")) => scope,
        None => "organization",
        Some("anonymous") => {
            return Err(GraphError::new(
                403,
                "sharingDisabled",
                "Sharing by anonymous links is disabled in this organization.",
            ));
        }
        Some(other) => {
            return Err(GraphError::new(
                400,
                "invalidRequest",
                format!("Invalid link scope '{other}'."),
            ));
        }
    };
    reply_entity(201, "permission", add_permission(call, target, role, scope, Vec::new())?)
}

/// Shares with the people named in `recipients`.
async fn invite(call: &mut Call, target: &Target) -> Answer {
    let posted = call.json().await?;
    let mut people = Vec::new();
    {
        let world = call.world();
        let tenant = call.tenant(&world)?;
        for recipient in posted["recipients"].as_array().into_iter().flatten() {
            let key = recipient["objectId"]
                .as_str()
                .or_else(|| recipient["email"].as_str())
                .unwrap_or("");
            let user = tenant.user(key).ok_or_else(|| {
                GraphError::new(400, "invalidRequest", format!("Recipient '{key}' was not found."))
            })?;
            people.push(user.id.clone());
        }
    }
    let role = if posted["roles"].as_array().is_some_and(|r| r.iter().any(|r| r == "write")) {
        "write"
    } else {
        "read"
    };
    let value = add_permission(call, target, role, "users", people)?;
    Reply::ok(collection("Collection(permission)", vec![value], None))
}

fn list_permissions(call: &Call, target: &Target) -> Answer {
    let world = call.world();
    let (drive, item) = existing(call, &world, target)?;
    let values = item.permissions.iter().map(permission).collect();
    Reply::ok(collection(
        &format!("drives('{}')/items('{}')/permissions", drive.id, item.id),
        values,
        None,
    ))
}

fn delete(call: &Call, target: &Target) -> Answer {
    let mut world = call.world();
    let (drive_id, item, parent, name) = {
        let (drive, item) = existing(call, &world, target)?;
        let parent = item
            .parent
            .clone()
            .ok_or_else(|| GraphError::new(403, "accessDenied", "The root cannot be deleted."))?;
        (drive.id.clone(), item.id.clone(), parent, item.name.to_lowercase())
    };
    if let Some(drive) = world.drives.get_mut(&drive_id) {
        drive.items.remove(&item);
        if let Some(parent) = drive.items.get_mut(&parent) {
            parent.children.remove(&name);
        }
    }
    Reply::no_content()
}
