//! OAuth, the part a person sees: the page on which they add an app, and the code it leads to.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Zoom;
use super::html::escape;
use super::stage::Stage;
use super::world::{App, AppKind, Code};
use crate::core::ControlError;
use crate::core::control::ConsentAsk;

const CODE_LIFE: SignedDuration = SignedDuration::from_mins(5);

/// What an app asks for in the authorize URL.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    client_id: String,
    response_type: String,
    redirect_uri: String,
    state: Option<String>,
    /// Fewer scopes than the app has; by default all of them.
    scope: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

/// A person's answer.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Decision {
    #[serde(flatten)]
    ask: Ask,
    /// `ACCOUNT/USER`.
    person: Option<String>,
    decision: String,
}

fn words(scopes: &str) -> impl Iterator<Item = &str> {
    scopes.split([' ', ',']).filter(|scope| !scope.is_empty())
}

/// The app that an ask is from, and the scopes it asks for.
fn check<'a>(stage: &'a Stage<'_>, ask: &Ask) -> Result<(&'a App, BTreeSet<String>), String> {
    let app = stage.state.apps.values().find(|app| app.client_id == ask.client_id);
    let app = app.filter(|app| app.kind != AppKind::Server).ok_or("Invalid client_id.")?;
    if ask.response_type != "code" {
        return Err("Invalid response_type.".to_owned());
    }
    if !app.redirect_urls.contains(&ask.redirect_uri) {
        return Err(format!("Invalid redirect: {} (4,700)", ask.redirect_uri));
    }
    let scopes = match &ask.scope {
        Some(scopes) => words(scopes).map(str::to_owned).collect(),
        None => app.scopes.clone(),
    };
    match scopes.difference(&app.scopes).next() {
        Some(scope) => Err(format!("Invalid scope: {scope}")),
        None => Ok((app, scopes)),
    }
}

fn problem(what: &str) -> Response {
    let page = format!("<!doctype html><title>Zoom</title><h1>{}</h1>", escape(what));
    (StatusCode::BAD_REQUEST, Html(page)).into_response()
}

/// `GET /oauth/authorize`: names app, scopes and who may sign in.
pub(crate) async fn page(State(zoom): State<Arc<Zoom>>, Query(ask): Query<Ask>) -> Response {
    let stage = zoom.stage();
    let (app, scopes) = match check(&stage, &ask) {
        Ok(checked) => checked,
        Err(what) => return problem(&what),
    };
    let mut people = String::new();
    for account in stage.state.accounts.values() {
        for user in account.users.values().filter(|user| !user.inactive) {
            people.push_str(&format!(
                "<option value=\"{}/{}\">{} ({})</option>",
                escape(&account.id),
                escape(&user.id),
                escape(&user.name()),
                escape(&account.name)
            ));
        }
    }
    let mut hidden = String::new();
    for (field, value) in [
        ("client_id", Some(&ask.client_id)),
        ("response_type", Some(&ask.response_type)),
        ("redirect_uri", Some(&ask.redirect_uri)),
        ("state", ask.state.as_ref()),
        ("scope", ask.scope.as_ref()),
        ("code_challenge", ask.code_challenge.as_ref()),
        ("code_challenge_method", ask.code_challenge_method.as_ref()),
    ] {
        if let Some(value) = value {
            let value = escape(value);
            hidden.push_str(&format!("<input type=\"hidden\" name=\"{field}\" value=\"{value}\">"));
        }
    }
    let scopes: String = scopes.iter().map(|scope| format!("<li>{}</li>", escape(scope))).collect();
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Add {name}</title>\
         <h1>You are about to add {name}</h1><ul>{scopes}</ul>\
         <form method=\"post\" action=\"/oauth/authorize\">{hidden}\
         <label>Sign in as <select name=\"person\">{people}</select></label>\
         <button name=\"decision\" value=\"approve\">Allow</button>\
         <button name=\"decision\" value=\"deny\">Decline</button></form></html>",
        name = escape(&app.name)
    ))
    .into_response()
}

/// `POST /oauth/authorize`: the form's answer, redirected to the app.
pub(crate) async fn submit(
    State(zoom): State<Arc<Zoom>>,
    axum::Form(answer): axum::Form<Decision>,
) -> Response {
    let mut stage = zoom.stage();
    let person = answer.person.as_deref().and_then(|person| person.split_once('/'));
    let person = person.filter(|_| answer.decision == "approve");
    match decide(&mut stage, &answer.ask, person) {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(what) => problem(&what),
    }
}

/// Where the browser goes next: with a code for a person, with an error for nobody. An app for a whole account is added
/// by an admin only.
fn decide(
    stage: &mut Stage<'_>,
    ask: &Ask,
    person: Option<(&str, &str)>,
) -> Result<String, String> {
    let (app, scopes) = check(stage, ask)?;
    let (app, kind) = (app.id.clone(), app.kind);
    let mut url = url::Url::parse(&ask.redirect_uri).map_err(|error| error.to_string())?;
    match person {
        None => {
            url.query_pairs_mut().append_pair("error", "access_denied");
        }
        Some((account, user)) => {
            let known = stage.user(account, user).map_err(|fail| fail.message)?;
            if kind == AppKind::Account && !known.admin {
                return Err("You cannot authorize this app: an admin has to approve it.".to_owned());
            }
            let code = stage.core.ids.alnum(40);
            let expires = stage.now().checked_add(CODE_LIFE).unwrap_or(jiff::Timestamp::MAX);
            let challenge = ask.code_challenge.clone().map(|challenge| {
                let method = ask.code_challenge_method.clone();
                (method.unwrap_or_else(|| "plain".to_owned()), challenge)
            });
            let granted = Code {
                app,
                account: account.to_owned(),
                user: user.to_owned(),
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

/// `POST /zoom/consent`: the same without a browser. By default an admin signs in.
pub(crate) fn consent(zoom: &Zoom, ask: &ConsentAsk) -> Result<Value, ControlError> {
    let url = url::Url::parse(&ask.authorize_url)
        .map_err(|error| ControlError::Invalid(error.to_string()))?;
    let pairs: serde_json::Map<String, Value> = url
        .query_pairs()
        .map(|(key, value)| (key.into_owned(), value.into_owned().into()))
        .collect();
    let asked: Ask = serde_json::from_value(Value::Object(pairs))
        .map_err(|error| ControlError::Invalid(error.to_string()))?;
    let mut stage = zoom.stage();
    let mut accounts = stage.state.accounts.values().filter(|account| {
        ask.workspace.as_ref().is_none_or(|w| *w == account.id || *w == account.name)
    });
    let person = accounts.find_map(|account| {
        let user = match &ask.by {
            Some(who) => account.find_user(who),
            None => account.users.values().find(|user| user.admin),
        };
        user.filter(|user| !user.inactive).map(|user| (account.id.clone(), user.id.clone()))
    });
    let (account, user) =
        person.ok_or_else(|| ControlError::NotFound("nobody to sign in as".to_owned()))?;
    let person = ask.approve.then_some((account.as_str(), user.as_str()));
    let redirect_to = decide(&mut stage, &asked, person).map_err(ControlError::Invalid)?;
    Ok(json!({"redirect_to": redirect_to}))
}
