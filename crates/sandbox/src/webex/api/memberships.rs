//! Memberships of rooms.

use serde_json::Value;

use super::{Answer, Call, Reply};
use crate::webex::error::Fail;

impl Call<'_> {
    /// The room and the person of the membership in the path, in a room that the caller is in.
    fn membership(&self) -> Result<(String, String), Fail> {
        let id = self.id();
        let mut rooms = self.stage.state.rooms.values();
        let found = rooms.find_map(|room| {
            let (person, _) = room.membership(&id)?;
            let inside = room.members.contains_key(&self.who.person);
            inside.then(|| (room.id.clone(), person.to_owned()))
        });
        found.ok_or_else(|| Fail::none("membership"))
    }

    fn membership_reply(&self, room: &str, person: &str) -> Answer {
        let room = self.stage.own_room(room, &self.who.person)?;
        let member = room.members.get(person).ok_or_else(|| Fail::none("membership"))?;
        Ok(Reply::ok(self.stage.shown_membership(room, person, member)))
    }
}

/// Of a room; without one, the caller's own.
pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let me = call.me();
    let (id, email) = (call.query("personId"), call.query("personEmail"));
    let Some(room) = call.query("roomId") else {
        if id.or(email).is_some() {
            return Err(Fail::missing("roomId"));
        }
        let mine = call.stage.state.rooms.values();
        let mine: Vec<Value> = mine
            .filter_map(|room| Some(call.stage.shown_membership(room, &me, room.members.get(&me)?)))
            .collect();
        return call.listing(mine.into_iter(), 100, 1000);
    };
    let room = call.stage.own_room(room, &me)?;
    let members = room.members.iter().filter(|(person, _)| {
        let known = call.stage.person(person);
        id.is_none_or(|id| id == *person)
            && email.is_none_or(|email| {
                known.is_ok_and(|known| known.email.eq_ignore_ascii_case(email))
            })
    });
    let shown: Vec<Value> =
        members.map(|(person, member)| call.stage.shown_membership(room, person, member)).collect();
    call.listing(shown.into_iter(), 100, 1000)
}

pub(super) fn create(call: &mut Call<'_>) -> Answer {
    let (room, me) = (call.needed("roomId")?, call.me());
    let moderator = call.truth("isModerator")?.unwrap_or(false);
    call.stage.own_room(&room, &me)?;
    let person = call.person_meant()?;
    call.stage.add_member(&room, &me, &person, moderator)?;
    call.membership_reply(&room, &person)
}

pub(super) fn get(call: &mut Call<'_>) -> Answer {
    let (room, person) = call.membership()?;
    call.membership_reply(&room, &person)
}

pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let (room, person) = call.membership()?;
    let moderator = call.truth("isModerator")?.ok_or_else(|| Fail::missing("isModerator"))?;
    let hidden = call.truth("isRoomHidden")?.ok_or_else(|| Fail::missing("isRoomHidden"))?;
    let me = call.me();
    call.stage.change_member(&room, &me, &person, moderator, hidden)?;
    call.membership_reply(&room, &person)
}

pub(super) fn delete(call: &mut Call<'_>) -> Answer {
    let ((room, person), me) = (call.membership()?, call.me());
    call.stage.remove_member(&room, &me, &person)?;
    Ok(Reply::done())
}
