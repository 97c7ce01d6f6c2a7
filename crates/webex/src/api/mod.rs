//! A thin client of the messaging API: calls as the service user, errors that say what happened.

mod error;
mod tokens;

use std::sync::Arc;

use http::{HeaderMap, Method, header};
use reqwest::{RequestBuilder, Response};
use rialto_platform::{
    ActedAs, Cabinet, Tokens, Toolkit,
    http::{self as calls, below},
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use url::Url;

pub(crate) use self::{
    error::ApiError,
    tokens::{Client, pair_of},
};
use crate::wire::{self, List};

/// Parameters of a call's query.
pub(crate) type Query<'a> = Vec<(&'a str, String)>;

/// Pages of a list that are followed at most: one that names itself would never end.
const MOST_PAGES: usize = 200;

/// Who we are; kept in the cabinet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Identity {
    /// The service user's id.
    pub person_id: String,
    /// Its e-mail address, small letters.
    pub email: String,
    /// Its name.
    pub name: String,
    /// Its organization, as [`wire::uuid`] has it.
    pub org: String,
    /// As whom we have acted, who we are now included.
    #[serde(skip)]
    pub acted_as: ActedAs,
}

impl Identity {
    /// Whether a person's id is ours.
    pub fn is(&self, id: &str) -> bool {
        !id.is_empty() && (id == self.person_id || wire::uuid(id) == wire::uuid(&self.person_id))
    }

    /// Whether a person's id is ours, or was before somebody else signed in for Rialto.
    pub fn has_been(&self, id: &str) -> bool {
        self.is(id) || self.acted_as.has_by(|it| wire::uuid(it) == wire::uuid(id))
    }

    /// The service user, for people who shall do something about it.
    pub fn words(&self) -> String {
        format!("{} ({})", self.name, self.email)
    }
}

/// Part of a list, and the query of the call for the next.
#[derive(Clone, Debug)]
pub(crate) struct Listed<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

/// The API as one service user sees it.
#[derive(Debug)]
pub(crate) struct Api {
    /// Clock and HTTP client.
    pub toolkit: Toolkit,
    /// Where it is.
    pub base: Url,
    /// The token, kept fresh.
    pub tokens: Tokens<Client>,
}

impl Api {
    /// Makes a client; calls nobody.
    pub fn new(toolkit: Toolkit, client: Client, cabinet: Arc<dyn Cabinet>) -> Self {
        let base = client.base.clone();
        let tokens = Tokens::new(toolkit.clone(), client, cabinet);
        Self { toolkit, base, tokens }
    }

    /// A call that changes nothing.
    pub async fn get<T: DeserializeOwned + Default>(
        &self,
        path: &[&str],
        query: &Query<'_>,
    ) -> Result<T, ApiError> {
        let make = || self.toolkit.http.get(below(&self.base, path)).query(query);
        read(self.answer(make).await?).await
    }

    /// One page of a list.
    pub async fn list<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &Query<'_>,
    ) -> Result<Listed<T>, ApiError> {
        self.page(|| self.toolkit.http.get(below(&self.base, path)).query(query)).await
    }

    /// The page of a list that another one named as the next.
    pub async fn list_on<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &str,
    ) -> Result<Listed<T>, ApiError> {
        let mut url = below(&self.base, path);
        url.set_query(Some(query));
        self.page(|| self.toolkit.http.get(url.clone())).await
    }

    /// A whole list.
    pub async fn all<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &Query<'_>,
    ) -> Result<Vec<T>, ApiError> {
        let Listed { mut items, mut next } = self.list(path, query).await?;
        for _ in 1..MOST_PAGES {
            let Some(query) = next else { break };
            let page = self.list_on(path, &query).await?;
            items.extend(page.items);
            next = page.next;
        }
        Ok(items)
    }

    async fn page<T: DeserializeOwned>(
        &self,
        make: impl Fn() -> RequestBuilder,
    ) -> Result<Listed<T>, ApiError> {
        let response = self.answer(make).await?;
        let next = next(response.headers());
        let List { items } = read(response).await?;
        Ok(Listed { items, next })
    }

    /// A call that does something.
    pub async fn send<T: DeserializeOwned + Default>(
        &self,
        method: Method,
        path: &[&str],
        body: &Value,
    ) -> Result<T, ApiError> {
        let url = below(&self.base, path);
        let make = || self.toolkit.http.request(method.clone(), url.clone()).json(body);
        read(self.answer(make).await?).await
    }

    /// Deletes something; no error when it is gone.
    pub async fn delete(&self, path: &[&str]) -> Result<(), ApiError> {
        match self.answer(|| self.toolkit.http.delete(below(&self.base, path))).await {
            Err(error) if error.is_gone() => Ok(()),
            done => done.map(drop),
        }
    }

    /// Makes a call, once more with another token when Webex does not accept this one.
    pub async fn answer(&self, make: impl Fn() -> RequestBuilder) -> Result<Response, ApiError> {
        self.tokens
            .call(async |token| {
                answer(&self.toolkit, make().bearer_auth(token.expose_secret())).await
            })
            .await
    }
}

