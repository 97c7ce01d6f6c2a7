//! The API's operations: path, rate limit label, scopes, and what each does.
//!
//! Labels and scopes are those of the vendor's description. An operation not in this table is not emulated.

use super::{
    Answer, Call, Operation, channels, contacts, files, members, messages, reading, users,
};
use crate::zoom::rates::Label;

type Run = fn(&mut Call<'_>) -> Answer;

const fn light(
    verb: &'static str,
    path: &'static str,
    scopes: &'static [&'static str],
    run: Run,
) -> Operation {
    Operation { verb, path, label: Label::Light, scopes, takes_file: false, run }
}

const fn medium(
    verb: &'static str,
    path: &'static str,
    scopes: &'static [&'static str],
    run: Run,
) -> Operation {
    Operation { verb, path, label: Label::Medium, scopes, takes_file: false, run }
}

const fn upload(path: &'static str, scopes: &'static [&'static str], run: Run) -> Operation {
    Operation { verb: "POST", path, label: Label::Upload, scopes, takes_file: true, run }
}

const MEMBERS: &[&str] = &["team_chat:write:members", "chat_channel:write"];
const READ_MEMBERS: &[&str] =
    &["team_chat:read:list_members", "chat_channel:read", "chat_channel:write"];
const READ_MESSAGE: &[&str] =
    &["team_chat:read:user_message", "chat_message:read", "chat_message:write"];

/// Where two fit a path, the first counts.
static OPERATIONS: &[Operation] = &[
    medium(
        "GET",
        "/users",
        &["user:read:list_users:admin", "user:read:admin", "user:write:admin"],
        users::list,
    ),
    light("GET", "/users/email", &["user:read:email", "user:read", "user:write"], users::email),
    light(
        "GET",
        "/users/{userId}",
        &["user:read:user", "user:read", "user:write", "user_info:read", "user_profile"],
        users::get,
    ),
    medium("GET", "/contacts", &["contact:read:list_contacts", "contact:read"], contacts::search),
    medium(
        "GET",
        "/chat/users/me/contacts",
        &["team_chat:read:list_contacts", "chat_contact:read"],
        contacts::list,
    ),
    medium(
        "GET",
        "/chat/users/me/contacts/{identifier}",
        &["team_chat:read:contact", "chat_contact:read"],
        contacts::get,
    ),
    light(
        "GET",
        "/chat/emoji",
        &["team_chat:read:list_custom_emojis", "chat:read", "chat:write"],
        contacts::emoji,
    ),
    medium(
        "GET",
        "/chat/channels",
        &[
            "team_chat:read:list_channels:admin",
            "chat_channel:read:admin",
            "chat_channel:write:admin",
        ],
        channels::list_public,
    ),
    Operation {
        verb: "POST",
        path: "/chat/channels/search",
        label: Label::ResourceIntensive,
        scopes: &["team_chat:write:search_channels", "chat_channel:read", "chat_channel:write"],
        takes_file: false,
        run: channels::search,
    },
    light(
        "PATCH",
        "/chat/channels/events",
        &["team_chat:update:archive_channels", "chat_channel:write"],
        channels::archive,
    ),
    medium(
        "GET",
        "/chat/channels/{channelId}",
        &["team_chat:read:channel", "chat_channel:read", "chat_channel:write"],
        channels::get,
    ),
    medium(
        "PATCH",
        "/chat/channels/{channelId}",
        &["team_chat:update:channel", "chat_channel:write"],
        channels::update,
    ),
    medium(
        "DELETE",
        "/chat/channels/{channelId}",
        &["team_chat:delete:channel", "chat_channel:write"],
        channels::delete,
    ),
    medium("GET", "/chat/channels/{channelId}/members", READ_MEMBERS, members::list),
    medium("POST", "/chat/channels/{channelId}/members", MEMBERS, members::invite),
    medium(
        "DELETE",
        "/chat/channels/{channelId}/members",
        &["team_chat:delete:batch_members", "chat_channel:write"],
        members::remove_many,
    ),
    medium(
        "POST",
        "/chat/channels/{channelId}/members/me",
        &["team_chat:write:member", "chat_channel:write"],
        members::join,
    ),
    medium(
        "DELETE",
        "/chat/channels/{channelId}/members/me",
        &["team_chat:delete:member", "chat_channel:write"],
        members::leave,
    ),
    medium(
        "DELETE",
        "/chat/channels/{channelId}/members/{identifier}",
        &["team_chat:delete:member", "chat_channel:write"],
        members::remove,
    ),
    medium(
        "GET",
        "/chat/users/{userId}/channels",
        &["team_chat:read:list_user_channels", "chat_channel:read", "chat_channel:write"],
        channels::list,
    ),
    medium(
        "POST",
        "/chat/users/{userId}/channels",
        &["team_chat:write:user_channel", "chat_channel:write"],
        channels::create,
    ),
    medium(
        "GET",
        "/chat/users/{userId}/channels/{channelId}",
        &["team_chat:read:user_channel", "chat_channel:read", "chat_channel:write"],
        channels::get,
    ),
    medium(
        "PATCH",
        "/chat/users/{userId}/channels/{channelId}",
        &["team_chat:update:user_channel", "chat_channel:write"],
        channels::update,
    ),
    medium(
        "DELETE",
        "/chat/users/{userId}/channels/{channelId}",
        &["team_chat:delete:user_channel", "chat_channel:write"],
        channels::delete,
    ),
    medium("GET", "/chat/users/{userId}/channels/{channelId}/members", READ_MEMBERS, members::list),
    medium("POST", "/chat/users/{userId}/channels/{channelId}/members", MEMBERS, members::invite),
    medium(
        "DELETE",
        "/chat/users/{userId}/channels/{channelId}/members",
        &["team_chat:delete:member:admin", "chat_channel:write"],
        members::remove_many,
    ),
    medium(
        "GET",
        "/chat/users/{userId}/sessions",
        &["team_chat:read:list_user_sessions", "chat_message:read"],
        reading::sessions,
    ),
    medium(
        "GET",
        "/chat/users/{userId}/messages",
        &["team_chat:read:list_user_messages", "chat_message:read", "chat_message:write"],
        reading::list,
    ),
    medium(
        "POST",
        "/chat/users/{userId}/messages",
        &["team_chat:write:user_message", "chat_message:write"],
        messages::send,
    ),
    upload(
        "/chat/users/{userId}/messages/files",
        &["team_chat:write:message_files", "chat_message:write"],
        files::send,
    ),
    upload(
        "/chat/users/{userId}/files",
        &["team_chat:write:files", "chat_message:write"],
        files::upload,
    ),
    medium("GET", "/chat/users/{userId}/messages/{messageId}", READ_MESSAGE, reading::get),
    medium(
        "PUT",
        "/chat/users/{userId}/messages/{messageId}",
        &["team_chat:update:user_message", "chat_message:write"],
        messages::edit,
    ),
    medium(
        "DELETE",
        "/chat/users/{userId}/messages/{messageId}",
        &["team_chat:delete:user_message", "chat_message:write"],
        messages::delete,
    ),
    medium(
        "PATCH",
        "/chat/users/{userId}/messages/{messageId}/emoji_reactions",
        &["team_chat:update:message_emoji", "chat_message:write"],
        messages::react,
    ),
    medium(
        "PATCH",
        "/chat/users/{userId}/messages/{messageId}/status",
        &["team_chat:update:message_status", "chat_message:write"],
        messages::mark,
    ),
    medium(
        "GET",
        "/chat/users/{userId}/messages/{messageId}/thread",
        &["team_chat:read:thread_message", "chat_message:read"],
        reading::thread,
    ),
    light("GET", "/chat/files/{fileId}", &["team_chat:read:file", "chat:read"], files::info),
    light(
        "DELETE",
        "/chat/files/{fileId}",
        &["team_chat:delete:file", "chat:write"],
        files::delete,
    ),
];

/// The operation of a call, and what stands in its path's places.
pub(crate) fn find(
    verb: &str,
    path: &str,
) -> Option<(&'static Operation, Vec<(&'static str, String)>)> {
    let given: Vec<&str> = path.trim_matches('/').split('/').collect();
    OPERATIONS.iter().filter(|operation| operation.verb == verb).find_map(|operation| {
        let wanted: Vec<&'static str> = operation.path.trim_matches('/').split('/').collect();
        if wanted.len() != given.len() {
            return None;
        }
        let mut named = Vec::new();
        for (want, have) in wanted.into_iter().zip(&given) {
            match want.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) => named.push((name, decoded(have))),
                None if want == *have => {}
                None => return None,
            }
        }
        Some((operation, named))
    })
}

