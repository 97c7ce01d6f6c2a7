//! OAuth, the part a person sees: the page on which they authorize an integration, and the code it leads to.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Webex;
use super::markdown::escape;
use super::stage::Stage;
use super::world::{App, Code, Kind};
use crate::core::ControlError;
use crate::core::control::ConsentAsk;

/// The vendor names no time.
const CODE_LIFE: SignedDuration = SignedDuration::from_mins(5);

/// What an integration asks for in the authorize URL.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    client_id: String,
    response_type: String,
    redirect_uri: String,
    scope: String,
    state: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

/// A person's answer.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Decision {
    #[serde(flatten)]
    ask: Ask,
    /// A person's id.
    person: Option<String>,
    decision: String,
}

/// The integration that an ask is from, and the scopes it asks for.
fn check<'a>(stage: &'a Stage<'_>, ask: &Ask) -> Result<(&'a App, BTreeSet<String>), String> {
    let mut apps = stage.state.apps.values();
    let app = apps.find(|app| app.client_id == ask.client_id && app.bot.is_none());
    let app = app.ok_or("The client_id is invalid.")?;
    if ask.response_type != "code" {
        return Err("The response_type must be code.".to_owned());
    }
    if !app.redirect_urls.contains(&ask.redirect_uri) {
        return Err("The redirect_uri does not match one of the integration's.".to_owned());
    }
    let scopes: BTreeSet<String> = ask.scope.split_whitespace().map(str::to_owned).collect();
    if scopes.is_empty() {
        return Err("The scope is missing.".to_owned());
    }
    match scopes.difference(&app.scopes).next() {
        Some(scope) => Err(format!("The requested scope is invalid: {scope}")),
        None => Ok((app, scopes)),
    }
}

fn problem(what: &str) -> Response {
    let page = format!("<!doctype html><title>Webex</title><h1>{}</h1>", escape(what));
    (StatusCode::BAD_REQUEST, Html(page)).into_response()
}

/// `GET /v1/authorize`: names integration, scopes and who may sign in.
pub(crate) async fn page(State(webex): State<Arc<Webex>>, Query(ask): Query<Ask>) -> Response {
    let stage = webex.stage();
    let (app, scopes) = match check(&stage, &ask) {
        Ok(checked) => checked,
        Err(what) => return problem(&what),
    };
    let people = stage.state.people.values();
    let people: String = people
        .filter(|person| person.kind == Kind::Person && !person.inactive && !person.pending)
        .map(|person| {
            let shown = escape(&format!("{} ({})", person.display_name, person.email));
            format!("<option value=\"{}\">{shown}</option>", escape(&person.id))
        })
        .collect();
    let hidden: String = [
        ("client_id", Some(&ask.client_id)),
        ("response_type", Some(&ask.response_type)),
        ("redirect_uri", Some(&ask.redirect_uri)),
        ("scope", Some(&ask.scope)),
        ("state", ask.state.as_ref()),
        ("code_challenge", ask.code_challenge.as_ref()),
        ("code_challenge_method", ask.code_challenge_method.as_ref()),
    ]
    .into_iter()
    .filter_map(|(field, value)| Some((field, escape(value?))))
    .map(|(field, value)| format!("<input type=\"hidden\" name=\"{field}\" value=\"{value}\">"))
    .collect();
    let scopes: String = scopes.iter().map(|scope| format!("<li>{}</li>", escape(scope))).collect();
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Authorize {name}</title>\
         <h1>{name} requests access to your Webex account</h1><ul>{scopes}</ul>\
         <form method=\"post\" action=\"/v1/authorize\">{hidden}\
         <label>Sign in as <select name=\"person\">{people}</select></label>\
         <button name=\"decision\" value=\"approve\">Accept</button>\
         <button name=\"decision\" value=\"deny\">Decline</button></form></html>",
        name = escape(&app.name)
    ))
    .into_response()
}

/// `POST /v1/authorize`: the form's answer, redirected to the integration.
pub(crate) async fn submit(
    State(webex): State<Arc<Webex>>,
    axum::Form(answer): axum::Form<Decision>,
) -> Response {
    let person = answer.person.as_deref().filter(|_| answer.decision == "approve");
    match decide(&mut webex.stage(), &answer.ask, person) {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(what) => problem(&what),
    }
}

/// Where the browser goes next: with a code for a person, with an error for nobody and where the organization's admins
/// have not allowed the integration.
fn decide(stage: &mut Stage<'_>, ask: &Ask, person: Option<&str>) -> Result<String, String> {
    let (app, scopes) = check(stage, ask)?;
    let (app, client_id) = (app.id.clone(), app.client_id.clone());
    let mut url = url::Url::parse(&ask.redirect_uri).map_err(|error| error.to_string())?;
    let allowed = person.filter(|person| {
        let known = stage.state.people.get(*person);
        let org = known.and_then(|person| stage.state.orgs.get(&person.org));
        let allowed = org.and_then(|org| org.policy.integrations.as_ref());
        allowed.is_none_or(|allowed| allowed.contains(&client_id))
    });
    match allowed {
        None => {
            url.query_pairs_mut().append_pair("error", "access_denied");
        }
        Some(person) => {
            stage.person(person).map_err(|fail| fail.message)?;
            let code = stage.core.ids.alnum(64);
            let expires = stage.now().checked_add(CODE_LIFE).unwrap_or(jiff::Timestamp::MAX);
            let challenge = ask.code_challenge.clone().map(|challenge| {
                let method = ask.code_challenge_method.clone();
                (method.unwrap_or_else(|| "plain".to_owned()), challenge)
            });
            let granted = Code {
                app,
                person: person.to_owned(),
                scopes,
                redirect_uri: ask.redirect_uri.clone(),
                challenge,
                expires,
                used: false,
            };
            stage.state.codes.insert(code.clone(), granted);
            url.query_pairs_mut().append_pair("code", &code);
        }
    }
    if let Some(state) = &ask.state {
        url.query_pairs_mut().append_pair("state", state);
    }
    Ok(url.into())
}

/// `POST /webex/consent`: the same without a browser. By default an admin signs in.
pub(crate) fn consent(webex: &Webex, ask: &ConsentAsk) -> Result<Value, ControlError> {
    let url = url::Url::parse(&ask.authorize_url)
        .map_err(|error| ControlError::Invalid(error.to_string()))?;
    let pairs: serde_json::Map<String, Value> = url
        .query_pairs()
        .map(|(key, value)| (key.into_owned(), value.into_owned().into()))
        .collect();
    let asked: Ask = serde_json::from_value(Value::Object(pairs))
        .map_err(|error| ControlError::Invalid(error.to_string()))?;
    let mut stage = webex.stage();
    let org = ask.workspace.as_deref().map(|name| stage.find_org(name).map(|org| org.id.clone()));
    let org = org.transpose()?;
    let mut people = stage.state.people.values().filter(|person| {
        person.kind == Kind::Person
            && !person.inactive
            && org.as_ref().is_none_or(|org| *org == person.org)
    });
    let person = match &ask.by {
        Some(who) => people.find(|person| person.is(who)),
        None => people.find(|person| person.admin),
    };
    let person = person.map(|person| person.id.clone());
    let person = person.ok_or_else(|| ControlError::NotFound("nobody to sign in as".to_owned()))?;
    let person = ask.approve.then_some(person.as_str());
    let redirect_to = decide(&mut stage, &asked, person).map_err(ControlError::Invalid)?;
    Ok(json!({"redirect_to": redirect_to}))
}
