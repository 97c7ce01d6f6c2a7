//! The tokens of a connection, renewed long before they expire.
//!
//! A refresh token may work once: whatever pair comes back is in the cabinet before anybody uses it,
//! and one task at a time renews. A pair that somebody else put there meanwhile (another connection of
//! the same installation, an admin who connected anew) is taken instead of a renewal.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::{Cabinet, CabinetError, Credential, SendError, Toolkit};

/// After a renewal that failed, a token that still works is used for so long, if the platform does not
/// wish for longer, before another one is tried: all calls of the workspace wait for each.
pub const RENEWED_AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// The tokens at one time.
#[derive(Clone, Debug)]
pub struct TokenPair {
    /// What calls carry.
    pub access: SecretString,
    /// What renews it; `None` where there is no such token.
    pub refresh: Option<SecretString>,
    /// The account that the app gets tokens for by its own credentials: a renewal without a refresh token.
    pub account: Option<String>,
    /// When it was made.
    pub issued: Timestamp,
    /// Until when it works; `None` for ever, or where nobody said until when.
    pub expires: Option<Timestamp>,
    /// Until when the refresh token works, where that was said.
    pub refresh_expires: Option<Timestamp>,
    /// Scopes, as the platform separates them; empty where nobody said which.
    pub scope: String,
}

/// The same, readable: made for the cabinet alone, and read from it.
#[derive(Deserialize, Serialize)]
struct Sealed {
    access: String,
    refresh: Option<String>,
    account: Option<String>,
    issued: Timestamp,
    expires: Option<Timestamp>,
    refresh_expires: Option<Timestamp>,
    #[serde(default)]
    scope: String,
}

impl TokenPair {
    /// The cabinet's entry: all in one, so that they change together.
    pub const ENTRY: &'static str = "tokens";

    /// A token that lives as long as nobody says otherwise.
    pub fn lasting(access: SecretString, now: Timestamp) -> Self {
        Self {
            access,
            refresh: None,
            account: None,
            issued: now,
            expires: None,
            refresh_expires: None,
            scope: String::new(),
        }
    }

    /// So many seconds after it was made.
    pub fn after(&self, seconds: i64) -> Option<Timestamp> {
        self.issued.checked_add(SignedDuration::from_secs(seconds.max(0))).ok()
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
            account: sealed.account,
            issued: sealed.issued,
            expires: sealed.expires,
            refresh_expires: sealed.refresh_expires,
            scope: sealed.scope,
        })
    }

    /// Whether it can be renewed.
    pub fn is_renewable(&self) -> bool {
        self.refresh.is_some() || self.account.is_some()
    }

    /// Whether it can be renewed, and no more than `left` of its life is left.
    fn is_due(&self, now: Timestamp, left: SignedDuration) -> bool {
        self.is_renewable() && self.expires.is_some_and(|at| at.duration_since(now) <= left)
    }

    /// When upkeep should renew it.
    fn half_life(&self) -> Option<Timestamp> {
        let expires = self.expires.filter(|_| self.is_renewable())?;
        self.issued.checked_add(expires.duration_since(self.issued) / 2).ok()
    }

    fn is(&self, access: &SecretString) -> bool {
        self.access.expose_secret() == access.expose_secret()
    }
}

/// What differs between platforms.
#[async_trait]
pub trait TokenSource: Send + Sync + 'static {
    /// Why a call did not bring what was asked for.
    type Error: From<CabinetError> + Into<SendError> + fmt::Debug + Send;

    /// Calls renew a token that lives no longer than this; upkeep does at half its life.
    const EARLY: SignedDuration;

    /// Asks for the pair that follows this one. What the answer leaves out (the refresh token where
    /// there is no rotation, the scopes) stays as it was.
    async fn renewed(&self, toolkit: &Toolkit, pair: &TokenPair) -> Result<TokenPair, Self::Error>;

    /// What lets Rialto in, as a pair has it.
    fn credentials(pair: &TokenPair) -> Vec<Credential>;

    /// Nobody has authorized the workspace.
    fn missing() -> Self::Error;

    /// Whether a call failed because of its token, so that another token may help.
    fn is_stale(error: &Self::Error) -> bool;
}

/// What is known in this process.
#[derive(Debug, Default)]
struct State {
    pair: Option<TokenPair>,
    /// The cabinet did not take the pair yet: nobody uses it before it does.
    unsaved: bool,
    /// While a pair works it is not renewed before.
    renew_after: Option<Timestamp>,
}

/// Keeps the tokens fresh.
pub struct Tokens<S> {
    toolkit: Toolkit,
    source: S,
    cabinet: Arc<dyn Cabinet>,
    state: Mutex<State>,
}

