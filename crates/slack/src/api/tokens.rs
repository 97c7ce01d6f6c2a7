//! The token of an installation. With token rotation a refresh token works once.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rialto_platform::{Credential, TokenPair, TokenSource, Toolkit};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{ApiError, join, send};
use crate::wire::TokenAnswer;

/// Who asks for tokens, and where.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    /// Where methods are.
    pub base: Url,
    /// The app.
    pub client_id: String,
    /// Its secret; without one nothing can be renewed.
    pub client_secret: Option<SecretString>,
}

/// What the token endpoint gave; `None` when it gave no token.
pub(crate) fn pair_of(answer: &TokenAnswer, now: Timestamp) -> Option<TokenPair> {
    let pair = TokenPair::lasting(answer.access_token.clone()?.0, now);
    Some(TokenPair {
        refresh: answer.refresh_token.clone().map(|secret| secret.0),
        expires: answer.expires_in.and_then(|seconds| pair.after(seconds)),
        ..pair
    })
}

#[async_trait]
impl TokenSource for Credentials {
    type Error = ApiError;

    const EARLY: SignedDuration = SignedDuration::from_hours(2);

    async fn renewed(&self, toolkit: &Toolkit, pair: &TokenPair) -> Result<TokenPair, ApiError> {
        let (Some(refresh), Some(secret)) = (&pair.refresh, &self.client_secret) else {
            return Err(ApiError::Refused { code: "token_expired".into(), needed: None });
        };
        let request = toolkit.http.post(join(&self.base, "oauth.v2.access")?).form(&[
            ("client_id", self.client_id.as_str()),
            ("client_secret", secret.expose_secret()),
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.expose_secret()),
        ]);
        let (answer, _) = send::<TokenAnswer>(toolkit, request).await?;
        pair_of(&answer, toolkit.clock.now())
            .ok_or_else(|| ApiError::Unclear("the token endpoint gave no token".into()))
    }

    fn credentials(pair: &TokenPair) -> Vec<Credential> {
        let life = pair.expires.map(|expires| expires.duration_since(pair.issued));
        let overdue = life.unwrap_or_default() / 3;
        vec![Credential { name: "bot token", expires_at: pair.expires, overdue }]
    }

    fn missing() -> ApiError {
        ApiError::Refused { code: "not_authed".into(), needed: None }
    }

    fn is_stale(error: &ApiError) -> bool {
        error.is("token_expired")
    }
}
