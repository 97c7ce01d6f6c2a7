//! This emulator's part of the control API: tenants, app registrations, consent, tokens, lifecycle on demand.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::human::Act;
use super::login::{Decision, Refused, issue_app_token, issue_user_token};
use super::tenant::{NewChannel, NewUser, member};
use super::world::{App, ChannelKind, Members, Tenant, World};
use super::{PLATFORM, Teams};
use crate::core::control::{ConsentAsk, ViewAsk};
use crate::core::view::View;
use crate::core::{ControlError, Emulator};

/// `POST /teams/workspaces`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewWorkspace {
    id: Option<String>,
    name: String,
    domain: Option<String>,
    #[serde(default)]
    people: Vec<NewUser>,
    #[serde(default)]
    teams: Vec<NewTeam>,
    /// Channels of a team that is named like the workspace and has everybody in it.
    #[serde(default)]
    channels: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTeam {
    id: Option<String>,
    name: String,
    description: Option<String>,
    #[serde(default)]
    public: bool,
    /// Absent: everybody but guests.
    members: Option<Vec<String>>,
    /// Absent: the first person.
    owners: Option<Vec<String>>,
    /// Names, or objects with `name`, `kind`, `members`, `id`, `description`.
    #[serde(default)]
    channels: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenChannel {
    id: Option<String>,
    name: String,
    description: Option<String>,
    #[serde(alias = "type")]
    kind: Option<String>,
    members: Option<Vec<String>>,
}

/// `POST /teams/apps`.
#[derive(Deserialize)]
struct NewApp {
    client_id: Option<String>,
    client_secret: Option<String>,
    name: String,
    #[serde(default)]
    redirect_uris: Vec<String>,
    #[serde(default)]
    public: bool,
    /// Registered delegated permissions: what `.default` and admin consent mean.
    #[serde(default)]
    delegated: BTreeSet<String>,
    /// Registered application permissions.
    #[serde(default)]
    application: BTreeSet<String>,
}

fn read<T: serde::de::DeserializeOwned>(body: Value) -> Result<T, ControlError> {
    serde_json::from_value(body).map_err(|error| ControlError::Invalid(error.to_string()))
}

fn person(tenant: &Tenant, name: &str) -> Result<String, ControlError> {
    tenant
        .person(name)
        .map(|u| u.id.clone())
        .ok_or_else(|| ControlError::NotFound(format!("no person {name}")))
}

#[async_trait]
impl Emulator for Teams {
    fn platform(&self) -> &'static str {
        PLATFORM
    }

    async fn create_workspace(&self, body: Value) -> Result<Value, ControlError> {
        let new: NewWorkspace = read(body)?;
        let mut world = self.world();
        let now = self.core.clock.now();
        let id = world
            .add_tenant(new.id, &new.name, new.domain, now)
            .ok_or_else(|| ControlError::Refused("that id or domain is taken".to_owned()))?;
        for user in new.people {
            world.add_user(&id, user, now).map_err(ControlError::Refused)?;
        }
        for team in new.teams {
            self.add_given_team(&mut world, &id, team)?;
        }
        if !new.channels.is_empty() {
            let team = NewTeam {
                id: None,
                name: new.name,
                description: None,
                public: true,
                members: None,
                owners: None,
                channels: new.channels,
            };
            self.add_given_team(&mut world, &id, team)?;
        }
        let tenant =
            world.tenants.get(&id).ok_or_else(|| ControlError::NotFound("gone".to_owned()))?;
        Ok(shown(tenant))
    }

    async fn workspaces(&self) -> Value {
        Value::Array(self.world().tenants.values().map(shown).collect())
    }

    async fn create_app(&self, body: Value) -> Result<Value, ControlError> {
        let new: NewApp = read(body)?;
        let mut world = self.world();
        let id = match new.client_id {
            Some(id) => id,
            None => world.guid(),
        };
        let secret = match new.client_secret {
            Some(secret) => secret,
            None => format!("sandbox~{}", world.hex(16)),
        };
        let app = App {
            id: id.clone(),
            name: new.name,
            secrets: vec![secret],
            public: new.public,
            redirect_uris: new.redirect_uris,
            delegated: new.delegated,
            application: new.application,
        };
        let value = app_json(&app);
        world.apps.insert(id, app);
        Ok(value)
    }

    async fn apps(&self) -> Value {
        Value::Array(self.world().apps.values().map(app_json).collect())
    }

    async fn act(&self, body: Value) -> Result<Value, ControlError> {
        let act: Act = read(body)?;
        self.person_acts(act).await
    }

    async fn view(&self, ask: ViewAsk) -> Result<View, ControlError> {
        self.seen(&ask)
    }

    async fn consent(&self, ask: ConsentAsk) -> Result<Value, ControlError> {
        let url = url::Url::parse(&ask.authorize_url)
            .map_err(|e| ControlError::Invalid(e.to_string()))?;
        let mut path = url.path_segments().into_iter().flatten();
        let named = path.next().unwrap_or("common");
        let tenant = match (&ask.workspace, named) {
            (Some(workspace), "common" | "organizations") => workspace.as_str(),
            _ => named,
        };
        let fields: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let decision = Decision {
            tenant,
            fields: &fields,
            person: ask.by.as_deref().unwrap_or(""),
            approve: ask.approve,
            for_everyone: url.path().ends_with("/adminconsent"),
        };
        match self.decide(&decision) {
            Ok(url) => Ok(json!({"redirect_to": url.as_str()})),
            Err(Refused(why)) => Err(ControlError::Refused(why)),
        }
    }

    async fn reset(&self) {
        let mut seed = [0u8; 8];
        self.core.ids.fill(&mut seed);
        *self.world() = World::new(u64::from_le_bytes(seed));
        self.notifier.forget();
    }

    fn control_routes(self: Arc<Self>) -> Router {
        Router::new()
            .route("/tokens", post(tokens))
            .route("/subscriptions", get(subscriptions))
            .route("/lifecycle", post(lifecycle))
            .with_state(self)
    }

    fn help(&self) -> &'static str {
        include_str!("help.txt")
    }
}

