//! Where a message is: in a channel, or between the service user and one other person.

use rialto_model::RemoteId;

/// What the id of a conversation with one person begins with: no channel's id does.
const WITH: char = '@';

/// A conversation, as calls of the API name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// A channel, by its id.
    Channel(&'a str),
    /// The conversation with somebody, by their user id or member id.
    Contact(&'a str),
}

impl<'a> Place<'a> {
    /// Reads a conversation's id.
    pub fn of(conversation: &'a RemoteId) -> Self {
        let id = conversation.as_str();
        id.strip_prefix(WITH).map_or(Self::Channel(id), Self::Contact)
    }

    /// The parameter that says where, and its value.
    pub fn parameter(self) -> (&'static str, &'a str) {
        match self {
            Self::Channel(id) => ("to_channel", id),
            Self::Contact(id) => ("to_contact", id),
        }
    }
}

/// The conversation with somebody.
pub(crate) fn with(account: &str) -> RemoteId {
    format!("{WITH}{account}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_a_channel_or_with_somebody() {
        assert_eq!(Place::of(&"c1".into()).parameter(), ("to_channel", "c1"));
        assert_eq!(Place::of(&with("u1")).parameter(), ("to_contact", "u1"));
    }
}
