//! Chat messages, members, teams, channels and users as Graph shows them, field by field as in its examples.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::conversation::{Conversation, Message, Place, Reaction};
use super::drive::encode;
use super::world::{Channel, Chat, Member, Team, Tenant, User};

/// A moment as Graph writes it: milliseconds, `Z`.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// A person as part of a message.
pub(crate) fn user_identity(tenant: &Tenant, id: &str) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.teamworkUserIdentity",
        "id": id,
        "displayName": tenant.users.get(id).map(|u| u.name.as_str()),
        "userIdentityType": "aadUser",
        "tenantId": tenant.id,
    })
}

/// The six first reactions of Teams have words for names; all others are the emoji itself.
const WORDS: &[(&str, &str)] = &[
    ("👍", "like"),
    ("❤️", "heart"),
    ("❤", "heart"),
    ("😆", "laugh"),
    ("😮", "surprised"),
    ("😢", "sad"),
    ("😠", "angry"),
    ("😡", "angry"),
];

fn reaction(tenant: &Tenant, reaction: &Reaction) -> Value {
    let word = WORDS.iter().find(|(emoji, _)| *emoji == reaction.emoji).map(|(_, word)| *word);
    let name = word.map_or_else(|| reaction.emoji.clone(), |w| w[..1].to_uppercase() + &w[1..]);
    let mut identity = user_identity(tenant, &reaction.user);
    identity["displayName"] = Value::Null;
    json!({
        "reactionType": word.unwrap_or(&reaction.emoji),
        "displayName": name,
        "createdDateTime": time(reaction.at),
        "user": {"application": null, "device": null, "user": identity},
    })
}

/// The key path of a message's place, `teams('…')/channels('…')` or `chats('…')`; ids encoded in contexts only.
pub(crate) fn place_key(place: &Place, encoded: bool) -> String {
    let id =
        |id: &str| if encoded { id.replace(':', "%3A").replace('@', "%40") } else { id.to_owned() };
    match place {
        Place::Channel { team, channel } => format!("teams('{team}')/channels('{}')", id(channel)),
        Place::Chat { chat } => format!("chats('{}')", id(chat)),
    }
}

/// `…/messages('1')` or `…/messages('1')/replies('2')`, as in notifications.
pub(crate) fn message_key(place: &Place, message: &Message) -> String {
    let place = place_key(place, false);
    match message.reply_to {
        Some(root) => format!("{place}/messages('{root}')/replies('{}')", message.id),
        None => format!("{place}/messages('{}')", message.id),
    }
}

/// The `@odata.context` of one message, after the `#`.
pub(crate) fn message_context(place: &Place, message: &Message) -> String {
    let place = place_key(place, true);
    match message.reply_to {
        Some(root) => format!("{place}/messages('{root}')/replies/$entity"),
        None => format!("{place}/messages/$entity"),
    }
}

/// A chatMessage. `known_events` follows `Prefer: include-unknown-enum-members`.
pub(crate) fn message(tenant: &Tenant, place: &Place, m: &Message, known_events: bool) -> Value {
    let kind = match (&m.event, known_events) {
        (None, _) => "message",
        (Some(_), true) => "systemEventMessage",
        (Some(_), false) => "unknownFutureValue",
    };
    let (web_url, chat, identity) = match place {
        Place::Chat { chat } => (Value::Null, json!(chat), Value::Null),
        Place::Channel { team, channel } => (
            json!(format!(
                "https://teams.microsoft.com/l/message/{}/{}?groupId={team}&tenantId={}&createdTime={}&parentMessageId={}",
                encode(channel).replace('@', "%40"),
                m.id,
                tenant.id,
                m.id,
                m.reply_to.unwrap_or(m.id)
            )),
            Value::Null,
            json!({"teamId": team, "channelId": channel}),
        ),
    };
    let gone = m.deleted.is_some();
    let from = m.author.as_ref().map(|author| {
        json!({
            "application": null, "device": null, "conversation": null,
            "user": user_identity(tenant, author),
        })
    });
    json!({
        "id": m.id.to_string(),
        "replyToId": m.reply_to.map(|id| id.to_string()),
        "etag": m.modified.as_millisecond().to_string(),
        "messageType": kind,
        "createdDateTime": time(m.created),
        "lastModifiedDateTime": time(m.modified),
        "lastEditedDateTime": m.edited.map(time),
        "deletedDateTime": m.deleted.map(time),
        "subject": if gone { None } else { m.draft.subject.as_deref() },
        "summary": if gone { None } else { m.draft.summary.as_deref() },
        "chatId": chat,
        "importance": if m.draft.importance.is_empty() { "normal" } else { m.draft.importance },
        "locale": m.locale,
        "webUrl": web_url,
        "channelIdentity": identity,
        "policyViolation": null,
        "eventDetail": m.event,
        "from": from,
        "body": {
            "contentType": if m.draft.body.html { "html" } else { "text" },
            "content": if gone { "" } else { m.draft.body.content.as_str() },
        },
        "attachments": if gone { &[][..] } else { &m.draft.attachments },
        "mentions": if gone { &[][..] } else { &m.draft.mentions },
        "reactions": m.reactions.iter().map(|r| reaction(tenant, r)).collect::<Vec<_>>(),
    })
}

