//! Tokens: from a code, by rotation, for an account or an app by itself; and revoking them.
//!
//! `POST /oauth/token` and `POST /oauth/revoke`, as the vendor's page *OAuth 2.0* has them: client id and secret in
//! `Authorization: Basic`, the rest in a form or in the query; errors are `{"reason", "error"}`.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::Zoom;
use super::error::Fail;
use super::stage::Stage;
use super::world::{AppKind, Refresh, Token};
use crate::core::{Made, drop_connection};

/// Seconds that an access token lives; answers say one less, as the vendor's do.
const ACCESS: i64 = 3600;
const REFRESH: SignedDuration = SignedDuration::from_hours(24 * 90);

/// Why no token was given.
struct Denied {
    status: u16,
    error: &'static str,
    reason: String,
}

fn denied(status: u16, error: &'static str, reason: impl Into<String>) -> Denied {
    Denied { status, error, reason: reason.into() }
}

type Granted = Result<Value, Denied>;
type Form = HashMap<String, String>;

/// `POST /oauth/token`.
pub(crate) async fn token(
    state: State<Arc<Zoom>>,
    query: RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    respond(state.0, "oauth.token", query, &headers, &body, |stage, app, form| {
        stage.grant(app, form)
    })
    .await
}

/// `POST /oauth/revoke`.
pub(crate) async fn revoke(
    state: State<Arc<Zoom>>,
    query: RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    respond(state.0, "oauth.revoke", query, &headers, &body, |stage, app, form| {
        stage.revoke(app, form)
    })
    .await
}

async fn respond(
    zoom: Arc<Zoom>,
    operation: &str,
    RawQuery(query): RawQuery,
    headers: &HeaderMap,
    body: &Bytes,
    run: fn(&mut Stage<'_>, &str, &Form) -> Granted,
) -> Response {
    let gate = zoom.core.gate("zoom", operation).await;
    let mut form = Form::new();
    for part in [query.unwrap_or_default().as_bytes(), body] {
        let pairs = url::form_urlencoded::parse(part);
        form.extend(pairs.map(|(key, value)| (key.into_owned(), value.into_owned())));
    }
    let about = form.get("grant_type").cloned().unwrap_or_default();
    let note = |status: u16, by: &str, error: Option<&str>| {
        let (about, faults) = (about.clone(), &gate.struck[..]);
        zoom.core.calls.note("zoom", Made { operation, status, error, by, about, faults });
    };
    if gate.reset {
        note(0, "", None);
        return drop_connection();
    }
    if let Some((code, _)) = gate.refuse {
        note(code, "", None);
        let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = json!({"reason": "Try again later.", "error": "server_error"});
        return (status, axum::Json(body)).into_response();
    }
    let mut stage = zoom.stage();
    let (by, granted) = match stage.client(headers) {
        Ok(app) => (app.clone(), run(&mut stage, &app, &form)),
        Err(why) => (String::new(), Err(why)),
    };
    drop(stage);
    let status = granted.as_ref().map_or_else(|why| why.status, |_| 200);
    let error = granted.as_ref().err().map(|why| why.error);
    note(if gate.lose_answer { 0 } else { status }, &by, error);
    if gate.lose_answer {
        return drop_connection();
    }
    let body = granted.unwrap_or_else(|why| json!({"reason": why.reason, "error": why.error}));
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, axum::Json(body)).into_response()
}

