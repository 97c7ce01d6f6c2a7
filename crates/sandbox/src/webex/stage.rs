//! The world under its lock, with what is needed to act in it.

use std::sync::{Arc, Weak};

use jiff::Timestamp;
use parking_lot::MutexGuard;

use super::Webex;
use super::error::Fail;
use super::ids;
use super::world::{Kind, Member, Message, Person, Room, State, Team};
use crate::core::Core;

/// Nothing in here waits: the lock is held for microseconds.
pub(crate) struct Stage<'a> {
    pub(crate) core: &'a Arc<Core>,
    pub(crate) state: MutexGuard<'a, State>,
    /// For webhooks under way, which report their failures.
    pub(crate) webex: &'a Weak<Webex>,
}

/// As Webex writes times: milliseconds and `Z`.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

impl Stage<'_> {
    /// The emulated time, in whole milliseconds.
    pub(crate) fn now(&self) -> Timestamp {
        let now = self.core.clock.now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    pub(crate) fn fresh(&self, kind: &str) -> String {
        ids::fresh(&self.core.ids, kind)
    }

    pub(crate) fn person(&self, id: &str) -> Result<&Person, Fail> {
        self.state.people.get(id).ok_or_else(|| Fail::none("person"))
    }

    pub(crate) fn by_email(&self, email: &str) -> Option<&Person> {
        self.state.people.values().find(|person| person.email.eq_ignore_ascii_case(email))
    }

    pub(crate) fn name(&self, id: &str) -> String {
        self.state.people.get(id).map(|person| person.display_name.clone()).unwrap_or_default()
    }

    pub(crate) fn is_bot(&self, id: &str) -> bool {
        self.state.people.get(id).is_some_and(|person| person.kind == Kind::Bot)
    }

    pub(crate) fn room(&self, id: &str) -> Result<&Room, Fail> {
        self.state.rooms.get(id).ok_or_else(|| Fail::none("room"))
    }

    pub(crate) fn room_mut(&mut self, id: &str) -> Result<&mut Room, Fail> {
        self.state.rooms.get_mut(id).ok_or_else(|| Fail::none("room"))
    }

    /// A room that this person is in.
    ///
    /// # Errors
    /// 404 for others, as for what does not exist.
    pub(crate) fn own_room(&self, id: &str, person: &str) -> Result<&Room, Fail> {
        let room = self.room(id)?;
        if room.members.contains_key(person) { Ok(room) } else { Err(Fail::none("room")) }
    }

    pub(crate) fn team(&self, id: &str) -> Result<&Team, Fail> {
        self.state.teams.get(id).ok_or_else(|| Fail::none("team"))
    }

    pub(crate) fn team_mut(&mut self, id: &str) -> Result<&mut Team, Fail> {
        self.state.teams.get_mut(id).ok_or_else(|| Fail::none("team"))
    }

    /// A team that this person is in.
    ///
    /// # Errors
    /// 404 for others, as for what does not exist.
    pub(crate) fn own_team(&self, id: &str, person: &str) -> Result<&Team, Fail> {
        let team = self.team(id)?;
        if team.members.contains_key(person) { Ok(team) } else { Err(Fail::none("team")) }
    }

    /// A message with its room, whoever asks.
    pub(crate) fn message(&self, id: &str) -> Result<(&Room, &Message), Fail> {
        let room = self.state.places.get(id).and_then(|room| self.state.rooms.get(room));
        let found = room.and_then(|room| {
            let message = room.messages.get(room.ids.get(id)?)?;
            (!message.deleted).then_some((room, message))
        });
        found.ok_or_else(|| Fail::none("message"))
    }

    /// A message that this person may read. A bot in a group space reads what mentions it and what it wrote.
    ///
    /// # Errors
    /// 404 for all others.
    pub(crate) fn readable(&self, id: &str, person: &str) -> Result<(&Room, &Message), Fail> {
        let (room, message) = self.message(id)?;
        if room.members.contains_key(person) && self.sees(room, message, person) {
            Ok((room, message))
        } else {
            Err(Fail::none("message"))
        }
    }

    /// Whether somebody in the room sees a message.
    pub(crate) fn sees(&self, room: &Room, message: &Message, person: &str) -> bool {
        room.direct
            || message.sender == person
            || message.body.mentions.iter().any(|mentioned| mentioned == person)
            || !self.is_bot(person)
    }
}

impl Room {
    pub(crate) fn kind(&self) -> &'static str {
        if self.direct { "direct" } else { "group" }
    }

    pub(crate) fn is_moderator(&self, person: &str) -> bool {
        self.members.get(person).is_some_and(|member| member.moderator)
    }

    /// The other one of the two in a direct room.
    pub(crate) fn other(&self, person: &str) -> Option<&str> {
        self.members.keys().map(String::as_str).find(|member| *member != person)
    }

    /// A membership by its id.
    pub(crate) fn membership(&self, id: &str) -> Option<(&str, &Member)> {
        let mut members = self.members.iter();
        members
            .find(|(_, member)| member.id == id)
            .map(|(person, member)| (person.as_str(), member))
    }
}
