//! The access token, renewed long before it expires.
//!
//! A person's sign-in is renewed by a refresh token that works once: its successor is in the cabinet
//! before anybody uses what came with it, and one task at a time renews. A Server-to-Server app asks
//! for another token with the account's id (*OAuth 2.0*, *Server-to-Server OAuth*).

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use reqwest::RequestBuilder;
use rialto_platform::{Cabinet, Credential, Toolkit, http as calls};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;

use super::ApiError;
use crate::wire::TokenAnswer;

/// The cabinet's entry: both tokens in one, so that they change together.
pub(crate) const ENTRY: &str = "tokens";
/// Calls renew a token that lives no longer than this; upkeep does at half its life.
const EARLY: SignedDuration = SignedDuration::from_mins(10);
/// A token lives an hour, and a refresh token 90 days.
const ACCESS: i64 = 3_600;
const SIGN_IN: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Who asks for tokens, and where.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub id: String,
    pub secret: SecretString,
    /// Where people sign in, and apps get tokens.
    pub login: Url,
}

impl Client {
    /// Asks the token endpoint. A token that was made and lost can be asked for again.
    pub async fn ask(
        &self,
        toolkit: &Toolkit,
        form: &[(&str, &str)],
    ) -> Result<TokenAnswer, ApiError> {
        let failed = |reason| ApiError::Failed(rialto_platform::SendError::Transient(reason));
        let response = self
            .request(toolkit)?
            .form(form)
            .send()
            .await
            .map_err(|error| failed(calls::describe(&error)))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.map_err(|error| failed(calls::describe(&error)))?;
        if status.is_success() {
            return serde_json::from_slice::<TokenAnswer>(&body)
                .ok()
                .filter(|answer| answer.access_token.is_some())
                .ok_or_else(|| failed("Zoom's sign-in gave no token".to_owned()));
        }
        Err(match ApiError::of(status, &headers, &body, toolkit.clock.now()) {
            ApiError::Server(status) => failed(format!("Zoom's sign-in answered with {status}")),
            // Without a token nothing goes anywhere.
            ApiError::Limited { until, .. } => ApiError::Limited { until, wide: true },
            ApiError::Refused { message, .. } => ApiError::Revoked(message),
            other => other,
        })
    }

    fn request(&self, toolkit: &Toolkit) -> Result<RequestBuilder, ApiError> {
        let url = self.login.join("oauth/token");
        let url = url.map_err(|_| ApiError::Unclear("no address for tokens".into()))?;
        Ok(toolkit.http.post(url).basic_auth(&self.id, Some(self.secret.expose_secret())))
    }
}

/// The tokens at one time.
#[derive(Clone, Debug)]
pub(crate) struct TokenPair {
    pub access: SecretString,
    /// What renews it; `None` for a Server-to-Server app.
    pub refresh: Option<SecretString>,
    /// Of a Server-to-Server app: the account whose tokens it gets.
    pub account: Option<String>,
    pub issued: Timestamp,
    pub expires: Timestamp,
    /// Scopes, separated by spaces.
    pub scope: String,
}

/// The same, readable: made for the cabinet alone, and read from it.
#[derive(Deserialize, Serialize)]
struct Sealed {
    access: String,
    refresh: Option<String>,
    account: Option<String>,
    issued: Timestamp,
    expires: Timestamp,
    scope: String,
}

impl TokenPair {
    /// What the token endpoint gave; `None` when it gave no token.
    pub fn from_answer(answer: TokenAnswer, now: Timestamp) -> Option<Self> {
        let life = SignedDuration::from_secs(answer.expires_in.unwrap_or(ACCESS).clamp(0, ACCESS));
        Some(Self {
            access: answer.access_token?.0,
            refresh: answer.refresh_token.map(|secret| secret.0),
            account: None,
            issued: now,
            expires: now.checked_add(life).unwrap_or(now),
            scope: answer.scope.unwrap_or_default(),
        })
    }

    /// For the cabinet.
    pub fn seal(&self) -> SecretString {
        let open = |secret: &SecretString| secret.expose_secret().to_owned();
        let sealed = Sealed {
            access: open(&self.access),
            refresh: self.refresh.as_ref().map(open),
            account: self.account.clone(),
            issued: self.issued,
            expires: self.expires,
            scope: self.scope.clone(),
        };
        serde_json::to_string(&sealed).unwrap_or_default().into()
    }

    fn unseal(text: &SecretString) -> Option<Self> {
        let sealed: Sealed = serde_json::from_str(text.expose_secret()).ok()?;
        Some(Self {
            access: sealed.access.into(),
            refresh: sealed.refresh.map(Into::into),
            account: sealed.account,
            issued: sealed.issued,
            expires: sealed.expires,
            scope: sealed.scope,
        })
    }

    /// Whether no more than `left` of its life is left.
    fn is_due(&self, now: Timestamp, left: SignedDuration) -> bool {
        self.expires.duration_since(now) <= left
    }

    /// When upkeep should renew it.
    fn half_life(&self) -> Timestamp {
        let half = self.expires.duration_since(self.issued) / 2;
        self.issued.checked_add(half).unwrap_or(self.expires)
    }

