//! Access tokens: the service user's, kept in the cabinet and refreshed early, and the
//! application's, asked for anew after a restart.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use rialto_platform::{Cabinet, Credential, RENEWED_AGAIN_AFTER, Toolkit, http as calls};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::sync::Mutex;

use crate::{
    fault::Fault,
    said::Said,
    settings::Settings,
    wire::{ErrorAnswer, TokenAnswer},
};

/// Where the service user's tokens are kept.
pub(crate) const SERVICE_TOKEN: &str = "service_token";

/// A token is renewed this long before it expires: no call goes out with one about to.
const EARLY: SignedDuration = SignedDuration::from_mins(10);

/// A refresh token lives about 90 days (Entra, *Refresh tokens in the Microsoft identity
/// platform*); each renewal brings another one.
const SIGN_IN: SignedDuration = SignedDuration::from_hours(90 * 24);

/// For whom a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// The service user.
    Service,
    /// The application itself.
    App,
}

/// The service user and their tokens, as kept.
#[derive(Clone, Debug)]
pub(crate) struct ServiceToken {
    pub access_token: SecretString,
    pub refresh_token: Option<SecretString>,
    pub expires_at: Timestamp,
    /// When the refresh token was made.
    pub renewed_at: Timestamp,
    pub scope: String,
    /// The service user's object id.
    pub account: String,
    pub name: String,
}

/// The same, readable: made for the cabinet alone, and read from it.
#[derive(Serialize, Deserialize)]
struct Kept {
    access_token: String,
    refresh_token: Option<String>,
    expires_at: Timestamp,
    renewed_at: Timestamp,
    #[serde(default)]
    scope: String,
    account: String,
    #[serde(default)]
    name: String,
}

#[derive(Clone)]
struct AppToken {
    access_token: SecretString,
    expires_at: Timestamp,
}

impl ServiceToken {
    /// What lets the service user in.
    pub fn credentials(&self) -> [Credential; 2] {
        [
            Credential {
                name: "service user's sign-in",
                expires_at: self.renewed_at.checked_add(SIGN_IN).ok(),
                overdue: SignedDuration::from_hours(30 * 24),
            },
            Credential {
                name: "service user's access token",
                expires_at: Some(self.expires_at),
                overdue: EARLY / 2,
            },
        ]
    }
}

/// A token, as known in this process.
struct Held<T> {
    token: Option<T>,
    /// While a token works it is not renewed before.
    renew_after: Option<Timestamp>,
}

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self { token: None, renew_after: None }
    }
}

impl<T> Held<T> {
    fn waits(&self, now: Timestamp) -> bool {
        self.renew_after.is_some_and(|at| now < at)
    }

    /// A token that works is used on: it could not be renewed.
    fn put_off(&mut self, error: &Fault, now: Timestamp) {
        tracing::warn!(?error, "a token could not be renewed yet");
        let soon = now + RENEWED_AGAIN_AFTER;
        self.renew_after = Some(error.until().unwrap_or(soon).max(soon));
    }
}

/// Gives tokens that hold for a while yet.
pub(crate) struct Tokens {
    toolkit: Toolkit,
    settings: Arc<Settings>,
    cabinet: Arc<dyn Cabinet>,
    service: Mutex<Held<ServiceToken>>,
    app: Mutex<Held<AppToken>>,
}

impl Tokens {
    pub fn new(toolkit: Toolkit, settings: Arc<Settings>, cabinet: Arc<dyn Cabinet>) -> Self {
        Self { toolkit, settings, cabinet, service: Mutex::default(), app: Mutex::default() }
    }

    /// A token, another one than `refused`.
    pub async fn token(&self, who: Identity, refused: Option<&str>) -> Result<SecretString, Fault> {
        match who {
            Identity::Service => Ok(self.service(refused).await?.access_token),
            Identity::App => self.app(refused).await,
        }
    }

