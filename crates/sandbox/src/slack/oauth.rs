//! OAuth v2, the part a person sees: the consent page and the code it leads to.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Slack;
use super::markup::html::escape;
use super::stage::Stage;
use super::world::Code;
use crate::core::ControlError;
use crate::core::control::ConsentAsk;

const CODE_LIFE: Duration = Duration::from_secs(600);

/// What an app asks for in the authorize URL.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    client_id: String,
    scope: String,
    user_scope: String,
    redirect_uri: Option<String>,
    state: Option<String>,
    team: Option<String>,
}

/// A person's answer.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Decision {
    #[serde(flatten)]
    ask: Ask,
    /// `TEAM/USER`.
    person: Option<String>,
    decision: String,
}

fn list(scopes: &str) -> BTreeSet<String> {
    let words = scopes.split([',', ' ']).map(str::trim);
    words.filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
}

fn problem(what: &str) -> Response {
    let page = format!("<!doctype html><title>Slack</title><h1>Oh no!</h1><p>{}</p>", escape(what));
    (StatusCode::OK, Html(page)).into_response()
}

/// Checks an ask and answers with the app's id and where to redirect.
fn check(stage: &Stage<'_>, ask: &Ask) -> Result<(String, String), String> {
    let app = stage.state.apps.values().find(|app| app.client_id == ask.client_id);
    let app = app.ok_or("Invalid client_id parameter")?;
    let known = &app.redirect_urls;
    let redirect = match &ask.redirect_uri {
        Some(given) if known.iter().any(|url| given.starts_with(url.as_str())) => given.clone(),
        Some(given) => {
            return Err(format!("redirect_uri did not match any configured URIs: {given}"));
        }
        None => known.first().cloned().ok_or("the app has no redirect URL")?,
    };
    for (asked, allowed) in [(&ask.scope, &app.bot_scopes), (&ask.user_scope, &app.user_scopes)] {
        if let Some(scope) = list(asked).iter().find(|scope| !allowed.contains(*scope)) {
            return Err(format!("Invalid permissions requested: {scope}"));
        }
    }
    if list(&ask.scope).is_empty() && list(&ask.user_scope).is_empty() {
        return Err("No scopes requested".to_owned());
    }
    Ok((app.id.clone(), redirect))
}

/// `GET /oauth/v2/authorize`: names app, scopes and who may sign in.
pub(crate) async fn page(State(slack): State<Arc<Slack>>, Query(ask): Query<Ask>) -> Response {
    let stage = slack.stage();
    let app = match check(&stage, &ask) {
        Ok((app, _)) => app,
        Err(what) => return problem(&what),
    };
    let name = stage.state.apps.get(&app).map_or("", |app| &app.name);
    let mut people = String::new();
    for workspace in stage.state.workspaces.values() {
        if ask.team.as_ref().is_some_and(|team| *team != workspace.id) {
            continue;
        }
        for user in workspace.users.values().filter(|u| u.bot_id.is_none() && !u.deleted) {
            people.push_str(&format!(
                "<option value=\"{}/{}\">{} ({})</option>",
                escape(&workspace.id),
                escape(&user.id),
                escape(&user.real_name),
                escape(&workspace.name)
            ));
        }
    }
    let mut hidden = String::new();
    for (field, value) in [
        ("client_id", Some(&ask.client_id)),
        ("scope", Some(&ask.scope)),
        ("user_scope", Some(&ask.user_scope)),
        ("redirect_uri", ask.redirect_uri.as_ref()),
        ("state", ask.state.as_ref()),
    ] {
        if let Some(value) = value {
            let value = escape(value);
            hidden.push_str(&format!("<input type=\"hidden\" name=\"{field}\" value=\"{value}\">"));
        }
    }
    let scopes: String = list(&ask.scope)
        .union(&list(&ask.user_scope))
        .map(|scope| format!("<li>{}</li>", escape(scope)))
        .collect();
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Authorize {name}</title>\
         <h1>{name} is requesting permission to access your Slack workspace</h1><ul>{scopes}</ul>\
         <form method=\"post\" action=\"/oauth/v2/authorize\">{hidden}\
         <label>Sign in as <select name=\"person\">{people}</select></label>\
         <button name=\"decision\" value=\"approve\">Approve</button>\
         <button name=\"decision\" value=\"deny\">Deny</button></form></html>",
        name = escape(name)
    ))
    .into_response()
}

