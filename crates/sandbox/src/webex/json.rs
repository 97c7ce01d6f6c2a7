//! Things as the API shows them.

use serde_json::{Value, json};

use super::stage::{Stage, time};
use super::world::{Hook, Kind, Member, Message, Org, Person, Press, Room, Team};

/// Sets what is there; Webex leaves out what is not.
fn set(into: &mut Value, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        into[key] = value.into();
    }
}

pub(crate) fn person(person: &Person, for_admin: bool) -> Value {
    let mut shown = json!({
        "id": person.id, "emails": [person.email], "displayName": person.display_name,
        "nickName": person.first_name, "firstName": person.first_name,
        "lastName": person.last_name, "orgId": person.org, "created": time(person.created),
        "lastModified": time(person.modified),
        "type": match person.kind { Kind::Person => "person", Kind::Bot => "bot" },
    });
    set(&mut shown, "avatar", person.avatar.clone());
    set(&mut shown, "title", person.title.clone());
    set(&mut shown, "department", person.department.clone());
    set(&mut shown, "timezone", person.timezone.clone());
    if person.kind == Kind::Person {
        shown["status"] = if person.inactive { "inactive" } else { "active" }.into();
    }
    if for_admin {
        // Texts: so says the description, and so are the examples in it.
        shown["invitePending"] = person.pending.to_string().into();
        shown["loginEnabled"] = (!person.inactive).to_string().into();
    }
    shown
}

pub(crate) fn organization(org: &Org) -> Value {
    json!({"id": org.id, "displayName": org.name, "created": time(org.created)})
}

pub(crate) fn team(team: &Team) -> Value {
    let mut shown = json!({"id": team.id, "name": team.name, "created": time(team.created)});
    set(&mut shown, "description", team.description.clone());
    shown
}

pub(crate) fn press(press: &Press) -> Value {
    json!({"id": press.id, "type": "submit", "messageId": press.message, "inputs": press.inputs,
        "personId": press.person, "roomId": press.room, "created": time(press.created)})
}

pub(crate) fn webhook(hook: &Hook, org: &str) -> Value {
    let mut shown = json!({
        "id": hook.id, "name": hook.name, "targetUrl": hook.target, "resource": hook.resource,
        "event": hook.event, "orgId": org, "createdBy": hook.creator, "appId": hook.app,
        "ownedBy": "creator", "status": if hook.active { "active" } else { "inactive" },
        "created": time(hook.created),
    });
    set(&mut shown, "filter", hook.filter.clone());
    set(&mut shown, "secret", hook.secret.clone());
    shown
}

impl Stage<'_> {
    /// A room as this person knows it: a direct one bears the other's name.
    pub(crate) fn shown_room(&self, room: &Room, viewer: &str) -> Value {
        let title = match room.other(viewer) {
            Some(other) if room.direct => self.name(other),
            _ => room.title.clone(),
        };
        let mut shown = json!({
            "id": room.id, "title": title, "type": room.kind(), "isLocked": room.locked,
            "lastActivity": time(room.active), "creatorId": room.creator,
            "created": time(room.created), "ownerId": room.owner,
            "isAnnouncementOnly": room.announcement, "isReadOnly": false,
            "isPublic": room.public.is_some(),
        });
        set(&mut shown, "teamId", room.team.clone());
        set(&mut shown, "madePublic", room.public.map(time));
        set(&mut shown, "description", room.description.clone());
        shown
    }

    pub(crate) fn shown_membership(&self, room: &Room, person: &str, member: &Member) -> Value {
        let mut shown = self.shown_member(person, member);
        shown["roomId"] = room.id.clone().into();
        shown["roomType"] = room.kind().into();
        shown["isRoomHidden"] = member.hidden.into();
        shown["isMonitor"] = false.into();
        shown
    }

    /// What memberships of rooms and teams have in common.
    pub(crate) fn shown_member(&self, person: &str, member: &Member) -> Value {
        let mut shown = json!({"id": member.id, "personId": person,
            "isModerator": member.moderator, "created": time(member.created)});
        if let Ok(person) = self.person(person) {
            shown["personEmail"] = person.email.clone().into();
            shown["personDisplayName"] = person.display_name.clone().into();
            shown["personOrgId"] = person.org.clone().into();
        }
        shown
    }

    pub(crate) fn shown_message(&self, room: &Room, message: &Message) -> Value {
        let mut shown = json!({
            "id": message.id, "roomId": room.id, "roomType": room.kind(),
            "personId": message.sender, "created": time(at(message)),
        });
        if let Ok(sender) = self.person(&message.sender) {
            shown["personEmail"] = sender.email.clone().into();
        }
        set(&mut shown, "parentId", message.parent.clone());
        set(&mut shown, "updated", message.updated.map(time));
        if !message.body.text.is_empty() {
            shown["text"] = message.body.text.clone().into();
        }
        set(&mut shown, "markdown", message.body.markdown.clone());
        set(&mut shown, "html", message.body.html.clone());
        if !message.files.is_empty() {
            let base = &self.state.base;
            let urls = message.files.iter().map(|id| format!("{base}/v1/contents/{id}").into());
            shown["files"] = Value::Array(urls.collect());
        }
        if !message.cards.is_empty() {
            shown["attachments"] = message.cards.clone().into();
        }
        if !message.body.mentions.is_empty() {
            shown["mentionedPeople"] = message.body.mentions.clone().into();
        }
        if message.body.everyone {
            shown["mentionedGroups"] = json!(["all"]);
        }
        shown
    }

    /// A message as webhooks name it: ids, nothing of what it says, nor when it was edited.
    pub(crate) fn named_message(&self, room: &Room, message: &Message) -> Value {
        let mut shown = self.shown_message(room, message);
        if let Some(fields) = shown.as_object_mut() {
            for content in ["text", "markdown", "html", "files", "attachments", "updated"] {
                fields.remove(content);
            }
        }
        shown
    }
}

/// When a message was sent.
pub(crate) fn at(message: &Message) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(message.at).unwrap_or_default()
}