    /// What lets Rialto in.
    fn credentials(&self) -> Vec<Credential> {
        let access =
            Credential { name: "access token", expires_at: Some(self.expires), overdue: EARLY };
        let sign_in = self.refresh.as_ref().map(|_| Credential {
            name: "service user's sign-in",
            expires_at: self.issued.checked_add(SIGN_IN).ok(),
            overdue: SIGN_IN / 3,
        });
        std::iter::once(access).chain(sign_in).collect()
    }
}

/// What is known in this process.
#[derive(Debug, Default)]
struct State {
    pair: Option<TokenPair>,
    /// The cabinet did not take the pair yet: nobody uses it before it does.
    unsaved: bool,
}

/// Keeps the token fresh.
pub(crate) struct Tokens {
    toolkit: Toolkit,
    client: Client,
    cabinet: Arc<dyn Cabinet>,
    state: Mutex<State>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl Tokens {
    pub fn new(toolkit: Toolkit, client: Client, cabinet: Arc<dyn Cabinet>) -> Self {
        Self { toolkit, client, cabinet, state: Mutex::default() }
    }

    /// A token that works, renewed if it soon would not.
    pub async fn current(&self) -> Result<TokenPair, ApiError> {
        let mut state = self.state.lock().await;
        let pair = self.load(&mut state).await?;
        if !pair.is_due(self.toolkit.clock.now(), EARLY) {
            return Ok(pair);
        }
        self.renew_or_keep(&mut state, pair).await
    }

    /// Another token than this one, which Zoom does not accept.
    pub async fn replace(&self, stale: &SecretString) -> Result<TokenPair, ApiError> {
        let mut state = self.state.lock().await;
        let pair = self.load(&mut state).await?;
        if pair.access.expose_secret() != stale.expose_secret() {
            return Ok(pair);
        }
        self.renew(&mut state, &pair).await
    }

    /// Renews past half its life; gives when that will be so next, and what lets Rialto in.
    pub async fn upkeep(&self) -> Result<(Timestamp, Vec<Credential>), ApiError> {
        let mut state = self.state.lock().await;
        let mut pair = self.load(&mut state).await?;
        if pair.half_life() <= self.toolkit.clock.now() {
            pair = self.renew_or_keep(&mut state, pair).await?;
        }
        Ok((pair.half_life(), pair.credentials()))
    }

    async fn load(&self, state: &mut State) -> Result<TokenPair, ApiError> {
        if let Some(pair) = &state.pair {
            if state.unsaved {
                self.cabinet.put(ENTRY, pair.seal()).await?;
                state.unsaved = false;
            }
            return Ok(pair.clone());
        }
        let pair = self.stored().await?;
        let pair = pair.ok_or_else(|| ApiError::Revoked("nobody has signed in".into()))?;
        state.pair = Some(pair.clone());
        Ok(pair)
    }

    async fn stored(&self) -> Result<Option<TokenPair>, ApiError> {
        Ok(self.cabinet.get(ENTRY).await?.as_ref().and_then(TokenPair::unseal))
    }

    /// Renews; when that does not work and the token still does, it is used on.
    async fn renew_or_keep(
        &self,
        state: &mut State,
        pair: TokenPair,
    ) -> Result<TokenPair, ApiError> {
        match self.renew(state, &pair).await {
            Err(error) if !pair.is_due(self.toolkit.clock.now(), SignedDuration::ZERO) => {
                tracing::warn!(?error, "Zoom's token could not be renewed yet");
                if state.unsaved { Err(error) } else { Ok(pair) }
            }
            result => result,
        }
    }

    async fn renew(&self, state: &mut State, pair: &TokenPair) -> Result<TokenPair, ApiError> {
        // Connecting anew puts another one there.
        if let Some(stored) = self.stored().await?
            && stored.access.expose_secret() != pair.access.expose_secret()
        {
            state.pair = Some(stored.clone());
            return Ok(stored);
        }
        let form = match (&pair.account, &pair.refresh) {
            (Some(account), _) => account_form(account),
            (None, Some(refresh)) => {
                [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())]
            }
            (None, None) => return Err(ApiError::Revoked("it cannot be renewed".into())),
        };
        let answer = self.client.ask(&self.toolkit, &form).await?;
        let mut next = TokenPair::from_answer(answer, self.toolkit.clock.now())
            .ok_or_else(|| ApiError::Unclear("Zoom's sign-in gave no token".into()))?;
        next.account.clone_from(&pair.account);
        next.refresh = next.refresh.or_else(|| pair.refresh.clone());
        if next.scope.is_empty() {
            next.scope.clone_from(&pair.scope);
        }
        state.pair = Some(next.clone());
        state.unsaved = true;
        self.cabinet.put(ENTRY, next.seal()).await?;
        state.unsaved = false;
        Ok(next)
    }
}

/// What a Server-to-Server app asks for.
pub(crate) fn account_form(account: &str) -> [(&'static str, &str); 2] {
    [("grant_type", "account_credentials"), ("account_id", account)]
}
