//! Calls to Graph: address, token, outcome. What the calls mean is said where they are made.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, StatusCode};
use jiff::SignedDuration;
use reqwest::{RequestBuilder, Response};
use rialto_platform::{Cabinet, Toolkit, http as calls};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::{
    fault::Fault,
    settings::Settings,
    tokens::{Identity, Tokens},
    wire::List,
};

/// Pages of one list that are followed: an end for lists that never end.
const MOST_PAGES: usize = 200;

/// How often a call is made that Graph asks to wait for, and how long it waits each time at most.
/// Posts to a conversation do not wait here: their lanes do, and remember it.
const TRIES: u32 = 3;
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_secs(10);

/// Graph, for one tenant.
pub(crate) struct Graph {
    pub toolkit: Toolkit,
    pub settings: Arc<Settings>,
    pub tokens: Tokens,
}

impl Graph {
    pub fn new(toolkit: Toolkit, settings: Arc<Settings>, cabinet: Arc<dyn Cabinet>) -> Self {
        let tokens = Tokens::new(toolkit.clone(), settings.clone(), cabinet);
        Self { toolkit, settings, tokens }
    }

    /// An address; each segment is escaped.
    pub fn url<S: AsRef<str>>(&self, segments: &[S]) -> Url {
        let mut url = self.settings.graph.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty();
            for segment in segments {
                path.push(segment.as_ref());
            }
        }
        url
    }

    /// Makes a call and reads its answer.
    pub async fn call(
        &self,
        who: Identity,
        method: Method,
        url: Url,
        body: Option<&Value>,
    ) -> Result<Bytes, Fault> {
        let response = self.send(who, method, url, body).await?;
        read(response).await
    }

    /// Makes a call. A token that is refused is renewed once.
    pub async fn send(
        &self,
        who: Identity,
        method: Method,
        url: Url,
        body: Option<&Value>,
    ) -> Result<Response, Fault> {
        let make = || {
            let request = self.toolkit.http.request(method.clone(), url.clone());
            match body {
                Some(body) => request.json(body),
                None if method == Method::POST => request.header(http::header::CONTENT_LENGTH, 0),
                None => request,
            }
        };
        self.answer(who, make).await
    }

    /// Asks for a file as the service user.
    pub async fn open(&self, url: Url) -> Result<Response, Fault> {
        self.answer(Identity::Service, || self.toolkit.http.download(url.clone())).await
    }

    async fn answer(
        &self,
        who: Identity,
        make: impl Fn() -> RequestBuilder,
    ) -> Result<Response, Fault> {
        let mut refused: Option<SecretString> = None;
        loop {
            let given = refused.as_ref().map(|token| token.expose_secret());
            let token = self.tokens.token(who, given).await?;
            let request = make().bearer_auth(token.expose_secret());
            let response = request.send().await.map_err(|error| Fault::unanswered(&error))?;
            let status = response.status();
            if status.is_success() || status.is_redirection() {
                return Ok(response);
            }
            if status == StatusCode::UNAUTHORIZED && refused.is_none() {
                refused = Some(token);
                continue;
            }
            return Err(self.fault(response).await);
        }
    }

    /// Why an answer to a call with our token is no success.
    pub async fn fault(&self, response: Response) -> Fault {
        match self.refusal(response).await {
            Fault::Refused { status: StatusCode::UNAUTHORIZED, reason, .. } => {
                Fault::Revoked(reason)
            }
            other => other,
        }
    }

    /// Why an answer of storage that Graph sent us to is no success. The address itself is the
    /// permission there, for a while (Graph, *Download driveItem content*, *driveItem:
    /// createUploadSession*): Graph gives another one when it is asked anew.
    pub async fn storage_fault(&self, response: Response) -> Fault {
        match self.refusal(response).await {
            Fault::Refused { status: StatusCode::UNAUTHORIZED, reason, .. } => {
                Fault::NotSent(format!("the file's address does not hold any more ({reason})"))
            }
            other => other,
        }
    }

    async fn refusal(&self, response: Response) -> Fault {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = calls::body(response).await.unwrap_or_default();
        Fault::of(status, &headers, &body, self.toolkit.clock.now())
    }

    /// Makes a call, again when Graph asks to wait for a moment.
    async fn call_patiently(
        &self,
        who: Identity,
        method: Method,
        url: Url,
        body: Option<&Value>,
    ) -> Result<Bytes, Fault> {
        for _ in 1..TRIES {
            match self.call(who, method.clone(), url.clone(), body).await {
                Err(Fault::Throttled { until, wide }) => {
                    let pause = until.duration_since(self.toolkit.clock.now());
                    if pause > LONGEST_PAUSE {
                        return Err(Fault::Throttled { until, wide });
                    }
                    tokio::time::sleep(pause.try_into().unwrap_or_default()).await;
                }
                other => return other,
            }
        }
        self.call(who, method, url, body).await
    }

    /// Reads one thing.
    pub async fn get<T: DeserializeOwned>(&self, who: Identity, url: Url) -> Result<T, Fault> {
        parsed(&self.call_patiently(who, Method::GET, url, None).await?)
    }

    /// Makes one thing that is no message.
    pub async fn make<T: DeserializeOwned>(
        &self,
        who: Identity,
        url: Url,
        body: &Value,
    ) -> Result<T, Fault> {
        parsed(&self.call_patiently(who, Method::POST, url, Some(body)).await?)
    }

    /// Reads one thing of the tenant as the application; as the service user, who sees less, where
    /// an administrator has not consented.
    pub async fn get_as_either<T: DeserializeOwned>(&self, url: Url) -> Result<T, Fault> {
        match self.get(Identity::App, url.clone()).await {
            Err(Fault::Refused { status: StatusCode::FORBIDDEN, .. }) => {
                self.get(Identity::Service, url).await
            }
            other => other,
        }
    }

    /// Reads a list likewise.
    pub async fn all_as_either<T: DeserializeOwned>(&self, url: Url) -> Result<Vec<T>, Fault> {
        match self.all(Identity::App, url.clone()).await {
            Err(Fault::Refused { status: StatusCode::FORBIDDEN, .. }) => {
                self.all(Identity::Service, url).await
            }
            other => other,
        }
    }

    /// Posts a message: to wait, if Graph asks for it, is for its lane.
    pub async fn post<T: DeserializeOwned>(
        &self,
        who: Identity,
        url: Url,
        body: &Value,
    ) -> Result<T, Fault> {
        parsed(&self.call(who, Method::POST, url, Some(body)).await?)
    }

    /// Reads a list to its end.
    pub async fn all<T: DeserializeOwned>(&self, who: Identity, url: Url) -> Result<Vec<T>, Fault> {
        let mut items = Vec::new();
        let mut next = Some(url);
        for _ in 0..MOST_PAGES {
            let Some(url) = next else { break };
            let page: List<T> = self.get(who, url).await?;
            items.extend(page.value);
            next = page.next.map(|link| self.continued(&link)).transpose()?;
        }
        Ok(items)
    }

    /// The address of a list's next part. Tokens are sent to Graph alone, wherever a link points.
    pub fn continued(&self, link: &str) -> Result<Url, Fault> {
        Url::parse(link)
            .ok()
            .filter(|url| url.origin() == self.settings.graph.origin())
            .ok_or_else(|| Fault::Unreadable("a list goes on at an address not Graph's".into()))
    }
}

/// Reads an answer.
pub(crate) async fn read(response: Response) -> Result<Bytes, Fault> {
    calls::body(response).await.map_err(Fault::NoAnswer)
}

/// An answer as what it should be.
pub(crate) fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body)
        .map_err(|_| Fault::Unreadable("an answer that is not what it should be".into()))
}