impl Teams {
    fn add_given_team(
        &self,
        world: &mut World,
        tenant_id: &str,
        new: NewTeam,
    ) -> Result<(), ControlError> {
        let now = self.core.clock.now();
        let tenant = world
            .tenants
            .get(tenant_id)
            .ok_or_else(|| ControlError::NotFound("no tenant".to_owned()))?;
        let mut members = Members::new();
        match &new.members {
            Some(names) => {
                for name in names {
                    members.insert(person(tenant, name)?, member(false));
                }
            }
            None => {
                let everybody = tenant.users.values().filter(|u| !u.guest);
                members.extend(everybody.map(|u| (u.id.clone(), member(false))));
            }
        }
        match &new.owners {
            Some(names) => {
                for name in names {
                    members.insert(person(tenant, name)?, member(true));
                }
            }
            None => {
                if let Some(first) = new.members.iter().flatten().next() {
                    members.insert(person(tenant, first)?, member(true));
                } else if let Some(first) = members.values_mut().next() {
                    first.owner = true;
                }
            }
        }
        let team =
            world.add_team(tenant_id, new.id, &new.name, new.description, new.public, members, now);
        for given in new.channels {
            let given: GivenChannel = match given {
                Value::String(name) => read(json!({"name": name}))?,
                object => read(object)?,
            };
            if given.name.eq_ignore_ascii_case("General") {
                continue;
            }
            let kind = given.kind.as_deref().unwrap_or("standard");
            let kind = ChannelKind::parse(kind)
                .ok_or_else(|| ControlError::Invalid(format!("unknown kind of channel {kind}")))?;
            let tenant = world
                .tenants
                .get(tenant_id)
                .ok_or_else(|| ControlError::NotFound("no tenant".to_owned()))?;
            let mut people = Members::new();
            for (n, name) in given.members.iter().flatten().enumerate() {
                people.insert(person(tenant, name)?, member(n == 0));
            }
            let channel = NewChannel {
                id: given.id,
                name: &given.name,
                description: given.description,
                kind,
                members: people,
            };
            world.add_channel(tenant_id, &team, channel, now);
        }
        Ok(())
    }
}

fn app_json(app: &App) -> Value {
    json!({
        "client_id": app.id, "client_secret": app.secrets.first(), "name": app.name, "public": app.public,
        "redirect_uris": app.redirect_uris, "delegated": app.delegated, "application": app.application,
    })
}

