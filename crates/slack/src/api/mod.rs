//! A thin client of the Web API: one method to read, one to write, errors that say what happened.

mod error;
mod tokens;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use reqwest::RequestBuilder;
use rialto_platform::{ActedAs, Cabinet, Tokens, Toolkit, http as calls};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

pub(crate) use error::ApiError;
pub(crate) use tokens::{Credentials, pair_of};

use crate::wire::{Answer, Message};

/// A page of a list: more than Slack's recommended 200 is not faster.
pub(crate) const PAGE: &str = "200";

/// Parameters of a call.
pub(crate) type Params<'a> = Vec<(&'a str, String)>;

/// The Web API as one workspace's installation sees it.
#[derive(Debug)]
pub(crate) struct Api {
    /// Clock and HTTP client.
    pub toolkit: Toolkit,
    /// Where methods are.
    pub base: Url,
    /// The token, kept fresh.
    pub tokens: Tokens<Credentials>,
}

/// A body that a call carries.
#[derive(Debug)]
enum Body<'a> {
    Query(&'a Params<'a>),
    Form(&'a Params<'a>),
    Json(Bytes),
}

impl Body<'_> {
    /// The conversation that it is about.
    fn channel(&self) -> Option<String> {
        let named = |name: &str| name == "channel" || name == "channel_id";
        match self {
            Self::Query(params) | Self::Form(params) => {
                params.iter().find(|(name, _)| named(name)).map(|(_, value)| value.clone())
            }
            Self::Json(json) => serde_json::from_slice::<About>(json).ok()?.channel,
        }
    }
}

#[derive(Deserialize)]
struct About {
    #[serde(alias = "channel_id")]
    channel: Option<String>,
}

impl Api {
    /// Makes a client; calls nobody.
    pub fn new(toolkit: Toolkit, credentials: Credentials, cabinet: Arc<dyn Cabinet>) -> Self {
        let base = credentials.base.clone();
        let tokens = Tokens::new(toolkit.clone(), credentials, cabinet);
        Self { toolkit, base, tokens }
    }

    /// A method that changes nothing.
    pub async fn get(&self, method: &str, params: &Params<'_>) -> Result<Answer, ApiError> {
        self.call(method, Body::Query(params)).await
    }

    /// A method that does something, with plain parameters.
    pub async fn form(&self, method: &str, params: &Params<'_>) -> Result<Answer, ApiError> {
        self.call(method, Body::Form(params)).await
    }

    /// A method that does something, with structured parameters.
    pub async fn json(&self, method: &str, body: &impl Serialize) -> Result<Answer, ApiError> {
        let body =
            serde_json::to_vec(body).map_err(|error| ApiError::Unsendable(error.to_string()))?;
        self.call(method, Body::Json(body.into())).await
    }

    /// Messages of a conversation, or of a thread in it, since a time, all pages; the order is
    /// Slack's (newest first for a conversation, oldest first for a thread).
    pub async fn messages(
        &self,
        conversation: &str,
        thread: Option<&str>,
        oldest: &str,
    ) -> Result<Vec<Message>, ApiError> {
        let mut params = vec![
            ("channel", conversation.to_owned()),
            ("oldest", oldest.to_owned()),
            ("inclusive", "true".to_owned()),
            ("include_all_metadata", "true".to_owned()),
            ("limit", PAGE.to_owned()),
        ];
        let method = match thread {
            Some(thread) => {
                params.push(("ts", thread.to_owned()));
                "conversations.replies"
            }
            None => "conversations.history",
        };
        let mut messages = Vec::new();
        let mut seen: Option<String> = None;
        loop {
            let mut page = params.clone();
            page.extend(seen.clone().map(|cursor| ("cursor", cursor)));
            let answer = self.get(method, &page).await?;
            let next = next_page(&answer);
            messages.extend(answer.messages);
            // A cursor that does not move would never end.
            if next.is_none() || next == seen {
                return Ok(messages);
            }
            seen = next;
        }
    }

    /// Whoever uninstalled the app put it out of all its channels: installed again, it comes back into a
    /// public one by itself when it is needed there, and only where it may not the refusal stands.
    async fn call(&self, method: &str, body: Body<'_>) -> Result<Answer, ApiError> {
        let refused = match self.call_once(method, &body).await {
            Err(error) if error.is("not_in_channel") => error,
            result => return result,
        };
        let Some(channel) = body.channel() else { return Err(refused) };
        // Rare: the others need not have room for it.
        Box::pin(self.join_and_call(channel, method, &body, refused)).await
    }

