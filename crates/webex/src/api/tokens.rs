//! The access token, renewed long before it expires.
//!
//! The refresh token lives on for 90 days whenever it is used (*Integrations*). Whatever pair comes
//! back is in the cabinet before anybody uses it, and one task at a time renews.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rialto_platform::{Cabinet, Credential, SendError, Toolkit, http as calls};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;

use super::{ApiError, below};
use crate::wire::TokenAnswer;

/// The cabinet's entry: both tokens in one, so that they change together.
pub(crate) const ENTRY: &str = "tokens";
/// Calls renew a token that lives no longer than this; upkeep does at half its life.
const EARLY: SignedDuration = SignedDuration::from_hours(1);
/// With less than a day left, a renewal has failed before.
const OVERDUE: SignedDuration = SignedDuration::from_hours(24);

/// Who asks for tokens, and where.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// Of the integration; `None` where a token was pasted.
    pub id: Option<String>,
    pub secret: Option<SecretString>,
    /// Where the API is, and with it sign-in and tokens.
    pub base: Url,
}

impl Client {
    /// Asks the token endpoint. A token that was made and lost can be asked for again.
    pub async fn ask(
        &self,
        toolkit: &Toolkit,
        form: &[(&str, &str)],
    ) -> Result<TokenAnswer, ApiError> {
        let failed = |reason| ApiError::Failed(SendError::Transient(reason));
        let (Some(id), Some(secret)) = (&self.id, &self.secret) else {
            return Err(ApiError::Revoked("the app has no client id and secret".into()));
        };
        let own = [("client_id", id.as_str()), ("client_secret", secret.expose_secret())];
        let form = [&own[..], form].concat();
        let request = toolkit.http.post(below(&self.base, &["access_token"])).form(&form);
        let response = super::answer(toolkit, request).await.map_err(|error| match error {
            ApiError::Server(status) => failed(format!("Webex's sign-in answered with {status}")),
            ApiError::Failed(error) => failed(error.to_string()),
            ApiError::Refused { message, .. } => ApiError::Revoked(message),
            other => other,
        })?;
        let body = response.bytes().await.map_err(|error| failed(calls::describe(&error)))?;
        serde_json::from_slice::<TokenAnswer>(&body)
            .ok()
            .filter(|answer| answer.access_token.is_some())
            .ok_or_else(|| failed("Webex's sign-in gave no token".to_owned()))
    }
}

/// The tokens at one time.
#[derive(Clone, Debug)]
pub(crate) struct TokenPair {
    pub access: SecretString,
    /// What renews it; `None` for a token that was pasted.
    pub refresh: Option<SecretString>,
    pub issued: Timestamp,
    /// `None` where nobody said when.
    pub expires: Option<Timestamp>,
    pub refresh_expires: Option<Timestamp>,
    /// Scopes, separated by spaces; empty where nobody said which.
    pub scope: String,
}

/// The same, readable: made for the cabinet alone, and read from it.
#[derive(Deserialize, Serialize)]
struct Sealed {
    access: String,
    refresh: Option<String>,
    issued: Timestamp,
    expires: Option<Timestamp>,
    refresh_expires: Option<Timestamp>,
    scope: String,
}

impl TokenPair {
    /// A token that an admin pasted.
    pub fn pasted(access: SecretString, now: Timestamp) -> Self {
        Self {
            access,
            refresh: None,
            issued: now,
            expires: None,
            refresh_expires: None,
            scope: String::new(),
        }
    }

    /// What the token endpoint gave; `None` when it gave no token.
    pub fn from_answer(answer: TokenAnswer, now: Timestamp) -> Option<Self> {
        let after = |seconds: i64| now.checked_add(SignedDuration::from_secs(seconds.max(0))).ok();
        Some(Self {
            access: answer.access_token?.0,
            refresh: answer.refresh_token.map(|secret| secret.0),
            issued: now,
            expires: answer.expires_in.and_then(after),
            refresh_expires: answer.refresh_token_expires_in.and_then(after),
            scope: answer.scope.unwrap_or_default(),
        })
    }

    /// For the cabinet.
    pub fn seal(&self) -> SecretString {
        let open = |secret: &SecretString| secret.expose_secret().to_owned();
        let sealed = Sealed {
            access: open(&self.access),
            refresh: self.refresh.as_ref().map(open),
            issued: self.issued,
            expires: self.expires,
            refresh_expires: self.refresh_expires,
            scope: self.scope.clone(),
        };
        serde_json::to_string(&sealed).unwrap_or_default().into()
    }

    fn unseal(text: &SecretString) -> Option<Self> {
        let sealed: Sealed = serde_json::from_str(text.expose_secret()).ok()?;
        Some(Self {
            access: sealed.access.into(),
            refresh: sealed.refresh.map(Into::into),
            issued: sealed.issued,
            expires: sealed.expires,
            refresh_expires: sealed.refresh_expires,
            scope: sealed.scope,
        })
    }

    /// Whether it can be renewed, and no more than `left` of its life is left.
    fn is_due(&self, now: Timestamp, left: SignedDuration) -> bool {
        self.refresh.is_some() && self.expires.is_some_and(|at| at.duration_since(now) <= left)
    }

    /// When upkeep should renew it.
    fn half_life(&self) -> Option<Timestamp> {
        let expires = self.expires.filter(|_| self.refresh.is_some())?;
        self.issued.checked_add(expires.duration_since(self.issued) / 2).ok()
    }

    /// What lets Rialto in.
    fn credentials(&self) -> Vec<Credential> {
        let of = |name, expires_at, overdue| Credential { name, expires_at, overdue };
        let Some(_) = self.refresh else {
            return vec![of("pasted token", self.expires, OVERDUE)];
        };
        vec![
            of("access token", self.expires, OVERDUE),
            of("service user's sign-in", self.refresh_expires, OVERDUE * 30),
        ]
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

    /// Another token than this one, which Webex does not accept.
    pub async fn replace(&self, stale: &SecretString) -> Result<TokenPair, ApiError> {
        let mut state = self.state.lock().await;
        let pair = self.load(&mut state).await?;
        if pair.access.expose_secret() != stale.expose_secret() {
            return Ok(pair);
        }
        self.renew(&mut state, &pair).await
    }

    /// Renews past half its life; gives when that will be so next, and what lets Rialto in.
    pub async fn upkeep(&self) -> Result<(Option<Timestamp>, Vec<Credential>), ApiError> {
        let mut state = self.state.lock().await;
        let mut pair = self.load(&mut state).await?;
        if pair.half_life().is_some_and(|at| at <= self.toolkit.clock.now()) {
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
                tracing::warn!(?error, "Webex's token could not be renewed yet");
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
        let Some(refresh) = &pair.refresh else {
            return Err(ApiError::Revoked("it was pasted, and cannot be renewed".into()));
        };
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())];
        let answer = self.client.ask(&self.toolkit, &form).await?;
        let mut next = TokenPair::from_answer(answer, self.toolkit.clock.now())
            .ok_or_else(|| ApiError::Unclear("Webex's sign-in gave no token".into()))?;
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