/// The replies of a root, newest first, for `$expand=replies`.
pub(crate) fn replies(
    tenant: &Tenant,
    conversation: &Conversation,
    root: &Message,
    known_events: bool,
) -> Vec<Value> {
    root.replies
        .iter()
        .rev()
        .filter_map(|id| conversation.messages.get(id))
        .map(|m| message(tenant, &conversation.place, m, known_events))
        .collect()
}

/// A member of a team, channel or chat; `within` is the team's, channel's or chat's id.
pub(crate) fn member(tenant: &Tenant, within: &str, user_id: &str, member: &Member) -> Value {
    let user = tenant.users.get(user_id);
    let roles: &[&str] = match (member.owner, user.is_some_and(|u| u.guest)) {
        (true, _) => &["owner"],
        (false, true) => &["guest"],
        (false, false) => &[],
    };
    json!({
        "@odata.type": "#microsoft.graph.aadUserConversationMember",
        "id": member_id(within, user_id),
        "roles": roles,
        "displayName": user.map(|u| u.name.as_str()),
        "visibleHistoryStartDateTime": member.history_from.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), time),
        "userId": user_id,
        "email": user.and_then(|u| u.mail.as_deref()),
        "tenantId": tenant.id,
    })
}

/// A membership's id: opaque to clients, `{place}##{user}` in base64.
pub(crate) fn member_id(within: &str, user_id: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(format!("{within}##{user_id}"))
}

/// The user of a membership id.
pub(crate) fn member_of(id: &str) -> Option<String> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(id).ok()?;
    String::from_utf8(bytes).ok()?.split_once("##").map(|(_, user)| user.to_owned())
}

pub(crate) fn team(tenant: &Tenant, team: &Team) -> Value {
    json!({
        "id": team.id,
        "createdDateTime": time(team.created),
        "displayName": team.name,
        "description": team.description,
        "internalId": team.channels.first(),
        "classification": null,
        "specialization": null,
        "visibility": if team.public { "public" } else { "private" },
        "webUrl": format!(
            "https://teams.microsoft.com/l/team/{}/conversations?groupId={}&tenantId={}",
            team.channels.first().map_or("", String::as_str), team.id, tenant.id
        ),
        "isArchived": team.archived,
        "tenantId": tenant.id,
        "memberSettings": {
            "allowCreateUpdateChannels": true, "allowCreatePrivateChannels": true, "allowDeleteChannels": true,
            "allowAddRemoveApps": true, "allowCreateUpdateRemoveTabs": true, "allowCreateUpdateRemoveConnectors": true,
        },
        "guestSettings": {"allowCreateUpdateChannels": false, "allowDeleteChannels": false},
        "messagingSettings": {
            "allowUserEditMessages": true, "allowUserDeleteMessages": true, "allowOwnerDeleteMessages": true,
            "allowTeamMentions": true, "allowChannelMentions": true,
        },
        "funSettings": {
            "allowGiphy": true, "giphyContentRating": "moderate", "allowStickersAndMemes": true, "allowCustomMemes": true,
        },
    })
}

pub(crate) fn channel(tenant: &Tenant, channel: &Channel) -> Value {
    json!({
        "id": channel.id,
        "createdDateTime": time(channel.created),
        "displayName": channel.name,
        "description": channel.description,
        "isFavoriteByDefault": null,
        "email": "",
        "tenantId": tenant.id,
        "webUrl": format!(
            "https://teams.microsoft.com/l/channel/{}/{}?groupId={}&tenantId={}",
            encode(&channel.id), encode(&channel.name), channel.team, tenant.id
        ),
        "membershipType": channel.kind.name(),
        "isArchived": channel.archived,
    })
}

pub(crate) fn chat(tenant: &Tenant, chat: &Chat) -> Value {
    json!({
        "id": chat.id,
        "topic": chat.topic,
        "createdDateTime": time(chat.created),
        "lastUpdatedDateTime": time(chat.updated),
        "chatType": if chat.one_on_one { "oneOnOne" } else { "group" },
        "tenantId": tenant.id,
        "webUrl": format!("https://teams.microsoft.com/l/chat/{}/0?tenantId={}", encode(&chat.id), tenant.id),
        "onlineMeetingInfo": null,
        "viewpoint": null,
    })
}

pub(crate) fn user(user: &User) -> Value {
    let mut names = user.name.splitn(2, ' ');
    json!({
        "id": user.id,
        "displayName": user.name,
        "givenName": names.next(),
        "surname": names.next(),
        "userPrincipalName": user.upn,
        "mail": user.mail,
        "jobTitle": user.job_title,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": user.locale,
        "businessPhones": [],
        "accountEnabled": user.enabled,
        "userType": if user.guest { "Guest" } else { "Member" },
        "externalUserState": if user.guest { Some(if user.can_sign_in { "Accepted" } else { "PendingAcceptance" }) } else { None },
        "createdDateTime": time(user.created),
    })
}
