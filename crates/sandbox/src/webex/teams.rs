//! Teams and their members. Every team has a General space with all of its members in it, whose moderators are the
//! team's.

use super::error::Fail;
use super::ids;
use super::rooms::Change;
use super::stage::Stage;
use super::world::{Member, Room, Team};

impl Stage<'_> {
    /// Makes a team with its General space; whoever makes it is its moderator. Answers with its id.
    pub(crate) fn create_team(
        &mut self,
        by: &str,
        name: &str,
        description: Option<String>,
    ) -> Result<String, Fail> {
        let (id, now) = (self.fresh("TEAM"), self.now());
        let owner = self.person(by)?.org.clone();
        let mut team = Team {
            id: id.clone(),
            name: name.to_owned(),
            description,
            created: now,
            members: Default::default(),
        };
        let member = Member {
            id: ids::membership("TEAM_MEMBERSHIP", by, &id),
            moderator: true,
            hidden: false,
            created: now,
        };
        team.members.insert(by.to_owned(), member);
        self.state.teams.insert(id.clone(), team);
        let room = Room {
            id: ids::general_of(&id),
            team: Some(id.clone()),
            creator: by.to_owned(),
            owner,
            created: now,
            active: now,
            ..Room::default()
        };
        let change =
            Change { title: Some(name.to_owned()), locked: Some(true), ..Change::default() };
        self.insert_room(room, by, change)?;
        Ok(id)
    }

    /// Checks that somebody moderates the team.
    ///
    /// # Errors
    /// 404 for those who are not in it, 403 for its other members.
    pub(crate) fn moderates_team(&self, team: &str, by: &str) -> Result<(), Fail> {
        let known = self.own_team(team, by)?;
        if known.members.get(by).is_some_and(|member| member.moderator) {
            Ok(())
        } else {
            Err(Fail::forbidden("Only moderators of a team can do that."))
        }
    }

    /// Adds somebody to a team and its General space.
    ///
    /// # Errors
    /// 409 for a member, 403 for others than moderators.
    pub(crate) fn add_to_team(
        &mut self,
        team: &str,
        by: &str,
        person: &str,
        moderator: bool,
    ) -> Result<(), Fail> {
        self.moderates_team(team, by)?;
        if self.team(team)?.members.contains_key(person) {
            return Err(Fail::new(409, "User is already a team member."));
        }
        self.add_member(&ids::general_of(team), by, person, moderator)?;
        let created = self.now();
        let id = ids::membership("TEAM_MEMBERSHIP", person, team);
        let member = Member { id, moderator, hidden: false, created };
        self.team_mut(team)?.members.insert(person.to_owned(), member);
        Ok(())
    }

    /// Makes a team member a moderator, or no longer.
    ///
    /// # Errors
    /// 403 for others than moderators.
    pub(crate) fn change_in_team(
        &mut self,
        team: &str,
        by: &str,
        person: &str,
        moderator: bool,
    ) -> Result<(), Fail> {
        self.moderates_team(team, by)?;
        self.change_member(&ids::general_of(team), by, person, moderator, false)?;
        if let Some(member) = self.team_mut(team)?.members.get_mut(person) {
            member.moderator = moderator;
        }
        Ok(())
    }

    /// Somebody leaves a team or is removed from it, and from its General space.
    ///
    /// # Errors
    /// 403 for others than moderators and the one who leaves, and for the last moderator.
    pub(crate) fn remove_from_team(
        &mut self,
        team: &str,
        by: &str,
        person: &str,
    ) -> Result<(), Fail> {
        if by != person {
            self.moderates_team(team, by)?;
        }
        let moderators = self.team(team)?.members.iter().filter(|(_, member)| member.moderator);
        let moderators: Vec<&String> = moderators.map(|(id, _)| id).collect();
        if moderators == [person] {
            return Err(Fail::forbidden("The last moderator of a team cannot be removed."));
        }
        self.team_mut(team)?.members.remove(person);
        self.remove_member(&ids::general_of(team), by, person)
    }

    /// Deletes a team with its spaces.
    ///
    /// # Errors
    /// 403 for others than moderators.
    pub(crate) fn delete_team(&mut self, team: &str, by: &str) -> Result<(), Fail> {
        self.moderates_team(team, by)?;
        let of_team = |room: &&Room| room.team.as_deref() == Some(team);
        let rooms: Vec<String> =
            self.state.rooms.values().filter(of_team).map(|room| room.id.clone()).collect();
        for room in rooms {
            self.forget_room(&room);
        }
        self.state.teams.remove(team);
        Ok(())
    }
}
