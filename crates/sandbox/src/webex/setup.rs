//! Making an organization with its people, teams and spaces from one JSON, and listing what there is.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Webex;
use super::rooms::Change;
use super::stage::Stage;
use super::world::{Kind, Org, Person, Policy};
use crate::core::ControlError;

#[derive(Deserialize)]
struct Given {
    name: String,
    #[serde(default)]
    people: Vec<GivenPerson>,
    #[serde(default)]
    teams: Vec<GivenTeam>,
    #[serde(default, alias = "spaces")]
    channels: Vec<GivenRoom>,
    #[serde(default)]
    policy: Policy,
    #[serde(default)]
    government: bool,
}

/// A person as given to control.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(crate) struct GivenPerson {
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    title: Option<String>,
    department: Option<String>,
    pub(crate) avatar: Option<String>,
    timezone: Option<String>,
    admin: bool,
    deactivated: bool,
}

#[derive(Deserialize)]
struct GivenTeam {
    name: String,
    #[serde(default)]
    description: Option<String>,
    /// The first is the moderator.
    members: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct GivenRoom {
    name: String,
    team: Option<String>,
    /// Also people of other organizations; the first makes it. By default everybody.
    members: Option<Vec<String>>,
    locked: bool,
    announcement: bool,
    public: bool,
    description: Option<String>,
    /// Besides the first, in a locked one.
    moderators: Vec<String>,
}

impl Person {
    /// By id, name or e-mail.
    pub(crate) fn is(&self, who: &str) -> bool {
        self.id == who || self.display_name == who || self.email.eq_ignore_ascii_case(who)
    }
}

pub(crate) fn create(webex: &Webex, body: Value) -> Result<Value, ControlError> {
    let given: Given =
        serde_json::from_value(body).map_err(|error| ControlError::Invalid(error.to_string()))?;
    let mut stage = webex.stage();
    let (org, created) = (stage.fresh("ORGANIZATION"), stage.now());
    let mut people = Vec::new();
    for person in given.people {
        let person = stage.person_of(&org, person);
        if stage.by_email(&person.email).is_some() {
            return Err(ControlError::Refused(format!("{} is taken", person.email)));
        }
        people.push(person.id.clone());
        stage.state.people.insert(person.id.clone(), person);
    }
    let first = people.first().cloned();
    let first = first.ok_or_else(|| ControlError::Invalid("no people".to_owned()))?;
    // Somebody must be able to authorize apps.
    let has_admin = people.iter().any(|id| stage.person(id).is_ok_and(|person| person.admin));
    if !has_admin && let Some(person) = stage.state.people.get_mut(&first) {
        person.admin = true;
    }
    let known = Org {
        id: org.clone(),
        name: given.name,
        created,
        policy: Policy::default(),
        government: given.government,
    };
    stage.state.orgs.insert(org.clone(), known);
    for team in given.teams {
        let members = stage.named(&org, &team.members)?;
        let by = members.first().cloned().unwrap_or_else(|| first.clone());
        let id = stage.create_team(&by, &team.name, team.description)?;
        for member in members.iter().skip(1) {
            stage.add_to_team(&id, &by, member, false)?;
        }
    }
    for room in given.channels {
        stage.given_room(&org, &people, room)?;
    }
    // What admins forbid holds for what comes later.
    if let Some(known) = stage.state.orgs.get_mut(&org) {
        known.policy = given.policy;
    }
    Ok(stage.shown_org(&org))
}

pub(crate) fn list(webex: &Webex) -> Value {
    let stage = webex.stage();
    stage.state.orgs.keys().map(|org| stage.shown_org(org)).collect()
}

impl Stage<'_> {
    /// An organization by id or name.
    pub(crate) fn find_org(&self, what: &str) -> Result<&Org, ControlError> {
        let orgs = &self.state.orgs;
        let org = orgs.get(what).or_else(|| orgs.values().find(|org| org.name == what));
        org.ok_or_else(|| ControlError::NotFound(format!("no organization {what}")))
    }

