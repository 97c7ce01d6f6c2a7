//! Consent: of a person for delegated permissions, of an administrator for the whole organization.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::SignedDuration;
use url::Url;

use super::super::Teams;
use super::super::permissions::{Consent, consent_for};
use super::super::sign_in::Code;
use super::super::world::{App, World};
use super::{EntraError, Realm, pages};

const CODE_LIFE: SignedDuration = SignedDuration::from_mins(10);

type Fields = Vec<(String, String)>;

/// Why nobody is sent back to the app: the page says so instead.
pub(crate) struct Refused(pub String);

impl From<EntraError> for Refused {
    fn from(error: EntraError) -> Self {
        Self(format!("AADSTS{}: {}", error.number, error.text))
    }
}

/// A person's answer on one of the pages.
pub(crate) struct Decision<'a> {
    /// The path's first segment.
    pub tenant: &'a str,
    pub fields: &'a [(String, String)],
    /// Id, address or name.
    pub person: &'a str,
    pub approve: bool,
    /// `adminconsent` instead of `authorize`.
    pub for_everyone: bool,
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
}

/// Requested scopes without the address of Graph in front.
pub(super) fn scopes(text: &str) -> BTreeSet<String> {
    text.split_whitespace()
        .map(|s| s.trim_start_matches("https://graph.microsoft.com/").to_owned())
        .collect()
}

/// The app and its redirect address, or a page that says what is wrong.
fn checked<'a>(world: &'a World, fields: &[(String, String)]) -> Result<(&'a App, Url), Refused> {
    let id = field(fields, "client_id").ok_or_else(|| {
        Refused(
            "AADSTS900144: The request body must contain the following parameter: 'client_id'."
                .to_owned(),
        )
    })?;
    let app = world.apps.get(id).ok_or_else(|| {
        Refused(format!(
            "AADSTS700016: Application with identifier '{id}' was not found in the directory."
        ))
    })?;
    let back = field(fields, "redirect_uri")
        .or(app.redirect_uris.first().map(String::as_str))
        .unwrap_or("");
    if !app.redirect_uris.iter().any(|u| u == back) {
        return Err(Refused(format!(
            "AADSTS50011: The redirect URI '{back}' specified in the request does not match the redirect URIs configured for the application '{id}'."
        )));
    }
    let url =
        Url::parse(back).map_err(|_| Refused(format!("AADSTS50011: '{back}' is no address.")))?;
    Ok((app, url))
}

fn checked_request(fields: &[(String, String)]) -> Result<BTreeSet<String>, EntraError> {
    if field(fields, "response_type") != Some("code") {
        return Err(EntraError::new(
            "unsupported_response_type",
            700_054,
            "response_type must be 'code'.",
        ));
    }
    if field(fields, "code_challenge_method").is_some_and(|m| m != "S256" && m != "plain") {
        return Err(EntraError::new(
            "invalid_request",
            501_491,
            "Invalid size or method of code_challenge parameter.",
        ));
    }
    let asked = scopes(field(fields, "scope").unwrap_or(""));
    if asked.is_empty() {
        return Err(EntraError::new(
            "invalid_request",
            900_144,
            "The request body must contain the following parameter: 'scope'.",
        ));
    }
    match asked.iter().find(|s| consent_for(s).is_none()) {
        Some(unknown) => Err(EntraError::new(
            "invalid_client",
            650_053,
            format!(
                "The application asked for scope '{unknown}' that doesn't exist on the resource '00000003-0000-0000-c000-000000000000'."
            ),
        )),
        None => Ok(asked),
    }
}

fn people(world: &World, realm: &Realm) -> Vec<(String, String)> {
    world
        .tenants
        .values()
        .filter(|t| realm.holds(&t.id))
        .flat_map(|t| t.users.values())
        .filter(|u| u.enabled && u.can_sign_in)
        .map(|u| (u.id.clone(), format!("{} ({})", u.name, u.upn)))
        .collect()
}

pub(super) async fn page(
    State(teams): State<Arc<Teams>>,
    Path(tenant): Path<String>,
    Query(fields): Query<Fields>,
) -> Response {
    let world = teams.world();
    let shown = || -> Result<Response, Refused> {
        let realm = Realm::read(&world, &tenant)?;
        let (app, _) = checked(&world, &fields)?;
        let scopes: Vec<String> =
            scopes(field(&fields, "scope").unwrap_or("")).into_iter().collect();
        Ok(pages::consent(
            "Permissions requested",
            &app.name,
            &scopes,
            &people(&world, &realm),
            &fields,
        ))
    };
    shown().unwrap_or_else(|Refused(why)| pages::refusal(&why))
}

pub(super) async fn admin_page(
    State(teams): State<Arc<Teams>>,
    Path(tenant): Path<String>,
    Query(fields): Query<Fields>,
) -> Response {
    let world = teams.world();
    let shown = || -> Result<Response, Refused> {
        let realm = Realm::read(&world, &tenant)?;
        let (app, _) = checked(&world, &fields)?;
        let asked: Vec<String> = app
            .application
            .iter()
            .map(|r| format!("{r} (application)"))
            .chain(app.delegated.iter().cloned())
            .collect();
        Ok(pages::consent(
            "Permissions requested: review for your organization",
            &app.name,
            &asked,
            &people(&world, &realm),
            &fields,
        ))
    };
    shown().unwrap_or_else(|Refused(why)| pages::refusal(&why))
}

