//! Tokens: from a code and by refreshing, at `POST /v1/access_token`; whose they are; taking them away.
//!
//! From the vendor's page *Integrations*: an access token lives 14 days, a refresh token 90 days, which begin anew when
//! it is used; it stays the same. What goes wrong is said as everywhere else in Webex.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use base64::Engine as _;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::Webex;
use super::error::Fail;
use super::http::{by_fault, replied, words_of};
use super::stage::Stage;
use super::world::{Refresh, Token};
use crate::core::{Made, drop_connection};

const ACCESS: SignedDuration = SignedDuration::from_hours(24 * 14);
const REFRESH: SignedDuration = SignedDuration::from_hours(24 * 90);

type Form = HashMap<String, String>;

/// `POST /v1/access_token`.
pub(crate) async fn token(
    State(webex): State<Arc<Webex>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let operation = "POST /access_token";
    let gate = webex.core.gate("webex", operation).await;
    let form: Form = url::form_urlencoded::parse(&body)
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    let about = form.get("grant_type").cloned().unwrap_or_default();
    let note = |status: u16, by: &str, error: Option<&str>| {
        let (about, faults) = (about.clone(), &gate.struck[..]);
        webex.core.calls.note("webex", Made { operation, status, error, by, about, faults });
    };
    if gate.reset {
        note(0, "", None);
        return drop_connection();
    }
    if let Some((code, retry_after)) = gate.refuse {
        note(code, "", None);
        return by_fault(&webex.core.ids, code, words_of(code), retry_after);
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_form = kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let granted = if is_form {
        webex.stage().grant(&form)
    } else {
        Err(Fail::new(415, "The content type must be application/x-www-form-urlencoded."))
    };
    let by = form.get("client_id").map_or("", String::as_str);
    let status = granted.as_ref().map_or_else(|fail| fail.status, |_| 200);
    let error = granted.as_ref().err().map(|fail| fail.message.as_str());
    note(if gate.lose_answer { 0 } else { status }, by, error);
    if gate.lose_answer {
        return drop_connection();
    }
    replied(&webex.core.ids, granted.map(super::api::Reply::ok))
}

impl Stage<'_> {
    /// Whose token it is.
    ///
    /// # Errors
    /// 401 for every token that is not good or not good any more.
    pub(crate) fn authenticate(&mut self, token: &str, expire: bool) -> Result<Token, Fail> {
        let bad = || {
            Fail::new(
                401,
                "The request requires a valid access token set in the Authorization request header.",
            )
        };
        let now = self.now();
        let known = self.state.tokens.get_mut(token).ok_or_else(bad)?;
        if expire && known.expires.is_some() {
            known.expires = Some(now);
        }
        let known = known.clone();
        let active = self.state.people.get(&known.person).is_some_and(|person| !person.inactive);
        if !active || known.expires.is_some_and(|expires| expires <= now) {
            return Err(bad());
        }
        Ok(known)
    }

    fn grant(&mut self, form: &Form) -> Result<Value, Fail> {
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        for name in ["grant_type", "client_id", "client_secret"] {
            if field(name).is_empty() {
                return Err(Fail::missing(name));
            }
        }
        let app = self.state.apps.values().find(|app| {
            app.client_id == field("client_id") && app.client_secret == field("client_secret")
        });
        let app = app.ok_or_else(|| Fail::new(401, "Invalid client_id or client_secret."))?;
        let app = app.id.clone();
        match field("grant_type") {
            "authorization_code" => self.by_code(&app, form),
            "refresh_token" => self.by_refresh(&app, field("refresh_token")),
            other => Err(Fail::bad(format!("Unsupported grant_type: {other}"))),
        }
    }

    fn by_code(&mut self, app: &str, form: &Form) -> Result<Value, Fail> {
        let now = self.now();
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        let code = self.state.codes.get_mut(field("code"));
        let code = code.filter(|code| code.app == app && !code.used && code.expires > now);
        let code = code.ok_or_else(|| Fail::bad("Invalid authorization code."))?;
        if code.redirect_uri != field("redirect_uri") {
            return Err(Fail::bad("The redirect_uri is not that of the authorization."));
        }
        if let Some((method, challenge)) = &code.challenge
            && hashed(method, field("code_verifier")) != *challenge
        {
            return Err(Fail::bad("Invalid code_verifier."));
        }
        code.used = true;
        let (person, scopes) = (code.person.clone(), Arc::new(code.scopes.clone()));
        Ok(self.fresh_tokens(app, &person, scopes))
    }

    /// A fresh pair of tokens, as the token endpoint answers.
    pub(crate) fn fresh_tokens(
        &mut self,
        app: &str,
        person: &str,
        scopes: Arc<BTreeSet<String>>,
    ) -> Value {
        let refresh = self.core.ids.alnum(64);
        let expires = self.now().checked_add(REFRESH).unwrap_or(jiff::Timestamp::MAX);
        let (app, person) = (app.to_owned(), person.to_owned());
        let kept = Refresh { app, person, scopes, expires };
        self.state.refresh.insert(refresh.clone(), kept);
        self.fresh_access(&refresh)
    }

    fn by_refresh(&mut self, app: &str, token: &str) -> Result<Value, Fail> {
        let now = self.now();
        let known = self.state.refresh.get_mut(token);
        let known = known.filter(|known| known.app == app && known.expires > now);
        let known = known.ok_or_else(|| Fail::bad("Invalid refresh token."))?;
        known.expires = now.checked_add(REFRESH).unwrap_or(jiff::Timestamp::MAX);
        Ok(self.fresh_access(token))
    }

    /// An access token for a refresh token that is good.
    fn fresh_access(&mut self, refresh: &str) -> Value {
        let Some(kept) = self.state.refresh.get(refresh) else { return Value::Null };
        let access = self.core.ids.alnum(64);
        let expires = self.now().checked_add(ACCESS).unwrap_or(jiff::Timestamp::MAX);
        let token = Token {
            app: kept.app.clone(),
            person: kept.person.clone(),
            scopes: kept.scopes.clone(),
            expires: Some(expires),
        };
        let scope = token.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        self.state.tokens.insert(access.clone(), token);
        json!({"access_token": access, "expires_in": ACCESS.as_secs(), "refresh_token": refresh,
            "refresh_token_expires_in": REFRESH.as_secs(), "token_type": "Bearer", "scope": scope})
    }

    /// Takes an integration's authorization away: a person's, or everybody's. Its tokens are bad from now on, and its
    /// webhooks are gone.
    pub(crate) fn revoke(&mut self, app: &str, person: Option<&str>) {
        let concerned = |of: &str, whose: &str| of == app && person.is_none_or(|p| p == whose);
        let state = &mut *self.state;
        state.tokens.retain(|_, token| !concerned(&token.app, &token.person));
        state.refresh.retain(|_, refresh| !concerned(&refresh.app, &refresh.person));
        state.webhooks.retain(|_, hook| !concerned(&hook.app, &hook.creator));
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