impl Stage<'_> {
    /// Whose token it is.
    ///
    /// # Errors
    /// 124, with 401, for every token that is not good or not good any more.
    pub(crate) fn authenticate(&self, token: &str) -> Result<Token, Fail> {
        let invalid = || Fail::new(401, 124, "Invalid access token.");
        let known = self.state.tokens.get(token).ok_or_else(invalid)?;
        if known.expires <= self.now() {
            return Err(Fail::new(401, 124, "Access token is expired."));
        }
        let account = self.state.accounts.get(&known.account).ok_or_else(invalid)?;
        let added = account.installs.contains_key(&known.app);
        let active = account.users.get(&known.user).is_some_and(|user| !user.inactive);
        if known.revoked || !added || !active {
            return Err(invalid());
        }
        Ok(known.clone())
    }

    /// The app whose id and secret the header has.
    fn client(&self, headers: &HeaderMap) -> Result<String, Denied> {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let encoded = header.and_then(|value| value.strip_prefix("Basic ")).unwrap_or("");
        let decoded = base64::engine::general_purpose::STANDARD.decode(encoded.trim());
        let text = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = text.as_deref().and_then(|text| text.split_once(':'));
        let app = pair.and_then(|(id, secret)| {
            let apps = self.state.apps.values();
            apps.into_iter().find(|app| app.client_id == id && app.client_secret == secret)
        });
        let app =
            app.ok_or_else(|| denied(401, "invalid_client", "Invalid client_id or client_secret"))?;
        Ok(app.id.clone())
    }

    fn grant(&mut self, app: &str, form: &Form) -> Granted {
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        match field("grant_type") {
            "authorization_code" => self.exchange(app, form),
            "refresh_token" => self.rotate(app, field("refresh_token")),
            "account_credentials" => self.for_account(app, field("account_id")),
            _ => Err(denied(400, "unsupported_grant_type", "unsupported grant type")),
        }
    }

    /// A code for tokens; adds the app.
    fn exchange(&mut self, app: &str, form: &Form) -> Granted {
        let now = self.now();
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        let given = field("code");
        let code = self.state.codes.get_mut(given).filter(|code| code.app == app && !code.used);
        let invalid =
            || denied(400, "invalid_request", format!("Invalid authorization code {given}"));
        let code = code.ok_or_else(invalid)?;
        if code.expires <= now {
            return Err(invalid());
        }
        if code.redirect_uri != field("redirect_uri") {
            let what = "Invalid request : Redirect URI mismatch.";
            return Err(denied(400, "invalid_request", what));
        }
        if let Some((method, challenge)) = &code.challenge
            && *challenge != hashed(method, field("code_verifier"))
        {
            return Err(denied(400, "invalid_request", "code verifier is invalid"));
        }
        code.used = true;
        let (account, user) = (code.account.clone(), code.user.clone());
        let scopes = Arc::new(code.scopes.clone());
        self.add_app(app, &account, &user, &scopes);
        Ok(self.fresh_tokens(app, &account, &user, scopes))
    }

    /// Adds an app for a person, or by an admin for all.
    pub(crate) fn add_app(
        &mut self,
        app: &str,
        account: &str,
        user: &str,
        scopes: &Arc<BTreeSet<String>>,
    ) {
        if let Some(account) = self.state.accounts.get_mut(account) {
            let install = account.installs.entry(app.to_owned()).or_default();
            install.users.insert(user.to_owned(), scopes.clone());
        }
    }

    /// An access token and its refresh token, as the token endpoint answers with them.
    pub(crate) fn fresh_tokens(
        &mut self,
        app: &str,
        account: &str,
        user: &str,
        scopes: Arc<BTreeSet<String>>,
    ) -> Value {
        let (access, token) = self.fresh_access(app, account, user, scopes);
        let mut answer = self.answer_with(&access, &token);
        let refresh = self.opaque();
        let expires = self.now().checked_add(REFRESH).unwrap_or(jiff::Timestamp::MAX);
        let known = Refresh { token, access, expires, used: false };
        self.state.refresh.insert(refresh.clone(), known);
        answer["refresh_token"] = refresh.into();
        answer
    }

    fn fresh_access(
        &mut self,
        app: &str,
        account: &str,
        user: &str,
        scopes: Arc<BTreeSet<String>>,
    ) -> (String, Token) {
        let expires = self.now().checked_add(SignedDuration::from_secs(ACCESS));
        let token = Token {
            account: account.to_owned(),
            app: app.to_owned(),
            user: user.to_owned(),
            scopes,
            expires: expires.unwrap_or(jiff::Timestamp::MAX),
            revoked: false,
        };
        let access = self.opaque();
        self.state.tokens.insert(access.clone(), token.clone());
        (access, token)
    }

    fn opaque(&self) -> String {
        format!(
            "{}.{}.{}",
            self.core.ids.alnum(24),
            self.core.ids.alnum(96),
            self.core.ids.alnum(43)
        )
    }

    fn answer_with(&self, access: &str, token: &Token) -> Value {
        let scopes = token.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        json!({"access_token": access, "token_type": "bearer", "expires_in": ACCESS - 1,
            "scope": scopes, "api_url": self.state.base})
    }

    /// Another pair of tokens for a refresh token, which is used up by it.
    fn rotate(&mut self, app: &str, refresh: &str) -> Granted {
        let now = self.now();
        let invalid = || denied(401, "invalid_request", "Invalid Token!");
        let known = self.state.refresh.get_mut(refresh).ok_or_else(invalid)?;
        if known.used || known.token.app != app || known.expires <= now {
            return Err(invalid());
        }
        known.used = true;
        let Token { account, app, user, scopes, revoked, .. } = known.token.clone();
        let added = self.account(&account).is_ok_and(|account| {
            account.installs.get(&app).is_some_and(|install| install.users.contains_key(&user))
                && account.users.get(&user).is_some_and(|user| !user.inactive)
        });
        if revoked || !added {
            return Err(invalid());
        }
        Ok(self.fresh_tokens(&app, &account, &user, scopes))
    }

    /// A Server-to-Server app's token, which has no refresh token.
    fn for_account(&mut self, app: &str, account: &str) -> Granted {
        let known = self.state.apps.get(app);
        let known = known.filter(|app| app.kind == AppKind::Server);
        let known =
            known.ok_or_else(|| denied(400, "unsupported_grant_type", "unsupported grant type"))?;
        let scopes = Arc::new(known.scopes.clone());
        let install = self.state.accounts.get(account).and_then(|a| a.installs.get(app));
        let owner = install.and_then(|install| install.users.keys().next().cloned());
        let owner = owner.ok_or_else(|| denied(400, "invalid_request", "Invalid account_id"))?;
        let (access, token) = self.fresh_access(app, account, &owner, scopes);
        Ok(self.answer_with(&access, &token))
    }

    /// Revokes an access token and the refresh token that came with it.
    fn revoke(&mut self, app: &str, form: &Form) -> Granted {
        let given = form.get("token").map_or("", String::as_str);
        let known = self.state.tokens.get_mut(given).filter(|token| token.app == app);
        let known = known.ok_or_else(|| denied(401, "invalid_request", "Invalid Token!"))?;
        known.revoked = true;
        for refresh in self.state.refresh.values_mut().filter(|refresh| refresh.access == given) {
            refresh.token.revoked = true;
        }
        Ok(json!({"status": "success"}))
    }

    /// Removes an app from an account, or from one person of it: all of its tokens there are bad from now on.
    pub(crate) fn remove_app(&mut self, app: &str, account: &str, user: Option<&str>) {
        let Some(known) = self.state.accounts.get_mut(account) else { return };
        let Some(install) = known.installs.get_mut(app) else { return };
        install.users.retain(|added, _| user.is_some_and(|user| user != added));
        if install.users.is_empty() {
            known.installs.remove(app);
        }
        let gone = |token: &Token| {
            token.app == app && token.account == account && user.is_none_or(|u| u == token.user)
        };
        for token in self.state.tokens.values_mut().filter(|token| gone(token)) {
            token.revoked = true;
        }
        for refresh in self.state.refresh.values_mut().filter(|refresh| gone(&refresh.token)) {
            refresh.token.revoked = true;
        }
    }
}

/// The challenge that a verifier belongs to (PKCE, RFC 7636).
fn hashed(method: &str, verifier: &str) -> String {
    if method != "S256" {
        return verifier.to_owned();
    }
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest)
}