pub(super) async fn decided(
    State(teams): State<Arc<Teams>>,
    Path(tenant): Path<String>,
    Form(fields): Form<Fields>,
) -> Response {
    answer(&teams, &tenant, &fields, false)
}

pub(super) async fn admin_decided(
    State(teams): State<Arc<Teams>>,
    Path(tenant): Path<String>,
    Form(fields): Form<Fields>,
) -> Response {
    answer(&teams, &tenant, &fields, true)
}

fn answer(
    teams: &Teams,
    tenant: &str,
    fields: &[(String, String)],
    for_everyone: bool,
) -> Response {
    let decision = Decision {
        tenant,
        fields,
        person: field(fields, "sandbox_as").unwrap_or(""),
        approve: field(fields, "sandbox_decision") == Some("approve"),
        for_everyone,
    };
    match teams.decide(&decision) {
        Ok(url) => Redirect::to(url.as_str()).into_response(),
        Err(Refused(why)) => pages::refusal(&why),
    }
}

fn back_with(mut url: Url, state: Option<&str>, pairs: &[(&str, &str)]) -> Url {
    {
        let mut query = url.query_pairs_mut();
        for (name, value) in pairs {
            query.append_pair(name, value);
        }
        if let Some(state) = state {
            query.append_pair("state", state);
        }
    }
    url
}

impl Teams {
    /// Carries out a person's answer; gives where their browser goes next.
    pub(crate) fn decide(&self, decision: &Decision<'_>) -> Result<Url, Refused> {
        let now = self.core.clock.now();
        let mut world = self.world();
        let realm = Realm::read(&world, decision.tenant)?;
        let (app, back) = checked(&world, decision.fields)?;
        let app = app.clone();
        let state = field(decision.fields, "state");
        if !decision.approve {
            let pairs = [
                ("error", "access_denied"),
                ("error_subcode", "cancel"),
                ("error_description", "AADSTS65004: User declined to consent to access the app."),
            ];
            return Ok(back_with(back, state, &pairs));
        }
        let (tenant, person, everyone, roles) = world
            .tenants
            .values()
            .filter(|t| realm.holds(&t.id))
            .find_map(|t| t.person(decision.person).map(|p| (t, p)))
            .map(|(t, p)| {
                (t.id.clone(), p.id.clone(), p.consents_for_everyone(), p.consents_to_roles())
            })
            .ok_or_else(|| {
                Refused(format!(
                    "AADSTS50034: The user account '{}' does not exist in the directory.",
                    decision.person
                ))
            })?;
        let account = world.tenants.get(&tenant).and_then(|t| t.users.get(&person));
        if account.is_some_and(|u| !u.enabled) {
            return Err(Refused("AADSTS50057: The user account is disabled.".to_owned()));
        }
        if account.is_some_and(|u| !u.can_sign_in) {
            return Err(Refused(
                "AADSTS50020: The guest account has no sign-in of its own in this tenant."
                    .to_owned(),
            ));
        }
        let no_approval = || {
            Refused(format!(
                "AADSTS90094: An administrator of the organization must grant '{}' these permissions.",
                app.name
            ))
        };
        if decision.for_everyone {
            if !everyone || (!roles && !app.application.is_empty()) {
                return Err(no_approval());
            }
            if let Some(tenant) = world.tenants.get_mut(&tenant) {
                let grant = tenant.grants.entry(app.id.clone()).or_default();
                grant.everyone.extend(app.delegated.iter().cloned());
                grant.roles.extend(app.application.iter().cloned());
            }
            return Ok(back_with(back, state, &[("admin_consent", "True"), ("tenant", &tenant)]));
        }
        let mut asked = match checked_request(decision.fields) {
            Ok(asked) => asked,
            Err(error) => {
                let text = format!("AADSTS{}: {}", error.number, error.text);
                return Ok(back_with(
                    back,
                    state,
                    &[("error", error.error), ("error_description", &text)],
                ));
            }
        };
        if asked.remove(".default") {
            asked.extend(app.delegated.iter().cloned());
        }
        let code = world.hex(40);
        let Some(t) = world.tenants.get_mut(&tenant) else { return Err(no_approval()) };
        let grant = t.grants.entry(app.id.clone()).or_default();
        let beyond = |s: &&String| {
            consent_for(s) == Some(Consent::Administrator) && !grant.everyone.contains(*s)
        };
        let held = grant.people.get(&person);
        if !everyone
            && asked.iter().filter(|s| held.is_none_or(|h| !h.contains(*s))).any(|s| beyond(&s))
        {
            return Err(no_approval());
        }
        grant.people.entry(person.clone()).or_default().extend(asked.iter().cloned());
        let challenge = field(decision.fields, "code_challenge").map(|c| {
            (
                field(decision.fields, "code_challenge_method").unwrap_or("plain").to_owned(),
                c.to_owned(),
            )
        });
        world.sign_ins.codes.insert(
            code.clone(),
            Code {
                tenant,
                app: app.id,
                user: person,
                scopes: asked,
                redirect_uri: field(decision.fields, "redirect_uri")
                    .unwrap_or(back.as_str())
                    .to_owned(),
                challenge,
                nonce: field(decision.fields, "nonce").map(str::to_owned),
                expires: now.checked_add(CODE_LIFE).unwrap_or(now),
                redeemed: false,
            },
        );
        let session = self.core.ids.uuid();
        Ok(back_with(back, state, &[("code", &code), ("session_state", &session)]))
    }
}
