//! Teams.

use serde_json::Value;

use super::{Answer, Call, Reply};
use crate::webex::json;

impl Call<'_> {
    fn team_reply(&self, id: &str) -> Answer {
        Ok(Reply::ok(json::team(self.stage.own_team(id, &self.who.person)?)))
    }
}

pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let teams = call.stage.state.teams.values();
    let mine = teams.filter(|team| team.members.contains_key(&call.who.person));
    let shown: Vec<Value> = mine.map(json::team).collect();
    call.listing(shown.into_iter(), 100, 1000)
}

pub(super) fn create(call: &mut Call<'_>) -> Answer {
    let (name, me) = (call.needed("name")?, call.me());
    let description = call.text("description").map(str::to_owned);
    let id = call.stage.create_team(&me, &name, description)?;
    call.team_reply(&id)
}

pub(super) fn get(call: &mut Call<'_>) -> Answer {
    call.team_reply(&call.id())
}

pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let (id, name, me) = (call.id(), call.needed("name")?, call.me());
    let description = call.text("description").map(str::to_owned);
    call.stage.moderates_team(&id, &me)?;
    let team = call.stage.team_mut(&id)?;
    team.name = name;
    team.description = description.or(team.description.take());
    call.team_reply(&id)
}

pub(super) fn delete(call: &mut Call<'_>) -> Answer {
    let (id, me) = (call.id(), call.me());
    call.stage.delete_team(&id, &me)?;
    Ok(Reply::done())
}