    /// Somebody by id, name or e-mail: of this organization, else of any.
    pub(crate) fn find_person(&self, org: &str, who: &str) -> Result<&Person, ControlError> {
        let people = || self.state.people.values().filter(|person| person.is(who));
        let found = people().find(|person| person.org == org).or_else(|| people().next());
        found.ok_or_else(|| ControlError::NotFound(format!("no person {who}")))
    }

    pub(crate) fn named(&self, org: &str, who: &[String]) -> Result<Vec<String>, ControlError> {
        who.iter().map(|who| Ok(self.find_person(org, who)?.id.clone())).collect()
    }

    /// A person from what control gave.
    pub(crate) fn person_of(&self, org: &str, given: GivenPerson) -> Person {
        let (first, last) = given.name.rsplit_once(' ').unwrap_or((&given.name, ""));
        let handle = given.name.to_lowercase().replace(' ', ".");
        let now = self.now();
        Person {
            id: self.fresh("PEOPLE"),
            org: org.to_owned(),
            kind: Kind::Person,
            email: given.email.unwrap_or_else(|| format!("{handle}@example.com")),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            title: given.title,
            department: given.department,
            avatar: given.avatar,
            timezone: given.timezone,
            admin: given.admin,
            inactive: given.deactivated,
            pending: false,
            created: now,
            modified: now,
            display_name: given.name,
        }
    }

    fn given_room(
        &mut self,
        org: &str,
        everybody: &[String],
        given: GivenRoom,
    ) -> Result<(), ControlError> {
        let members = match &given.members {
            Some(names) => self.named(org, names)?,
            None => everybody.to_vec(),
        };
        let by = members.first().cloned();
        let by = by.ok_or_else(|| ControlError::Invalid("a space needs members".to_owned()))?;
        let team = match &given.team {
            None => None,
            Some(name) => {
                let team = self.state.teams.values().find(|team| team.name == *name);
                let team = team.map(|team| team.id.clone());
                Some(team.ok_or_else(|| ControlError::NotFound(format!("no team {name}")))?)
            }
        };
        let change = Change {
            title: Some(given.name),
            locked: Some(given.locked),
            announcement: Some(given.announcement),
            public: given.public.then_some(true),
            description: given.description,
            team,
        };
        let room = self.create_room(&by, change)?;
        let moderators = self.named(org, &given.moderators)?;
        for member in members.iter().skip(1) {
            self.add_member(&room, &by, member, moderators.contains(member))?;
        }
        Ok(())
    }

    /// An organization, its people, its teams, and the group spaces it owns.
    fn shown_org(&self, id: &str) -> Value {
        let Some(org) = self.state.orgs.get(id) else { return Value::Null };
        let people: Vec<Value> = self
            .state
            .people
            .values()
            .filter(|person| person.org == id)
            .map(|person| {
                json!({"id": person.id, "name": person.display_name, "email": person.email,
                    "kind": match person.kind { Kind::Person => "person", Kind::Bot => "bot" },
                    "admin": person.admin, "deactivated": person.inactive})
            })
            .collect();
        let channels: Vec<Value> = self
            .state
            .rooms
            .values()
            .filter(|room| room.owner == id && !room.direct)
            .map(|room| {
                json!({"id": room.id, "name": room.title, "team": room.team,
                    "locked": room.locked, "announcement": room.announcement,
                    "members": room.members.keys().collect::<Vec<_>>()})
            })
            .collect();
        let teams = self.state.teams.values().filter(|team| {
            let moderator = team.members.iter().find(|(_, member)| member.moderator);
            moderator.is_some_and(|(id, _)| self.person(id).is_ok_and(|p| p.org == org.id))
        });
        let teams: Vec<Value> =
            teams.map(|team| json!({"id": team.id, "name": team.name})).collect();
        json!({"id": id, "name": org.name, "people": people, "channels": channels,
            "teams": teams, "policy": org.policy})
    }
}
