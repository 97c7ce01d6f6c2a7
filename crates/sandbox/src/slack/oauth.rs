//! OAuth v2: the consent page, codes, tokens, rotation, revocation, uninstalling.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Slack;
use super::error::{Answer, Fail};
use super::markup::html::escape;
use super::stage::Stage;
use super::world::{Bot, Code, Install, Refresh, Token, User};
use crate::core::ControlError;
use crate::core::control::ConsentAsk;

/// Seconds that an access token lives when the app rotates its tokens.
const ROTATING: u64 = 43_200;
const CODE_LIFE: Duration = Duration::from_secs(600);

impl Token {
    /// Of methods that need no token.
    pub(crate) fn nobody() -> Self {
        Self {
            team: String::new(),
            app: String::new(),
            user: String::new(),
            bot: None,
            scopes: Arc::default(),
            expires: None,
            revoked: false,
        }
    }
}

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

impl Stage<'_> {
    /// Whose token it is.
    pub(crate) fn authenticate(&self, token: &str) -> Result<Token, Fail> {
        let known = self.state.tokens.get(token).ok_or("invalid_auth")?;
        let installed =
            self.workspace(&known.team).is_ok_and(|w| w.installs.contains_key(&known.app));
        if known.bot.is_some() && !installed {
            return Err("account_inactive".into());
        }
        if known.revoked {
            return Err("token_revoked".into());
        }
        if known.expires.is_some_and(|at| at <= self.now()) {
            return Err("token_expired".into());
        }
        let workspace = self.workspace(&known.team).map_err(|_| Fail::new("account_inactive"))?;
        if !workspace.installs.contains_key(&known.app)
            || workspace.users.get(&known.user).is_none_or(|user| user.deleted)
        {
            return Err("account_inactive".into());
        }
        Ok(known.clone())
    }

    /// The app whose client id and secret these are.
    pub(crate) fn client(&self, id: &str, secret: &str) -> Result<String, Fail> {
        let app = self.state.apps.values().find(|app| app.client_id == id);
        let app = app.ok_or("invalid_client_id")?;
        if app.client_secret == secret {
            Ok(app.id.clone())
        } else {
            Err("bad_client_secret".into())
        }
    }

    /// A code for tokens; installs the app.
    pub(crate) fn exchange(&mut self, app: &str, code: &str, redirect: Option<&str>) -> Answer {
        let now = self.now();
        let known = self.state.codes.get_mut(code).filter(|known| known.app == app);
        let known = known.ok_or("invalid_code")?;
        if known.used {
            return Err("code_already_used".into());
        }
        if known.expires <= now {
            return Err("code_expired".into());
        }
        if known.redirect_uri.as_deref() != redirect {
            return Err("bad_redirect_uri".into());
        }
        known.used = true;
        let (team, user) = (known.team.clone(), known.user.clone());
        let (bot_scopes, user_scopes) = (known.bot_scopes.clone(), known.user_scopes.clone());
        self.install(app, &team, &user, &bot_scopes, &user_scopes)
    }

    /// Installs `app` in `team` for `user`; the answer is `oauth.v2.access`'s.
    pub(crate) fn install(
        &mut self,
        app: &str,
        team: &str,
        user: &str,
        bot_scopes: &BTreeSet<String>,
        user_scopes: &BTreeSet<String>,
    ) -> Answer {
        let updated = self.seconds();
        let (bot_name, app_name, icon, rotation) = {
            let app = self.state.apps.get(app).ok_or("invalid_client_id")?;
            (app.bot_name.clone(), app.name.clone(), app.icon.clone(), app.rotation)
        };
        let wants_bot = !bot_scopes.is_empty();
        let (bot_id, bot_user) =
            (format!("B{}", self.core.ids.upper(10)), format!("U{}", self.core.ids.upper(10)));
        let workspace = self.workspace_mut(team)?;
        let install = workspace.installs.entry(app.to_owned()).or_insert_with(|| Install {
            app_id: app.to_owned(),
            bot_user: None,
            bot_id: bot_id.clone(),
            bot_scopes: Arc::default(),
            users: std::collections::BTreeMap::new(),
        });
        // Scopes only ever grow by installing again, as on Slack.
        let grown = |have: &BTreeSet<String>, more: &BTreeSet<String>| Arc::new(have | more);
        install.bot_scopes = grown(&install.bot_scopes, bot_scopes);
        let fresh_bot = wants_bot && install.bot_user.is_none();
        if fresh_bot {
            install.bot_user = Some(bot_user);
        }
        if !user_scopes.is_empty() {
            let have = install.users.entry(user.to_owned()).or_default();
            *have = grown(have, user_scopes);
        }
        let (bot_id, bot_user) = (install.bot_id.clone(), install.bot_user.clone());
        let (bot_set, user_set) = (install.bot_scopes.clone(), install.users.get(user).cloned());
        workspace.bots.entry(bot_id.clone()).or_insert_with(|| Bot {
            id: bot_id.clone(),
            app_id: app.to_owned(),
            user_id: bot_user.clone(),
            name: app_name.clone(),
            icon: icon.clone(),
            updated,
            deleted: false,
        });
        if let Some(bot) = workspace.bots.get_mut(&bot_id) {
            bot.deleted = false;
            bot.user_id.clone_from(&bot_user);
        }
        if fresh_bot && let Some(id) = bot_user.clone() {
            let handle = bot_name.to_lowercase().replace(' ', "_");
            workspace.users.insert(
                id.clone(),
                User {
                    id,
                    name: handle,
                    real_name: bot_name,
                    avatar: icon,
                    tz: "America/Los_Angeles".to_owned(),
                    updated,
                    bot_id: Some(bot_id.clone()),
                    app_id: Some(app.to_owned()),
                    ..User::default()
                },
            );
        } else if let Some(id) = &bot_user
            && let Some(bot) = workspace.users.get_mut(id)
        {
            bot.deleted = false;
        }
        let team_json = json!({"id": workspace.id, "name": workspace.name});
        let mut answer = json!({"app_id": app, "team": team_json, "enterprise": null,
            "is_enterprise_install": false, "authed_user": {"id": user}});
        if let Some(bot_user) = bot_user.filter(|_| wants_bot) {
            let token = Token {
                team: team.to_owned(),
                app: app.to_owned(),
                user: bot_user.clone(),
                bot: Some(bot_id),
                scopes: bot_set,
                expires: None,
                revoked: false,
            };
            answer["bot_user_id"] = bot_user.into();
            super::json::merge(&mut answer, self.mint(token, rotation));
        }
        if let Some(scopes) = user_set.filter(|_| !user_scopes.is_empty()) {
            let token = Token {
                team: team.to_owned(),
                app: app.to_owned(),
                user: user.to_owned(),
                bot: None,
                scopes,
                expires: None,
                revoked: false,
            };
            let minted = self.mint(token, rotation);
            super::json::merge(&mut answer["authed_user"], minted);
        }
        Ok(answer)
    }

    /// A new access token, with a refresh token when the app rotates.
    fn mint(&mut self, mut token: Token, rotation: bool) -> Value {
        let kind = if token.bot.is_some() { "xoxb" } else { "xoxp" };
        let ids = &self.core.ids;
        let secret = format!("{kind}-{}-{}-{}", ids.digits(12), ids.digits(13), ids.alnum(24));
        let scope = token.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        let token_type = if token.bot.is_some() { "bot" } else { "user" };
        if !rotation {
            self.state.tokens.insert(secret.clone(), token);
            return json!({"access_token": secret, "scope": scope, "token_type": token_type});
        }
        let access = format!("xoxe.{kind}-1-{}", ids.alnum(64));
        let refresh = format!("xoxe-1-{}", ids.alnum(64));
        token.expires = Some(self.now() + Duration::from_secs(ROTATING));
        self.state.refresh.insert(refresh.clone(), Refresh { token: token.clone(), used: false });
        self.state.tokens.insert(access.clone(), token);
        json!({"access_token": access, "scope": scope, "token_type": token_type,
            "expires_in": ROTATING, "refresh_token": refresh})
    }

    /// A refresh token for a new pair; it can be used once.
    pub(crate) fn rotate(&mut self, app: &str, refresh: &str) -> Answer {
        let known = self.state.refresh.get_mut(refresh).filter(|known| known.token.app == app);
        let known = known.ok_or("invalid_refresh_token")?;
        if known.used || known.token.revoked {
            return Err("invalid_refresh_token".into());
        }
        known.used = true;
        let token = known.token.clone();
        let (team, user) = (token.team.clone(), token.user.clone());
        let workspace = self.workspace(&team)?;
        if !workspace.installs.contains_key(app) {
            return Err("invalid_refresh_token".into());
        }
        let team_json = json!({"id": workspace.id, "name": workspace.name});
        let is_bot = token.bot.is_some();
        let minted = self.mint(token, true);
        let mut answer = json!({"app_id": app, "team": team_json, "enterprise": null,
            "is_enterprise_install": false});
        if is_bot {
            answer["bot_user_id"] = user.into();
        } else {
            answer["user_id"] = user.into();
        }
        super::json::merge(&mut answer, minted);
        Ok(answer)
    }

    /// Revokes a token and tells the app.
    pub(crate) fn revoke(&mut self, secret: &str) {
        let Some(token) = self.state.tokens.get_mut(secret) else { return };
        token.revoked = true;
        let token = token.clone();
        for refresh in self.state.refresh.values_mut() {
            let same = &refresh.token;
            if (&same.team, &same.app, &same.user) == (&token.team, &token.app, &token.user) {
                refresh.used = true;
            }
        }
        let list = json!([token.user]);
        let tokens = if token.bot.is_some() {
            json!({"oauth": [], "bot": list})
        } else {
            json!({"oauth": list, "bot": []})
        };
        let at = self.seconds();
        let event =
            json!({"type": "tokens_revoked", "tokens": tokens, "event_ts": format!("{at}.000000")});
        self.tell_app(&token.team, &token.app, &token.user, &event);
    }

    /// Removes an app from a workspace: its tokens are revoked, its bot is deactivated, it is told.
    pub(crate) fn uninstall(&mut self, team: &str, app: &str) {
        let at = format!("{}.000000", self.seconds());
        let mut revoked = (BTreeSet::new(), BTreeSet::new());
        for token in self.state.tokens.values_mut() {
            if token.team == team && token.app == app && !token.revoked {
                token.revoked = true;
                let list = if token.bot.is_some() { &mut revoked.1 } else { &mut revoked.0 };
                list.insert(token.user.clone());
            }
        }
        for refresh in self.state.refresh.values_mut() {
            if refresh.token.team == team && refresh.token.app == app {
                refresh.used = true;
            }
        }
        let user = revoked.1.first().or(revoked.0.first()).cloned().unwrap_or_default();
        let event = json!({"type": "tokens_revoked", "event_ts": at,
            "tokens": {"oauth": revoked.0, "bot": revoked.1}});
        self.tell_app(team, app, &user, &event);
        self.tell_app(team, app, &user, &json!({"type": "app_uninstalled", "event_ts": at}));
        let Ok(workspace) = self.workspace_mut(team) else { return };
        let Some(install) = workspace.installs.remove(app) else { return };
        if let Some(bot) = workspace.bots.get_mut(&install.bot_id) {
            bot.deleted = true;
        }
        if let Some(id) = install.bot_user {
            if let Some(user) = workspace.users.get_mut(&id) {
                user.deleted = true;
            }
            for channel in workspace.channels.values_mut() {
                channel.members.remove(&id);
            }
        }
    }
}