    async fn join_and_call(
        &self,
        channel: String,
        method: &str,
        body: &Body<'_>,
        refused: ApiError,
    ) -> Result<Answer, ApiError> {
        let join = vec![("channel", channel)];
        match self.call_once("conversations.join", &Body::Form(&join)).await {
            Ok(_) => self.call_once(method, body).await,
            Err(error) if error.is_final() => Err(refused),
            Err(error) => Err(error),
        }
    }

    async fn call_once(&self, method: &str, body: &Body<'_>) -> Result<Answer, ApiError> {
        let url = &join(&self.base, method)?;
        let http = &self.toolkit.http;
        self.tokens
            .call(async |token| {
                let request = match body {
                    Body::Query(params) => http.get(url.clone()).query(params),
                    Body::Form(params) => http.post(url.clone()).form(params),
                    Body::Json(json) => http
                        .post(url.clone())
                        .header(CONTENT_TYPE, "application/json")
                        .body(json.clone()),
                };
                Ok(send(&self.toolkit, request.bearer_auth(token.expose_secret())).await?.0)
            })
            .await
    }
}

/// The cursor of the next page, if there is one: the last page's is empty or missing.
pub(crate) fn next_page(answer: &Answer) -> Option<String> {
    answer.response_metadata.next_cursor.clone().filter(|cursor| !cursor.is_empty())
}

/// What a token is good for, and who it belongs to.
pub(crate) async fn auth_test(
    toolkit: &Toolkit,
    base: &Url,
    token: &SecretString,
) -> Result<(Answer, Option<Vec<String>>), ApiError> {
    let request = toolkit.http.get(join(base, "auth.test")?).bearer_auth(token.expose_secret());
    let (answer, headers) = send(toolkit, request).await?;
    let scopes = headers
        .get("x-oauth-scopes")
        .and_then(|value| value.to_str().ok())
        .map(|text| text.split(',').map(|scope| scope.trim().to_owned()).collect());
    Ok((answer, scopes))
}

/// A method's address.
pub(crate) fn join(base: &Url, method: &str) -> Result<Url, ApiError> {
    base.join(method).map_err(|_| ApiError::Unsendable(format!("no address for {method}")))
}

/// Makes a call and reads its answer, whatever its status: Slack refuses with 200 and `ok: false`.
pub(crate) async fn send<T: Reply>(
    toolkit: &Toolkit,
    request: RequestBuilder,
) -> Result<(T, HeaderMap), ApiError> {
    let response =
        request.send().await.map_err(|error| ApiError::Failed(calls::call_failed(&error)))?;
    let (status, headers) = (response.status(), response.headers().clone());
    if status == StatusCode::TOO_MANY_REQUESTS {
        let until = calls::retry_after(&headers, toolkit.clock.now());
        return Err(ApiError::Limited { until });
    }
    let bytes = calls::body(response).await.map_err(ApiError::Unclear)?;
    match serde_json::from_slice::<T>(&bytes) {
        Ok(reply) if reply.outcome().0 && status.is_success() => Ok((reply, headers)),
        Ok(reply) => match reply.outcome() {
            (_, Some("ratelimited" | "rate_limited"), _) => {
                Err(ApiError::Limited { until: calls::retry_after(&headers, toolkit.clock.now()) })
            }
            (_, Some(code), needed) => {
                Err(ApiError::Refused { code: word(code), needed: needed.map(word) })
            }
            (_, None, _) => Err(ApiError::Status(status)),
        },
        Err(_) if status.is_success() => {
            Err(ApiError::Unclear("the answer is not what Slack's should be".into()))
        }
        Err(_) => Err(ApiError::Status(status)),
    }
}

/// One of Slack's own words, codes and scopes; empty for what does not look like one.
fn word(word: &str) -> String {
    let of_a_word =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.:,-".contains(&byte);
    if word.len() <= 80 && word.bytes().all(of_a_word) { word.to_owned() } else { String::new() }
}

/// An answer that tells whether it is one.
pub(crate) trait Reply: for<'de> Deserialize<'de> {
    /// `ok`, `error`, and the scope that was missing.
    fn outcome(&self) -> (bool, Option<&str>, Option<&str>);
}

impl Reply for Answer {
    fn outcome(&self) -> (bool, Option<&str>, Option<&str>) {
        (self.ok, self.error.as_deref(), self.needed.as_deref())
    }
}

impl Reply for crate::wire::TokenAnswer {
    fn outcome(&self) -> (bool, Option<&str>, Option<&str>) {
        (self.ok, self.error.as_deref(), None)
    }
}

/// Who we are in a workspace; kept in the cabinet.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Identity {
    /// The bot's user.
    pub user_id: String,
    /// The bot.
    pub bot_id: String,
    /// The app, when Slack says so.
    pub app_id: Option<String>,
    /// As whom we have acted, who we are now included.
    #[serde(skip)]
    pub acted_as: ActedAs,
}
