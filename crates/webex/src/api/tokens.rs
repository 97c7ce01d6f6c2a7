//! Where tokens come from: the service user's sign-in. The refresh token lives on for 90 days whenever
//! it is used (*Integrations*).

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rialto_platform::{
    Credential, SendError, TokenPair, TokenSource, Toolkit,
    http::{self as calls, below},
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::ApiError;
use crate::wire::TokenAnswer;

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
        let body = calls::body(response).await.map_err(failed)?;
        serde_json::from_slice::<TokenAnswer>(&body)
            .ok()
            .filter(|answer| answer.access_token.is_some())
            .ok_or_else(|| failed("Webex's sign-in gave no token".to_owned()))
    }
}

/// What the token endpoint gave; `None` when it gave no token.
pub(crate) fn pair_of(answer: TokenAnswer, now: Timestamp) -> Option<TokenPair> {
    let pair = TokenPair::lasting(answer.access_token?.0, now);
    Some(TokenPair {
        refresh: answer.refresh_token.map(|secret| secret.0),
        expires: answer.expires_in.and_then(|seconds| pair.after(seconds)),
        refresh_expires: answer.refresh_token_expires_in.and_then(|seconds| pair.after(seconds)),
        scope: answer.scope.unwrap_or_default(),
        ..pair
    })
}

#[async_trait]
impl TokenSource for Client {
    type Error = ApiError;

    const EARLY: SignedDuration = SignedDuration::from_hours(1);

    async fn renewed(&self, toolkit: &Toolkit, pair: &TokenPair) -> Result<TokenPair, ApiError> {
        let Some(refresh) = &pair.refresh else {
            return Err(ApiError::Revoked("it was pasted, and cannot be renewed".into()));
        };
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())];
        pair_of(self.ask(toolkit, &form).await?, toolkit.clock.now())
            .ok_or_else(|| ApiError::Unclear("Webex's sign-in gave no token".into()))
    }

    fn credentials(pair: &TokenPair) -> Vec<Credential> {
        let of = |name, expires_at, overdue| Credential { name, expires_at, overdue };
        let Some(_) = pair.refresh else {
            return vec![of("pasted token", pair.expires, OVERDUE)];
        };
        vec![
            of("access token", pair.expires, OVERDUE),
            of("service user's sign-in", pair.refresh_expires, OVERDUE * 30),
        ]
    }

    fn missing() -> ApiError {
        ApiError::Revoked("nobody has signed in".into())
    }

    fn is_stale(error: &ApiError) -> bool {
        matches!(error, ApiError::Revoked(_))
    }
}