/// `POST /oauth/v2/authorize`: the form's answer, redirected to the app.
pub(crate) async fn submit(
    State(slack): State<Arc<Slack>>,
    axum::Form(decision): axum::Form<Decision>,
) -> Response {
    let mut stage = slack.stage();
    let person = decision.person.as_deref().and_then(|person| person.split_once('/'));
    let person = (decision.decision == "approve").then_some(person).flatten();
    match decide(&mut stage, &decision.ask, person) {
        Ok(url) => (StatusCode::FOUND, [(header::LOCATION, url)]).into_response(),
        Err(what) => problem(&what),
    }
}

/// `person` approves (workspace and user id), or nobody does; answers with the redirect.
fn decide(
    stage: &mut Stage<'_>,
    ask: &Ask,
    person: Option<(&str, &str)>,
) -> Result<String, String> {
    let (app, redirect) = check(stage, ask)?;
    let mut url = url::Url::parse(&redirect).map_err(|error| error.to_string())?;
    match person {
        None => {
            url.query_pairs_mut().append_pair("error", "access_denied");
        }
        Some((team, user)) => {
            let code = format!(
                "{}.{}.{}",
                stage.core.ids.digits(12),
                stage.core.ids.digits(13),
                stage.core.ids.hex(64)
            );
            let expires = stage.now() + CODE_LIFE;
            stage.state.codes.insert(
                code.clone(),
                Code {
                    app,
                    team: team.to_owned(),
                    user: user.to_owned(),
                    bot_scopes: list(&ask.scope),
                    user_scopes: list(&ask.user_scope),
                    redirect_uri: ask.redirect_uri.clone(),
                    expires,
                    used: false,
                },
            );
            url.query_pairs_mut().append_pair("code", &code);
        }
    }
    url.query_pairs_mut().append_pair("state", ask.state.as_deref().unwrap_or(""));
    Ok(url.into())
}

/// `POST /slack/consent`: the same without a browser.
pub(crate) fn consent(slack: &Slack, ask: &ConsentAsk) -> Result<Value, ControlError> {
    let invalid = |what: String| ControlError::Invalid(what);
    let url = url::Url::parse(&ask.authorize_url).map_err(|e| invalid(e.to_string()))?;
    let pairs: serde_json::Map<String, Value> =
        url.query_pairs().map(|(k, v)| (k.into_owned(), Value::String(v.into_owned()))).collect();
    let asked: Ask =
        serde_json::from_value(Value::Object(pairs)).map_err(|e| invalid(e.to_string()))?;
    let mut stage = slack.stage();
    let wanted = ask.workspace.clone().or_else(|| asked.team.clone());
    let mut person = None;
    for workspace in stage.state.workspaces.values() {
        if wanted.as_ref().is_some_and(|w| *w != workspace.id && *w != workspace.name) {
            continue;
        }
        let found = match &ask.by {
            Some(who) => workspace.find_user(who),
            None => workspace.users.values().find(|user| user.admin && user.bot_id.is_none()),
        };
        if let Some(user) = found.filter(|user| !user.deleted) {
            person = Some((workspace.id.clone(), user.id.clone()));
            break;
        }
    }
    let (team, user) =
        person.ok_or_else(|| ControlError::NotFound("nobody to sign in as".to_owned()))?;
    let person = ask.approve.then_some((team.as_str(), user.as_str()));
    let redirect_to = decide(&mut stage, &asked, person).map_err(invalid)?;
    Ok(json!({"redirect_to": redirect_to}))
}