    /// The service user's token. The lock is held while it is renewed: one renewal at a time.
    pub async fn service(&self, refused: Option<&str>) -> Result<ServiceToken, Fault> {
        let mut held = self.service.lock().await;
        let fresh =
            |token: &ServiceToken| self.is_fresh(token.expires_at, &token.access_token, refused);
        if let Some(token) = held.token.as_ref().filter(|token| fresh(token)) {
            return Ok(token.clone());
        }
        // Read again: connecting anew puts another one there.
        let kept = self.cabinet.get(SERVICE_TOKEN).await?;
        let kept = kept
            .and_then(|kept| opened(&kept))
            .ok_or_else(|| Fault::Revoked("nobody has signed in as the service user".into()))?;
        if fresh(&kept) {
            held.token = Some(kept.clone());
            return Ok(kept);
        }
        let now = self.toolkit.clock.now();
        let works = refused != Some(kept.access_token.expose_secret()) && kept.expires_at > now;
        if works && held.waits(now) {
            return Ok(kept);
        }
        match self.refreshed(kept.clone()).await {
            Ok(token) => {
                held.token = Some(token.clone());
                Ok(token)
            }
            Err(error @ Fault::Revoked(_)) => Err(error),
            Err(error) if works => {
                held.put_off(&error, self.toolkit.clock.now());
                Ok(kept)
            }
            Err(error) => Err(error),
        }
    }

    /// Who the service user is, as last known: no call is made.
    pub async fn account(&self) -> Result<String, Fault> {
        if let Some(token) = self.service.lock().await.token.as_ref() {
            return Ok(token.account.clone());
        }
        let kept = self.cabinet.get(SERVICE_TOKEN).await?;
        kept.and_then(|kept| opened(&kept))
            .map(|token| token.account)
            .ok_or_else(|| Fault::Revoked("nobody has signed in as the service user".into()))
    }

    async fn refreshed(&self, old: ServiceToken) -> Result<ServiceToken, Fault> {
        let Some(refresh) = &old.refresh_token else {
            return Err(Fault::Revoked("the sign-in cannot be renewed".into()));
        };
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())];
        let answer = ask(&self.toolkit, &self.settings, &form).await?;
        let now = self.toolkit.clock.now();
        let token = ServiceToken {
            expires_at: expiry(&answer, now),
            renewed_at: now,
            access_token: answer.access_token,
            refresh_token: answer.refresh_token.or(old.refresh_token),
            scope: answer.scope.unwrap_or(old.scope),
            account: old.account,
            name: old.name,
        };
        self.cabinet.put(SERVICE_TOKEN, sealed(&token)).await?;
        Ok(token)
    }

    async fn app(&self, refused: Option<&str>) -> Result<SecretString, Fault> {
        let mut held = self.app.lock().await;
        let now = self.toolkit.clock.now();
        let works = held.token.clone().filter(|token| {
            refused != Some(token.access_token.expose_secret()) && token.expires_at > now
        });
        if let Some(token) = &works
            && (self.is_fresh(token.expires_at, &token.access_token, refused) || held.waits(now))
        {
            return Ok(token.access_token.clone());
        }
        match (app_token(&self.toolkit, &self.settings).await, works) {
            (Ok(answer), _) => {
                let expires_at = expiry(&answer, self.toolkit.clock.now());
                let access_token = answer.access_token;
                held.token = Some(AppToken { access_token: access_token.clone(), expires_at });
                Ok(access_token)
            }
            (Err(error @ Fault::Revoked(_)), _) | (Err(error), None) => Err(error),
            (Err(error), Some(token)) => {
                held.put_off(&error, self.toolkit.clock.now());
                Ok(token.access_token)
            }
        }
    }

    fn is_fresh(&self, expires_at: Timestamp, token: &SecretString, refused: Option<&str>) -> bool {
        refused != Some(token.expose_secret())
            && expires_at.duration_since(self.toolkit.clock.now()) > EARLY
    }
}

/// A token as the cabinet keeps it.
pub(crate) fn sealed(token: &ServiceToken) -> SecretString {
    let open = |secret: &SecretString| secret.expose_secret().to_owned();
    let kept = Kept {
        access_token: open(&token.access_token),
        refresh_token: token.refresh_token.as_ref().map(open),
        expires_at: token.expires_at,
        renewed_at: token.renewed_at,
        scope: token.scope.clone(),
        account: token.account.clone(),
        name: token.name.clone(),
    };
    SecretString::from(serde_json::to_string(&kept).unwrap_or_default())
}