/// `%7B…%7D` and the like, in a path.
fn decoded(segment: &str) -> String {
    // A plus sign means itself in a path; only in a query is it a blank.
    let query = segment.replace('+', "%2B");
    url::form_urlencoded::parse(query.as_bytes())
        .map(|(key, _)| key.into_owned())
        .next()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_finds_its_operation() {
        for (verb, path, operation, named) in [
            ("GET", "/users/me", "GET /users/{userId}", vec![("userId", "me")]),
            ("GET", "/users/email", "GET /users/email", vec![]),
            ("PATCH", "/chat/channels/events", "PATCH /chat/channels/events", vec![]),
            (
                "DELETE",
                "/chat/channels/c/members/me",
                "DELETE /chat/channels/{channelId}/members/me",
                vec![("channelId", "c")],
            ),
            (
                "DELETE",
                "/chat/channels/c/members/a%40x.example",
                "DELETE /chat/channels/{channelId}/members/{identifier}",
                vec![("channelId", "c"), ("identifier", "a@x.example")],
            ),
            (
                "PUT",
                "/chat/users/me/messages/%7BAB+C%7D",
                "PUT /chat/users/{userId}/messages/{messageId}",
                vec![("userId", "me"), ("messageId", "{AB+C}")],
            ),
        ] {
            let (found, places) = find(verb, path).unwrap();
            let places: Vec<(&str, &str)> =
                places.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!((found.name().as_str(), places), (operation, named));
        }
        assert!(find("GET", "/nothing").is_none() && find("PUT", "/users").is_none());
    }
}