impl<S> fmt::Debug for Tokens<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl<S: TokenSource> Tokens<S> {
    /// Makes it; reads nothing and calls nobody.
    pub fn new(toolkit: Toolkit, source: S, cabinet: Arc<dyn Cabinet>) -> Self {
        Self { toolkit, source, cabinet, state: Mutex::default() }
    }

    /// Makes a call with a token that works, and once more with another when that was refused.
    ///
    /// # Errors
    /// What the call, or the renewal that it needed, came to.
    pub async fn call<T, F>(&self, make: impl Fn(SecretString) -> F) -> Result<T, S::Error>
    where
        F: Future<Output = Result<T, S::Error>>,
    {
        let access = self.current().await?.access;
        match make(access.clone()).await {
            Err(error) if S::is_stale(&error) => make(self.replace(&access).await?.access).await,
            result => result,
        }
    }

    /// Tokens that work, renewed if they soon would not.
    ///
    /// # Errors
    /// When there are none, or none that work any more.
    pub async fn current(&self) -> Result<TokenPair, S::Error> {
        let mut state = self.state.lock().await;
        let pair = self.load(&mut state).await?;
        if !pair.is_due(self.toolkit.clock.now(), S::EARLY) {
            return Ok(pair);
        }
        self.renew_or_keep(&mut state, pair).await
    }

    /// Others than these, which the platform does not accept.
    ///
    /// # Errors
    /// When they cannot be renewed.
    pub async fn replace(&self, stale: &SecretString) -> Result<TokenPair, S::Error> {
        let mut state = self.state.lock().await;
        let pair = self.load(&mut state).await?;
        if !pair.is(stale) {
            return Ok(pair);
        }
        self.renew(&mut state, &pair).await
    }

    /// Renews past half their life; gives when that will be so next, and what lets Rialto in.
    ///
    /// # Errors
    /// When there are none, or none that work any more.
    pub async fn upkeep(&self) -> Result<(Option<Timestamp>, Vec<Credential>), S::Error> {
        let mut state = self.state.lock().await;
        let mut pair = self.load(&mut state).await?;
        if pair.half_life().is_some_and(|half| half <= self.toolkit.clock.now()) {
            pair = self.renew_or_keep(&mut state, pair).await?;
        }
        Ok((pair.half_life(), S::credentials(&pair)))
    }

    async fn load(&self, state: &mut State) -> Result<TokenPair, S::Error> {
        if let Some(pair) = &state.pair {
            if state.unsaved {
                self.cabinet.put(TokenPair::ENTRY, pair.seal()).await?;
                state.unsaved = false;
            }
            return Ok(pair.clone());
        }
        let pair = self.stored().await?.ok_or_else(S::missing)?;
        state.pair = Some(pair.clone());
        Ok(pair)
    }

    async fn stored(&self) -> Result<Option<TokenPair>, CabinetError> {
        Ok(self.cabinet.get(TokenPair::ENTRY).await?.as_ref().and_then(TokenPair::unseal))
    }

    /// Renews; when that does not work and the token still does, it is used on.
    async fn renew_or_keep(
        &self,
        state: &mut State,
        pair: TokenPair,
    ) -> Result<TokenPair, S::Error> {
        let works = || !pair.is_due(self.toolkit.clock.now(), SignedDuration::ZERO);
        if works() && state.renew_after.is_some_and(|at| self.toolkit.clock.now() < at) {
            return Ok(pair);
        }
        match self.renew(state, &pair).await {
            Err(error) if works() => {
                tracing::warn!(?error, "a token could not be renewed yet");
                if state.unsaved {
                    return Err(error);
                }
                let soon = self.toolkit.clock.now() + RENEWED_AGAIN_AFTER;
                state.renew_after = Some(match error.into() {
                    SendError::RateLimited { until, .. } => until.max(soon),
                    _ => soon,
                });
                Ok(pair)
            }
            result => result,
        }
    }

    async fn renew(&self, state: &mut State, pair: &TokenPair) -> Result<TokenPair, S::Error> {
        if let Some(stored) = self.stored().await?.filter(|stored| !stored.is(&pair.access)) {
            state.pair = Some(stored.clone());
            return Ok(stored);
        }
        let mut next = self.source.renewed(&self.toolkit, pair).await?;
        next.account.clone_from(&pair.account);
        next.refresh = next.refresh.or_else(|| pair.refresh.clone());
        if next.scope.is_empty() {
            next.scope.clone_from(&pair.scope);
        }
        state.pair = Some(next.clone());
        state.unsaved = true;
        self.cabinet.put(TokenPair::ENTRY, next.seal()).await?;
        state.unsaved = false;
        Ok(next)
    }
}