fn opened(kept: &SecretString) -> Option<ServiceToken> {
    let kept: Kept = serde_json::from_str(kept.expose_secret()).ok()?;
    Some(ServiceToken {
        access_token: kept.access_token.into(),
        refresh_token: kept.refresh_token.map(Into::into),
        expires_at: kept.expires_at,
        renewed_at: kept.renewed_at,
        scope: kept.scope,
        account: kept.account,
        name: kept.name,
    })
}

/// Asks for a token of the application's own.
pub(crate) async fn app_token(
    toolkit: &Toolkit,
    settings: &Settings,
) -> Result<TokenAnswer, Fault> {
    let scope = format!("{}/.default", settings.graph_resource());
    ask(toolkit, settings, &[("grant_type", "client_credentials"), ("scope", &scope)]).await
}

/// When a token expires; a short life is assumed where none is given. A token that lives shorter
/// than it is renewed early would be renewed at each call, so its expiry counts from there.
pub(crate) fn expiry(answer: &TokenAnswer, now: Timestamp) -> Timestamp {
    let life = SignedDuration::from_secs(answer.expires_in.unwrap_or(600).clamp(0, 86_400 * 30));
    let life = if life > EARLY * 2 { life } else { EARLY + life / 2 };
    now.checked_add(life).unwrap_or(now)
}

/// Asks the token endpoint.
pub(crate) async fn ask(
    toolkit: &Toolkit,
    settings: &Settings,
    form: &[(&str, &str)],
) -> Result<TokenAnswer, Fault> {
    let mut form = form.to_vec();
    form.push(("client_id", &settings.client_id));
    form.push(("client_secret", settings.client_secret.expose_secret()));
    let request = toolkit.http.post(settings.sign_in_url("oauth2/v2.0/token")).form(&form);
    // A token that was made and lost can be asked for again: nothing is unknown here.
    let response = request.send().await.map_err(|error| Fault::NotSent(calls::describe(&error)))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = calls::body(response).await.map_err(Fault::NotSent)?;
    if status.is_success() {
        return serde_json::from_slice::<TokenAnswer>(&body)
            .ok()
            .filter(|answer| !answer.access_token.expose_secret().is_empty())
            .ok_or_else(|| Fault::NotSent("the sign-in service gave no token".into()));
    }
    // A service that is out of order or busy says nothing of the sign-in, whatever it calls that.
    let fault = match Fault::of(status, &headers, &body, toolkit.clock.now()) {
        Fault::Server(reason) => return Err(Fault::NotSent(reason)),
        // Without a token nothing goes anywhere.
        Fault::Throttled { until, .. } => return Err(Fault::Throttled { until, wide: true }),
        fault => fault,
    };
    let answer: ErrorAnswer = serde_json::from_slice(&body).unwrap_or_default();
    let reason = match answer.number() {
        "" => answer.code().to_owned(),
        number => format!("{}: {number}", answer.code()),
    };
    match answer.code() {
        // RFC 6749 and Entra: the sign-in is over, or a human must act.
        "invalid_grant" | "interaction_required" | "consent_required" | "login_required" => {
            Err(Fault::Revoked(reason))
        }
        "invalid_client" | "unauthorized_client" => Err(Fault::Revoked(format!(
            "the client id or secret is wrong or has expired ({reason})"
        ))),
        "temporarily_unavailable" => Err(Fault::NotSent(reason)),
        "" => Err(fault),
        _ => {
            let said = Said::Nothing;
            Err(Fault::Refused { status: StatusCode::BAD_REQUEST, said, reason })
        }
    }
}

/// The claims of a token that came straight from its issuer over TLS. Proves nothing by itself.
pub(crate) fn claims<T: DeserializeOwned>(token: &SecretString) -> Option<T> {
    let claims = token.expose_secret().split('.').nth(1)?;
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}
