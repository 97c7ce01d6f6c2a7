//! What people and apps do with rooms and their members, once, for both.

use super::error::Fail;
use super::ids;
use super::stage::Stage;
use super::world::{Kind, Member, Person, Room};

/// What changes in a room; nothing leaves it as it is.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) title: Option<String>,
    pub(crate) locked: Option<bool>,
    pub(crate) announcement: Option<bool>,
    pub(crate) public: Option<bool>,
    /// One blank takes it away.
    pub(crate) description: Option<String>,
    pub(crate) team: Option<String>,
}

impl Stage<'_> {
    /// Whether two people may be in one room, and whether a bot may be with them.
    ///
    /// # Errors
    /// 403 where an organization blocks external messaging, or the bot.
    pub(crate) fn may_meet(&self, one: &str, other: &str) -> Result<(), Fail> {
        let (one, other) = (self.person(one)?, self.person(other)?);
        for (person, with) in [(one, other), (other, one)] {
            let Some(org) = self.state.orgs.get(&person.org) else { continue };
            if with.kind == Kind::Bot {
                let allowed =
                    org.policy.bots.as_ref().is_none_or(|bots| bots.contains(&with.email));
                if person.kind == Kind::Person && !allowed {
                    return Err(Fail::forbidden(
                        "This bot is not allowed by the organization's administrator.",
                    ));
                }
            } else if org.policy.block_external && with.org != person.org {
                return Err(Fail::forbidden(
                    "The organization does not allow messaging with people outside of it.",
                ));
            }
        }
        Ok(())
    }

    /// Makes a group room with its creator in it; answers with its id.
    ///
    /// # Errors
    /// 400 where the change makes no sense, 404 for a team that the creator is not in.
    pub(crate) fn create_room(&mut self, by: &str, mut change: Change) -> Result<String, Fail> {
        let (id, now) = (self.fresh("ROOM"), self.now());
        let owner = self.person(by)?.org.clone();
        let team = change.team.take();
        if let Some(team) = &team {
            self.own_team(team, by)?;
        }
        let room = Room {
            id: id.clone(),
            team,
            creator: by.to_owned(),
            owner,
            created: now,
            active: now,
            ..Room::default()
        };
        self.insert_room(room, by, change)?;
        Ok(id)
    }

    /// Puts a room into the world, its first member with it.
    pub(crate) fn insert_room(
        &mut self,
        mut room: Room,
        by: &str,
        change: Change,
    ) -> Result<(), Fail> {
        let id = room.id.clone();
        apply(&mut room, by, change)?;
        self.state.rooms.insert(id.clone(), room);
        let moderator = self.room(&id)?.locked;
        self.insert_member(&id, by, moderator)?;
        self.tell_room(&id, "created", by);
        self.tell_membership(&id, by, "created", by);
        Ok(())
    }

    fn insert_member(&mut self, room: &str, person: &str, moderator: bool) -> Result<(), Fail> {
        let created = self.now();
        let id = ids::membership("MEMBERSHIP", person, room);
        let member = Member { id, moderator, hidden: false, created };
        self.room_mut(room)?.members.insert(person.to_owned(), member);
        Ok(())
    }

    /// Changes a room.
    ///
    /// # Errors
    /// 403 for those who are no moderators of a moderated one; 400 for a direct one, and where it makes no sense.
    pub(crate) fn change_room(&mut self, id: &str, by: &str, change: Change) -> Result<(), Fail> {
        let room = self.own_room(id, by)?;
        if room.direct {
            return Err(Fail::bad("A direct space cannot be updated."));
        }
        if room.locked && !room.is_moderator(by) {
            return Err(Fail::forbidden("Only moderators can update a moderated space."));
        }
        if let Some(team) = &change.team {
            if room.team.as_ref().is_some_and(|known| known != team) {
                return Err(Fail::bad("The space belongs to another team."));
            }
            self.own_team(team, by)?;
        }
        apply(self.room_mut(id)?, by, change)?;
        self.tell_room(id, "updated", by);
        Ok(())
    }

    /// Adds somebody.
    ///
    /// # Errors
    /// 409 when they are in it; 403 in a direct room, for those who are no moderators of a moderated one, and where an
    /// organization forbids it.
    pub(crate) fn add_member(
        &mut self,
        room: &str,
        by: &str,
        person: &str,
        moderator: bool,
    ) -> Result<(), Fail> {
        let known = self.own_room(room, by)?;
        if known.direct {
            return Err(Fail::forbidden("Nobody can be added to a direct space."));
        }
        if known.locked && !known.is_moderator(by) {
            return Err(Fail::forbidden("Only moderators can add people to a moderated space."));
        }
        if moderator && !known.locked {
            return Err(Fail::bad("Only a moderated space has moderators."));
        }
        if known.members.contains_key(person) {
            return Err(Fail::new(409, "User is already a participant."));
        }
        let members: Vec<String> = known.members.keys().cloned().collect();
        for member in &members {
            self.may_meet(member, person)?;
        }
        self.insert_member(room, person, moderator)?;
        self.tell_membership(room, person, "created", by);
        Ok(())
    }

    /// Somebody joins a public room by themselves.
    ///
    /// # Errors
    /// 403 where it is not public, or belongs to another organization; 409 for a member.
    pub(crate) fn join(&mut self, room: &str, person: &str) -> Result<(), Fail> {
        let known = self.room(room)?;
        if known.public.is_none() || known.owner != self.person(person)?.org {
            return Err(Fail::forbidden("The space is not public."));
        }
        if known.members.contains_key(person) {
            return Err(Fail::new(409, "User is already a participant."));
        }
        self.insert_member(room, person, false)?;
        self.tell_membership(room, person, "created", person);
        Ok(())
    }

    /// Changes a membership: moderators name moderators; who a direct room is hidden from decides so alone.
    ///
    /// # Errors
    /// 403 for others.
    pub(crate) fn change_member(
        &mut self,
        room: &str,
        by: &str,
        person: &str,
        moderator: bool,
        hidden: bool,
    ) -> Result<(), Fail> {
        let known = self.own_room(room, by)?;
        let member = known.members.get(person).ok_or_else(|| Fail::none("membership"))?;
        if moderator != member.moderator {
            if !known.locked {
                return Err(Fail::bad("Only a moderated space has moderators."));
            }
            if !known.is_moderator(by) {
                return Err(Fail::forbidden("Only moderators can change who is a moderator."));
            }
        }
        if hidden && !known.direct {
            return Err(Fail::bad("Only direct spaces can be hidden."));
        }
        if hidden != member.hidden && by != person {
            return Err(Fail::forbidden("Only your own space can be hidden."));
        }
        if let Some(member) = self.room_mut(room)?.members.get_mut(person) {
            (member.moderator, member.hidden) = (moderator, hidden);
        }
        self.tell_membership(room, person, "updated", by);
        Ok(())
    }

    /// Somebody leaves or is removed.
    ///
    /// # Errors
    /// 403 in a direct room, and in a moderated one for those who are no moderators and not the one who leaves.
    pub(crate) fn remove_member(&mut self, room: &str, by: &str, person: &str) -> Result<(), Fail> {
        let known = self.own_room(room, by)?;
        if !known.members.contains_key(person) {
            return Err(Fail::none("membership"));
        }
        if known.direct {
            return Err(Fail::forbidden("A direct space cannot be left."));
        }
        if known.locked && by != person && !known.is_moderator(by) {
            return Err(Fail::forbidden(
                "Only moderators can remove people from a moderated space.",
            ));
        }
        self.tell_membership(room, person, "deleted", by);
        let known = self.room_mut(room)?;
        known.members.remove(person);
        if known.members.is_empty() {
            self.forget_room(room);
        }
        Ok(())
    }

    /// Deletes a room for everybody.
    ///
    /// # Errors
    /// 403 for a direct one, and for those who are no moderators of a moderated one.
    pub(crate) fn delete_room(&mut self, id: &str, by: &str) -> Result<(), Fail> {
        let room = self.own_room(id, by)?;
        if room.direct {
            return Err(Fail::forbidden("A direct space cannot be deleted."));
        }
        if room.locked && !room.is_moderator(by) {
            return Err(Fail::forbidden("Only moderators can delete a moderated space."));
        }
        let members: Vec<String> = room.members.keys().cloned().collect();
        for member in &members {
            self.tell_membership(id, member, "deleted", by);
        }
        self.forget_room(id);
        Ok(())
    }

    pub(crate) fn forget_room(&mut self, id: &str) {
        let Some(room) = self.state.rooms.remove(id) else { return };
        for message in room.messages.values() {
            self.state.places.remove(&message.id);
        }
        self.state.files.retain(|_, file| file.room != id);
    }

    /// Moves a room to another region: it gets a new id, and its memberships with it. What stays is its messages' ids.
    /// The old id names nothing any more.
    pub(crate) fn migrate(&mut self, id: &str) -> Result<String, Fail> {
        let fresh = self.fresh("ROOM");
        let mut room = self.state.rooms.remove(id).ok_or_else(|| Fail::none("room"))?;
        room.id.clone_from(&fresh);
        for (person, member) in &mut room.members {
            member.id = ids::membership("MEMBERSHIP", person, &fresh);
        }
        for message in room.messages.values() {
            self.state.places.insert(message.id.clone(), fresh.clone());
        }
        for file in self.state.files.values_mut().filter(|file| file.room == id) {
            file.room.clone_from(&fresh);
        }
        let creator = room.creator.clone();
        self.state.rooms.insert(fresh.clone(), room);
        self.tell_room(&fresh, "migrated", &creator);
        Ok(fresh)
    }

    /// Somebody by e-mail; who is not known yet is invited, as somebody outside of every organization.
    ///
    /// # Errors
    /// 400 for what is no address; 404 for a bot that does not exist.
    pub(crate) fn invite(&mut self, email: &str) -> Result<String, Fail> {
        if let Some(person) = self.by_email(email) {
            return Ok(person.id.clone());
        }
        let domain = email.split_once('@').map_or("", |(_, domain)| domain);
        if !domain.contains('.') || email.contains([' ', '<', '>']) {
            return Err(Fail::bad(format!("Invalid email address: {email}")));
        }
        if domain == "webex.bot" {
            return Err(Fail::none("person"));
        }
        let (id, now) = (self.fresh("PEOPLE"), self.now());
        let person = Person {
            id: id.clone(),
            org: ids::of("ORGANIZATION", "consumer"),
            kind: Kind::Person,
            email: email.to_ascii_lowercase(),
            display_name: email.to_owned(),
            first_name: email.to_owned(),
            last_name: String::new(),
            title: None,
            department: None,
            avatar: None,
            timezone: None,
            admin: false,
            inactive: false,
            pending: true,
            created: now,
            modified: now,
        };
        self.state.people.insert(id.clone(), person);
        Ok(id)
    }
}

/// Makes the change. Whoever makes a room moderated becomes its moderator.
fn apply(room: &mut Room, by: &str, change: Change) -> Result<(), Fail> {
    let Change { title, locked, announcement, public, description, team } = change;
    let locks = locked.unwrap_or(room.locked);
    let announces = announcement.unwrap_or(room.announcement);
    if announces && !locks {
        return Err(Fail::bad("A space can only be put into announcement mode when it is locked."));
    }
    let description = match description {
        Some(blank) if blank == " " => None,
        Some(text) => Some(text),
        None => room.description.take(),
    };
    if public == Some(true) && description.is_none() {
        return Err(Fail::bad("A public space needs a description."));
    }
    room.description = description;
    if let Some(title) = title {
        room.title = title;
    }
    if let Some(public) = public {
        room.public = public.then_some(room.public.unwrap_or(room.active));
    }
    room.team = team.or(room.team.take());
    if locks != room.locked {
        for (person, member) in &mut room.members {
            member.moderator = locks && person == by;
        }
    }
    (room.locked, room.announcement) = (locks, announces);
    Ok(())
}