/// Makes a call whose success is in its status.
pub(crate) async fn answer(
    toolkit: &Toolkit,
    request: RequestBuilder,
) -> Result<Response, ApiError> {
    let response =
        request.send().await.map_err(|error| ApiError::Failed(calls::call_failed(&error)))?;
    if response.status().is_success() {
        return Ok(response);
    }
    let (status, headers) = (response.status(), response.headers().clone());
    let body = calls::body(response).await.unwrap_or_default();
    Err(ApiError::of(status, &headers, &body, toolkit.clock.now()))
}

/// Reads an answer. What has no content reads as the default.
pub(crate) async fn read<T: DeserializeOwned + Default>(response: Response) -> Result<T, ApiError> {
    let body = calls::body(response).await.map_err(ApiError::Unclear)?;
    if body.is_empty() {
        return Ok(T::default());
    }
    let unclear = |_| ApiError::Unclear("the answer is not what Webex's should be".into());
    serde_json::from_slice(&body).map_err(unclear)
}

/// The query of the next page, which a `Link` header tells with its whole address (RFC 8288). The token
/// goes nowhere but where the API is, so no more of it counts.
fn next(headers: &HeaderMap) -> Option<String> {
    let links = headers.get_all(header::LINK).iter().filter_map(|link| link.to_str().ok());
    let next = links.flat_map(|links| links.split(',')).find(|link| {
        link.split(';')
            .skip(1)
            .any(|it| it.trim().replace('"', "").eq_ignore_ascii_case("rel=next"))
    })?;
    let address = next.split(';').next()?.trim().strip_prefix('<')?.strip_suffix('>')?;
    Url::parse(address).ok()?.query().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_a_query_and_never_another_place() {
        for (link, expected) in [
            (
                r#"<https://webexapis.com/v1/rooms?max=2&cursor=a%3D>; rel="next""#,
                Some("max=2&cursor=a%3D"),
            ),
            (
                r#"<https://evil.example/x?a=b>; rel="first", <https://evil.example/x?c=d>; rel="next""#,
                Some("c=d"),
            ),
            (r#"<https://webexapis.com/v1/rooms?a=b>; rel="prev""#, None),
            ("nonsense", None),
        ] {
            let headers = HeaderMap::from_iter([(header::LINK, link.parse().unwrap())]);
            assert_eq!(next(&headers).as_deref(), expected, "{link}");
        }
    }

    #[test]
    fn we_are_known_by_our_id_however_it_is_written() {
        let own =
            Identity { person_id: "Y2lzY29zcGFyazovL3VzL1BFT1BMRS9h".into(), ..Default::default() };
        for (id, expected) in [
            ("Y2lzY29zcGFyazovL3VzL1BFT1BMRS9h", true),
            ("Y2lzY29zcGFyazovL3VzL1BFT1BMRS9i", false),
            ("", false),
        ] {
            assert_eq!(own.is(id), expected, "{id}");
        }
        assert!(!Identity::default().is(""));
    }
}
