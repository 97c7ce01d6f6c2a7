//! Rooms.

use std::cmp::Reverse;

use serde_json::Value;

use super::{Answer, Call, Reply};
use crate::webex::error::Fail;
use crate::webex::rooms::Change;
use crate::webex::world::Room;

impl Call<'_> {
    fn change(&self) -> Result<Change, Fail> {
        Ok(Change {
            title: self.text("title").map(str::to_owned),
            locked: self.truth("isLocked")?,
            announcement: self.truth("isAnnouncementOnly")?,
            public: self.truth("isPublic")?,
            description: self.text("description").map(str::to_owned),
            team: self.text("teamId").map(str::to_owned),
        })
    }

    fn room_reply(&self, id: &str) -> Answer {
        let room = self.stage.own_room(id, &self.who.person)?;
        Ok(Reply::ok(self.stage.shown_room(room, &self.who.person)))
    }
}

pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let me = call.me();
    let public = call.query("orgPublicSpaces") == Some("true");
    if public && ["teamId", "type", "sortBy"].iter().any(|name| call.query(name).is_some()) {
        return Err(Fail::bad("orgPublicSpaces cannot be combined with other filters."));
    }
    let kind = call.query("type");
    if kind.is_some_and(|kind| !matches!(kind, "direct" | "group")) {
        return Err(Fail::bad("type must be direct or group."));
    }
    let team = call.query("teamId");
    let org = call.stage.person(&me)?.org.clone();
    let rooms = call.stage.state.rooms.values().filter(|room| {
        let concerned = if public {
            room.public.is_some() && room.owner == org
        } else {
            room.members.contains_key(&me)
        };
        concerned
            && kind.is_none_or(|kind| kind == room.kind())
            && team.is_none_or(|team| room.team.as_deref() == Some(team))
    });
    let mut rooms: Vec<&Room> = rooms.collect();
    match call.query("sortBy") {
        None if public => rooms.sort_by_key(|room| Reverse(room.public)),
        None | Some("id") => {}
        Some("lastactivity") => rooms.sort_by_key(|room| Reverse(room.active)),
        Some("created") => rooms.sort_by_key(|room| Reverse(room.created)),
        Some(_) => return Err(Fail::bad("sortBy must be id, lastactivity or created.")),
    }
    let shown: Vec<Value> =
        rooms.into_iter().map(|room| call.stage.shown_room(room, &me)).collect();
    call.listing(shown.into_iter(), 100, 1000)
}

pub(super) fn create(call: &mut Call<'_>) -> Answer {
    call.needed("title")?;
    let (me, change) = (call.me(), call.change()?);
    let id = call.stage.create_room(&me, change)?;
    call.room_reply(&id)
}

pub(super) fn get(call: &mut Call<'_>) -> Answer {
    call.room_reply(&call.id())
}

pub(super) fn update(call: &mut Call<'_>) -> Answer {
    call.needed("title")?;
    let (id, me, change) = (call.id(), call.me(), call.change()?);
    call.stage.change_room(&id, &me, change)?;
    call.room_reply(&id)
}

pub(super) fn delete(call: &mut Call<'_>) -> Answer {
    let (id, me) = (call.id(), call.me());
    call.stage.delete_room(&id, &me)?;
    Ok(Reply::done())
}
