//! Where a message is: in a space, or between the service user and one other person.

use rialto_model::RemoteId;

/// What the id of a conversation with one person begins with: no space's id does.
const WITH: char = '@';

/// A conversation, as calls of the API name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// A space, by its id.
    Room(&'a str),
    /// The conversation with somebody, by their id.
    Person(&'a str),
}

impl<'a> Place<'a> {
    /// Reads a conversation's id.
    pub fn of(conversation: &'a RemoteId) -> Self {
        let id = conversation.as_str();
        id.strip_prefix(WITH).map_or(Self::Room(id), Self::Person)
    }

    /// The field of a new message that says where it goes, and its value.
    pub fn destination(self) -> (&'static str, &'a str) {
        match self {
            Self::Room(id) => ("roomId", id),
            Self::Person(id) => ("toPersonId", id),
        }
    }

    /// Where its messages are listed: the path, and the parameter that says of which.
    pub fn listing(self) -> (&'static [&'static str], (&'static str, &'a str)) {
        match self {
            Self::Room(id) => (&["messages"], ("roomId", id)),
            Self::Person(id) => (&["messages", "direct"], ("personId", id)),
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
    fn a_conversation_is_a_space_or_with_somebody() {
        assert_eq!(Place::of(&"r1".into()).destination(), ("roomId", "r1"));
        let with = with("p1");
        assert_eq!(Place::of(&with).destination(), ("toPersonId", "p1"));
        assert_eq!(Place::of(&with).listing().1, ("personId", "p1"));
    }
}