fn shown(tenant: &Tenant) -> Value {
    let people: Vec<Value> = tenant
        .users
        .values()
        .map(|u| {
            json!({
                "id": u.id, "name": u.name, "mail": u.mail, "upn": u.upn, "guest": u.guest,
                "roles": u.directory_roles, "enabled": u.enabled,
            })
        })
        .collect();
    let channels: Vec<Value> = tenant
        .teams
        .values()
        .flat_map(|t| t.channels.iter().map(move |c| (t, c)))
        .filter_map(|(t, c)| tenant.channels.get(c).map(|c| (t, c)))
        .map(|(t, c)| {
            json!({
                "id": c.id, "name": c.name, "team": t.id, "kind": c.kind.name(),
                "members": tenant.channel_members(c).map(|m| m.keys().collect::<Vec<_>>()),
            })
        })
        .collect();
    let teams: Vec<Value> = tenant
        .teams
        .values()
        .map(|t| json!({"id": t.id, "name": t.name, "members": t.members.keys().collect::<Vec<_>>(), "channels": t.channels}))
        .collect();
    let chats: Vec<Value> = tenant
        .chats
        .values()
        .map(|c| json!({"id": c.id, "topic": c.topic, "members": c.members.keys().collect::<Vec<_>>()}))
        .collect();
    json!({
        "id": tenant.id, "name": tenant.name, "domain": tenant.domain,
        "people": people, "teams": teams, "channels": channels, "chats": chats,
    })
}

/// `POST /teams/tokens`: a token without the browser, for tests and load.
#[derive(Deserialize)]
struct TokenAsk {
    app: String,
    workspace: String,
    /// Absent: an app by itself.
    #[serde(rename = "as")]
    by: Option<String>,
    /// Delegated scopes; absent: all registered.
    scopes: Option<BTreeSet<String>>,
    /// Application permissions to grant first; absent: as granted.
    roles: Option<BTreeSet<String>>,
}

async fn tokens(
    State(teams): State<Arc<Teams>>,
    Json(ask): Json<TokenAsk>,
) -> Result<Json<Value>, ControlError> {
    let now = teams.core.clock.now();
    let mut world = teams.world();
    let app = world
        .apps
        .get(&ask.app)
        .cloned()
        .ok_or_else(|| ControlError::NotFound(format!("no app {}", ask.app)))?;
    let tenant = world
        .tenant_named(&ask.workspace)
        .ok_or_else(|| ControlError::NotFound(format!("no workspace {}", ask.workspace)))?;
    let tenant_id = tenant.id.clone();
    let user = ask.by.as_deref().map(|by| person(tenant, by)).transpose()?;
    let issued = match user {
        Some(user) => {
            let scopes = ask.scopes.unwrap_or(app.delegated);
            issue_user_token(&mut world, &tenant_id, &app.id, &user, scopes, now)
        }
        None => {
            if let (Some(roles), Some(tenant)) = (ask.roles, world.tenants.get_mut(&tenant_id)) {
                tenant.grants.entry(app.id.clone()).or_default().roles = roles;
            }
            issue_app_token(&mut world, &tenant_id, &app.id, "https://graph.microsoft.com", now)
        }
    };
    let (token, life) =
        issued.ok_or_else(|| ControlError::Refused("no token could be made".to_owned()))?;
    Ok(Json(json!({"access_token": token, "expires_in": life, "token_type": "Bearer"})))
}

async fn subscriptions(State(teams): State<Arc<Teams>>) -> Json<Value> {
    let world = teams.world();
    let mut all: Vec<_> = world.subscriptions.all.values().collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Json(all.iter().map(|s| s.json()).collect())
}

/// `POST /teams/lifecycle`: an event on demand, for one subscription or for all.
#[derive(Deserialize)]
struct LifecycleAsk {
    event: String,
    subscription: Option<String>,
}

async fn lifecycle(
    State(teams): State<Arc<Teams>>,
    Json(ask): Json<LifecycleAsk>,
) -> Result<Json<Value>, ControlError> {
    if !matches!(ask.event.as_str(), "missed" | "reauthorizationRequired" | "subscriptionRemoved") {
        return Err(ControlError::Invalid(format!("unknown lifecycle event {}", ask.event)));
    }
    let mut world = teams.world();
    let chosen: Vec<String> = match ask.subscription {
        Some(id) if world.subscriptions.all.contains_key(&id) => vec![id],
        Some(id) => return Err(ControlError::NotFound(format!("no subscription {id}"))),
        None => world.subscriptions.all.keys().cloned().collect(),
    };
    for id in &chosen {
        let told = if ask.event == "subscriptionRemoved" {
            world.subscriptions.remove(id)
        } else {
            world.subscriptions.all.get(id).cloned()
        };
        if let Some(told) = told {
            teams.tell_lifecycle(&told, &ask.event);
        }
    }
    Ok(Json(json!({"told": chosen})))
}
