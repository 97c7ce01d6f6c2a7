//! The token of an installation, renewed before it expires.
//!
//! With token rotation a refresh token works once: its successor is in the cabinet before anybody
//! uses what came with it, and one task at a time refreshes.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rialto_platform::{Cabinet, Credential, Toolkit};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;

use super::{ApiError, join, send};
use crate::wire::TokenAnswer;

/// The cabinet's entry: both tokens in one, so that they change together.
pub(crate) const ENTRY: &str = "tokens";
/// Calls renew a token that lives no longer than this; upkeep does at half its life.
const EARLY: SignedDuration = SignedDuration::from_hours(2);

/// Who asks for tokens.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    /// The app.
    pub client_id: String,
    /// Its secret; without one nothing can be renewed.
    pub client_secret: Option<SecretString>,
}

/// The tokens at one time. Serialized for the cabinet alone.
#[derive(Clone, Debug)]
pub(crate) struct TokenPair {
    /// The access token.
    pub access: SecretString,
    /// What renews it; `None` without token rotation.
    pub refresh: Option<SecretString>,
    /// When it was made.
    pub issued: Timestamp,
    /// Until when it works; `None` for ever.
    pub expires: Option<Timestamp>,
}

#[derive(Deserialize, Serialize)]
struct Sealed {
    access: String,
    refresh: Option<String>,
    issued: Timestamp,
    expires: Option<Timestamp>,
}

impl TokenPair {
    /// What the token endpoint gave; `None` when it gave no token.
    pub fn from_answer(answer: &TokenAnswer, now: Timestamp) -> Option<Self> {
        let expires = answer
            .expires_in
            .and_then(|seconds| now.checked_add(SignedDuration::from_secs(seconds)).ok());
        Some(Self {
            access: answer.access_token.clone()?.0,
            refresh: answer.refresh_token.clone().map(|secret| secret.0),
            issued: now,
            expires,
        })
    }

    /// A token that never expires.
    pub fn lasting(access: SecretString, now: Timestamp) -> Self {
        Self { access, refresh: None, issued: now, expires: None }
    }

    /// For the cabinet.
    pub fn seal(&self) -> SecretString {
        let open = |secret: &SecretString| secret.expose_secret().to_owned();
        let sealed = Sealed {
            access: open(&self.access),
            refresh: self.refresh.as_ref().map(open),
            issued: self.issued,
            expires: self.expires,
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
        })
    }

    /// Whether no more than `left` of its life is left.
    fn is_due(&self, now: Timestamp, left: SignedDuration) -> bool {
        self.refresh.is_some() && self.expires.is_some_and(|at| at.duration_since(now) <= left)
    }

    /// When upkeep should renew it.
    fn half_life(&self) -> Option<Timestamp> {
        self.refresh.as_ref()?;
        let expires = self.expires?;
        self.issued.checked_add(expires.duration_since(self.issued) / 2).ok()
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
    base: Url,
    credentials: Credentials,
    cabinet: Arc<dyn Cabinet>,
    state: Mutex<State>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl Tokens {
    pub(super) fn new(
        toolkit: Toolkit,
        base: Url,
        credentials: Credentials,
        cabinet: Arc<dyn Cabinet>,
    ) -> Self {
        Self { toolkit, base, credentials, cabinet, state: Mutex::default() }
    }

    /// A token that works, renewed if it soon would not.
    pub async fn current(&self) -> Result<SecretString, ApiError> {
        let mut state = self.state.lock().await;
        let pair = self.load(&mut state).await?;
        if !pair.is_due(self.toolkit.clock.now(), EARLY) {
            return Ok(pair.access);
        }
        Ok(self.renew_or_keep(&mut state, pair).await?.access)
    }

    /// Another token than this one, which Slack calls expired.
    pub async fn replace(&self, stale: &SecretString) -> Result<SecretString, ApiError> {
        let mut state = self.state.lock().await;
        let pair = self.load(&mut state).await?;
        if pair.access.expose_secret() != stale.expose_secret() {
            return Ok(pair.access);
        }
        Ok(self.renew(&mut state, &pair).await?.access)
    }

    /// Renews past half its life; gives when that will be so next, and the token's life.
    pub async fn upkeep(&self) -> Result<(Option<Timestamp>, Credential), ApiError> {
        let mut state = self.state.lock().await;
        let mut pair = self.load(&mut state).await?;
        if pair.half_life().is_some_and(|half| half <= self.toolkit.clock.now()) {
            pair = self.renew_or_keep(&mut state, pair).await?;
        }
        let life = pair.expires.map(|expires| expires.duration_since(pair.issued));
        let credential = Credential {
            name: "bot token",
            expires_at: pair.expires,
            overdue: life.unwrap_or_default() / 3,
        };
        Ok((pair.half_life(), credential))
    }

    async fn load(&self, state: &mut State) -> Result<TokenPair, ApiError> {
        if let Some(pair) = &state.pair {
            if state.unsaved {
                self.cabinet.put(ENTRY, pair.seal()).await?;
                state.unsaved = false;
            }
            return Ok(pair.clone());
        }
        let pair = self
            .stored()
            .await?
            .ok_or_else(|| ApiError::Refused { code: "not_authed".into(), needed: None })?;
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
                tracing::warn!(?error, "Slack's token could not be renewed yet");
                if state.unsaved { Err(error) } else { Ok(pair) }
            }
            result => result,
        }
    }

    async fn renew(&self, state: &mut State, pair: &TokenPair) -> Result<TokenPair, ApiError> {
        // Another connection of the same installation may have renewed it.
        if let Some(stored) = self.stored().await?
            && stored.access.expose_secret() != pair.access.expose_secret()
        {
            state.pair = Some(stored.clone());
            return Ok(stored);
        }
        let (Some(refresh), Some(secret)) = (&pair.refresh, &self.credentials.client_secret) else {
            return Err(ApiError::Refused { code: "token_expired".into(), needed: None });
        };
        let request = self.toolkit.http.post(join(&self.base, "oauth.v2.access")?).form(&[
            ("client_id", self.credentials.client_id.as_str()),
            ("client_secret", secret.expose_secret()),
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.expose_secret()),
        ]);
        let (answer, _) = send::<TokenAnswer>(&self.toolkit, request).await?;
        let mut next = TokenPair::from_answer(&answer, self.toolkit.clock.now())
            .ok_or_else(|| ApiError::Unclear("the token endpoint gave no token".into()))?;
        // A server that does not rotate keeps the old one valid.
        next.refresh = next.refresh.or_else(|| pair.refresh.clone());
        state.pair = Some(next.clone());
        state.unsaved = true;
        self.cabinet.put(ENTRY, next.seal()).await?;
        state.unsaved = false;
        Ok(next)
    }
}
