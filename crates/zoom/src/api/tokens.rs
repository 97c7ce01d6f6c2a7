//! Where tokens come from: a person's sign-in, renewed by a refresh token that works once, or a
//! Server-to-Server app, which asks for another token with the account's id (*OAuth 2.0*,
//! *Server-to-Server OAuth*).

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use reqwest::RequestBuilder;
use rialto_platform::{Credential, TokenPair, TokenSource, Toolkit, http as calls};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::ApiError;
use crate::wire::TokenAnswer;

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
        let body = calls::body(response).await.map_err(failed)?;
        if status.is_success() {
            return serde_json::from_slice::<TokenAnswer>(&body)
                .ok()
                .filter(|answer| answer.access_token.is_some())
                .ok_or_else(|| failed("Zoom's sign-in gave no token".to_owned()));
        }
        Err(match ApiError::of(status, &headers, &body, toolkit.clock.now()) {
            ApiError::Server(status) => failed(format!("Zoom's sign-in answered with {status}")),
            // Without a token nothing goes anywhere.
            ApiError::Limited { until, said, .. } => ApiError::Limited { until, said, wide: true },
            ApiError::Refused { said, .. } => ApiError::Revoked(said),
            other => other,
        })
    }

    fn request(&self, toolkit: &Toolkit) -> Result<RequestBuilder, ApiError> {
        let url = self.login.join("oauth/token");
        let url = url.map_err(|_| ApiError::Unclear("no address for tokens".into()))?;
        Ok(toolkit.http.post(url).basic_auth(&self.id, Some(self.secret.expose_secret())))
    }
}

/// What the token endpoint gave; `None` when it gave no token.
pub(crate) fn pair_of(answer: TokenAnswer, now: Timestamp) -> Option<TokenPair> {
    let pair = TokenPair::lasting(answer.access_token?.0, now);
    Some(TokenPair {
        refresh: answer.refresh_token.map(|secret| secret.0),
        expires: pair.after(answer.expires_in.unwrap_or(ACCESS).min(ACCESS)),
        scope: answer.scope.unwrap_or_default(),
        ..pair
    })
}

/// What a Server-to-Server app asks for.
pub(crate) fn account_form(account: &str) -> [(&'static str, &str); 2] {
    [("grant_type", "account_credentials"), ("account_id", account)]
}

#[async_trait]
impl TokenSource for Client {
    type Error = ApiError;

    const EARLY: SignedDuration = SignedDuration::from_mins(10);

    async fn renewed(&self, toolkit: &Toolkit, pair: &TokenPair) -> Result<TokenPair, ApiError> {
        let form = match (&pair.account, &pair.refresh) {
            (Some(account), _) => account_form(account),
            (None, Some(refresh)) => {
                [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())]
            }
            (None, None) => return Err(ApiError::Revoked("it cannot be renewed".into())),
        };
        pair_of(self.ask(toolkit, &form).await?, toolkit.clock.now())
            .ok_or_else(|| ApiError::Unclear("Zoom's sign-in gave no token".into()))
    }

    fn credentials(pair: &TokenPair) -> Vec<Credential> {
        let access =
            Credential { name: "access token", expires_at: pair.expires, overdue: Self::EARLY };
        let sign_in = pair.refresh.as_ref().map(|_| Credential {
            name: "service user's sign-in",
            expires_at: pair.issued.checked_add(SIGN_IN).ok(),
            overdue: SIGN_IN / 3,
        });
        std::iter::once(access).chain(sign_in).collect()
    }

    fn missing() -> ApiError {
        ApiError::Revoked("nobody has signed in".into())
    }

    fn is_stale(error: &ApiError) -> bool {
        matches!(error, ApiError::Revoked(_))
    }
}
