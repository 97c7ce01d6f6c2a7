//! Memberships of teams.

use serde_json::Value;

use super::{Answer, Call, Reply};
use crate::webex::error::Fail;
use crate::webex::stage::Stage;
use crate::webex::world::{Member, Team};

fn shown(stage: &Stage<'_>, team: &Team, person: &str, member: &Member) -> Value {
    let mut shown = stage.shown_member(person, member);
    shown["teamId"] = team.id.clone().into();
    shown
}

impl Call<'_> {
    /// The team and the person of the membership in the path, in a team that the caller is in.
    fn team_membership(&self) -> Result<(String, String), Fail> {
        let id = self.id();
        let teams = self.stage.state.teams.values();
        let mut mine = teams.filter(|team| team.members.contains_key(&self.who.person));
        let found = mine.find_map(|team| {
            let mut members = team.members.iter();
            let (person, _) = members.find(|(_, member)| member.id == id)?;
            Some((team.id.clone(), person.clone()))
        });
        found.ok_or_else(|| Fail::none("membership"))
    }

    fn team_member_reply(&self, team: &str, person: &str) -> Answer {
        let team = self.stage.own_team(team, &self.who.person)?;
        let member = team.members.get(person).ok_or_else(|| Fail::none("membership"))?;
        Ok(Reply::ok(shown(&self.stage, team, person, member)))
    }
}

pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let team = call.query("teamId").ok_or_else(|| Fail::missing("teamId"))?;
    let team = call.stage.own_team(team, &call.who.person)?;
    let members = team.members.iter();
    let shown: Vec<Value> =
        members.map(|(person, member)| shown(&call.stage, team, person, member)).collect();
    call.listing(shown.into_iter(), 100, 1000)
}

pub(super) fn create(call: &mut Call<'_>) -> Answer {
    let (team, me) = (call.needed("teamId")?, call.me());
    let moderator = call.truth("isModerator")?.unwrap_or(false);
    call.stage.own_team(&team, &me)?;
    let person = call.person_meant()?;
    call.stage.add_to_team(&team, &me, &person, moderator)?;
    call.team_member_reply(&team, &person)
}

pub(super) fn get(call: &mut Call<'_>) -> Answer {
    let (team, person) = call.team_membership()?;
    call.team_member_reply(&team, &person)
}

pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let ((team, person), me) = (call.team_membership()?, call.me());
    let moderator = call.truth("isModerator")?.ok_or_else(|| Fail::missing("isModerator"))?;
    call.stage.change_in_team(&team, &me, &person, moderator)?;
    call.team_member_reply(&team, &person)
}

pub(super) fn delete(call: &mut Call<'_>) -> Answer {
    let ((team, person), me) = (call.team_membership()?, call.me());
    call.stage.remove_from_team(&team, &me, &person)?;
    Ok(Reply::done())
}
