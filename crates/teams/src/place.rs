//! Names of things in Graph: which channel, which message in it.

use rialto_model::RemoteId;

/// A channel: Graph needs its team too. As a `RemoteId` it is `{team}/{channel}`; `chat/{id}` is
/// a chat.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub team: String,
    pub channel: String,
}

impl Place {
    pub fn new(team: &str, channel: &str) -> Option<Self> {
        (is_id(team) && is_id(channel) && team != "chat")
            .then(|| Self { team: team.into(), channel: channel.into() })
    }

    pub fn parse(id: &RemoteId) -> Option<Self> {
        let (team, channel) = id.as_str().split_once('/')?;
        Self::new(team, channel)
    }

    pub fn id(&self) -> RemoteId {
        RemoteId::from(format!("{}/{}", self.team, self.channel))
    }

    /// What a subscription names for the channel's messages and replies.
    pub fn messages_resource(&self) -> String {
        format!("/teams/{}/channels/{}/messages", self.team, self.channel)
    }
}

/// The chat that a `RemoteId` names.
pub(crate) fn chat_of(id: &RemoteId) -> Option<&str> {
    id.as_str().strip_prefix("chat/").filter(|chat| is_id(chat))
}

/// A chat as a `RemoteId`.
pub(crate) fn chat(id: &str) -> Option<RemoteId> {
    is_id(id).then(|| RemoteId::from(format!("chat/{id}")))
}

/// A message of a channel: replies need their root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MessagePath {
    pub place: Place,
    pub message: String,
    pub root: Option<String>,
}

impl MessagePath {
    pub fn segments(&self) -> Vec<&str> {
        let mut path = vec!["teams", &self.place.team, "channels", &self.place.channel, "messages"];
        match &self.root {
            Some(root) => path.extend([root.as_str(), "replies", &self.message]),
            None => path.push(&self.message),
        }
        path
    }

    /// Reads `teams('a')/channels('b')/messages('c')/replies('d')`, and the same with slashes.
    pub fn parse(resource: &str) -> Option<Self> {
        let (mut team, mut channel, mut message, mut reply) = (None, None, None, None);
        let path = resource.split(['?', '#']).next().unwrap_or_default();
        let mut segments = path.split('/');
        while let Some(segment) = segments.next() {
            let (name, id) = match segment.split_once("('") {
                Some((name, rest)) => (name, rest.strip_suffix("')")),
                None => (segment, None),
            };
            let slot = match name.to_ascii_lowercase().as_str() {
                "teams" => &mut team,
                "channels" => &mut channel,
                "messages" => &mut message,
                "replies" => &mut reply,
                _ => continue,
            };
            *slot = id.or_else(|| segments.next()).map(decoded);
        }
        let place = Place::new(&team?, &channel?)?;
        let message = message.filter(|id| is_id(id))?;
        Some(match reply.filter(|id| is_id(id)) {
            Some(reply) => Self { place, message: reply, root: Some(message) },
            None => Self { place, message, root: None },
        })
    }
}

/// Whether a text can be one segment of a path.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 512
        && text != "."
        && text != ".."
        && !text.contains(|c: char| c.is_control() || c.is_whitespace() || "/\\?#'".contains(c))
}

/// Percent-decoding of one segment.
pub(crate) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        match hex.and_then(|hex| hex::decode(hex).ok()) {
            Some(byte) => {
                out.extend(byte);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_read_in_both_spellings() {
        let place = Place::new("T1", "19:c@thread.tacv2").unwrap();
        let root = MessagePath { place: place.clone(), message: "1".into(), root: None };
        let reply = MessagePath { place, message: "2".into(), root: Some("1".into()) };
        for (resource, expected) in [
            ("teams('T1')/channels('19:c@thread.tacv2')/messages('1')", Some(&root)),
            ("teams/T1/channels/19:c@thread.tacv2/messages/1", Some(&root)),
            ("/teams/T1/channels/19%3Ac%40thread.tacv2/messages/1", Some(&root)),
            (
                "https://graph.example/v1.0/teams/T1/channels/19:c@thread.tacv2/messages/1?x=1",
                Some(&root),
            ),
            ("Teams('T1')/Channels('19:c@thread.tacv2')/Messages('1')/Replies('2')", Some(&reply)),
            ("teams/T1/channels/19:c@thread.tacv2/messages/1/replies/2", Some(&reply)),
            ("chats('19:x')/messages('1')", None),
            ("teams('T1')/channels('..')/messages('1')", None),
            ("teams('T1')/channels('a b')/messages('1')", None),
            ("teams/T1/channels", None),
            ("", None),
        ] {
            assert_eq!(MessagePath::parse(resource).as_ref(), expected, "{resource}");
        }
    }

    #[test]
    fn a_place_survives_its_id() {
        let place = Place::new("team", "19:c@thread.tacv2").unwrap();
        assert_eq!(Place::parse(&place.id()), Some(place));
        for id in ["", "team", "team/", "/channel", "chat/19:x", "a/b/c", "a/.."] {
            assert_eq!(Place::parse(&RemoteId::from(id)), None, "{id}");
        }
    }
}
