//! A thin client of the chat API: calls as the service user, errors that say what happened.

mod blocked;
mod error;
mod tokens;
mod words;

use std::sync::Arc;

use http::Method;
use reqwest::RequestBuilder;
use rialto_platform::{
    ActedAs, Cabinet, Tokens, Toolkit,
    http::{self as calls, below},
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use url::Url;

use crate::ids::Spellings;

pub(crate) use self::{
    blocked::Blocked,
    error::ApiError,
    tokens::{Client, account_form, pair_of},
};

/// Parameters of a call's query.
pub(crate) type Query<'a> = Vec<(&'a str, String)>;

/// Who we are; kept in the cabinet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Identity {
    /// The service user's id.
    pub user_id: String,
    /// Its other id, by which people of other accounts know it too.
    pub member_id: Option<String>,
    /// Its e-mail address, small letters.
    pub email: String,
    /// Its name.
    pub name: String,
    /// Whether the token stands for somebody else, who acts for the service user.
    pub acted_for: bool,
    /// As whom we have acted, who we are now included.
    #[serde(skip)]
    pub acted_as: ActedAs,
}

impl Identity {
    /// Whether an id, or an e-mail address, is ours.
    pub fn is(&self, id: &str) -> bool {
        !id.is_empty()
            && (id == self.user_id
                || self.member_id.as_deref() == Some(id)
                || id.eq_ignore_ascii_case(&self.email))
    }

    /// Whether an id, or an e-mail address, is ours, or was before somebody else signed in for Rialto.
    pub fn has_been(&self, id: &str) -> bool {
        self.is(id) || self.acted_as.has_by(|it| it.eq_ignore_ascii_case(id))
    }

    /// How paths name us.
    pub fn path(&self) -> &str {
        if self.acted_for { &self.user_id } else { "me" }
    }
}

/// Where Zoom's services are.
#[derive(Clone, Debug)]
pub(crate) struct Bases {
    /// The API.
    pub api: Url,
    /// The part of it that takes files.
    pub files: Url,
    /// Where people sign in, and files are downloaded (*List user's chat messages*).
    pub login: Url,
}

/// The API as one account's service user sees it.
#[derive(Debug)]
pub(crate) struct Api {
    /// Clock and HTTP client.
    pub toolkit: Toolkit,
    /// Where it is.
    pub bases: Bases,
    /// The token, kept fresh.
    pub tokens: Tokens<Client>,
    /// Channels that take no messages for a while.
    pub blocked: Blocked,
    /// How Zoom writes the ids of messages.
    pub spellings: Spellings,
}

impl Api {
    /// Makes a client; calls nobody.
    pub fn new(toolkit: Toolkit, bases: Bases, client: Client, cabinet: Arc<dyn Cabinet>) -> Self {
        let tokens = Tokens::new(toolkit.clone(), client, cabinet);
        Self {
            toolkit,
            bases,
            tokens,
            blocked: Blocked::default(),
            spellings: Spellings::default(),
        }
    }

    /// A call that changes nothing.
    pub async fn get<T: DeserializeOwned + Default>(
        &self,
        path: &[&str],
        query: &Query<'_>,
    ) -> Result<T, ApiError> {
        self.call(Method::GET, path, query, None).await
    }

    /// A call that does something.
    pub async fn send<T: DeserializeOwned + Default>(
        &self,
        method: Method,
        path: &[&str],
        body: &Value,
    ) -> Result<T, ApiError> {
        self.call(method, path, &Vec::new(), Some(body)).await
    }

    /// A call, once more with another token when Zoom does not accept this one.
    pub async fn call<T: DeserializeOwned + Default>(
        &self,
        method: Method,
        path: &[&str],
        query: &Query<'_>,
        body: Option<&Value>,
    ) -> Result<T, ApiError> {
        let url = below(&self.bases.api, path);
        let make = || {
            let request = self.toolkit.http.request(method.clone(), url.clone()).query(query);
            match body {
                Some(body) => request.json(body),
                None => request,
            }
        };
        self.tokens
            .call(async |token| {
                answer(&self.toolkit, make().bearer_auth(token.expose_secret())).await
            })
            .await
    }
}

/// Makes a call and reads its answer. What has no content reads as the default.
pub(crate) async fn answer<T: DeserializeOwned + Default>(
    toolkit: &Toolkit,
    request: RequestBuilder,
) -> Result<T, ApiError> {
    let response =
        request.send().await.map_err(|error| ApiError::Failed(calls::call_failed(&error)))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = calls::body(response).await;
    if !status.is_success() {
        let body = body.unwrap_or_default();
        return Err(ApiError::of(status, &headers, &body, toolkit.clock.now()));
    }
    let body = body.map_err(ApiError::Unclear)?;
    if body.is_empty() {
        return Ok(T::default());
    }
    let unclear = |_| ApiError::Unclear("the answer is not what Zoom's should be".into());
    serde_json::from_slice(&body).map_err(unclear)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_are_known_by_either_id_and_by_address() {
        let own = Identity {
            user_id: "u".into(),
            member_id: Some("m".into()),
            email: "rialto@acme.example".into(),
            ..Identity::default()
        };
        for (id, expected) in
            [("u", true), ("m", true), ("Rialto@acme.example", true), ("", false), ("x", false)]
        {
            assert_eq!(own.is(id), expected, "{id}");
        }
        assert!(!Identity::default().is(""));
    }
}
