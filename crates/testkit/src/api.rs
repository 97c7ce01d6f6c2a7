//! JSON over HTTP, with refusals that can be looked at.

use std::fmt;

use reqwest::Method;
use serde_json::Value;

/// A server that speaks JSON.
#[derive(Clone, Debug)]
pub struct Api {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// A call that was not answered with success.
#[derive(Clone, Debug)]
pub struct CallError {
    /// The call.
    pub call: String,
    /// The status; `None` when there was no answer.
    pub status: Option<u16>,
    /// The answer, or why there was none.
    pub answer: String,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(f, "{}: {status}: {}", self.call, self.answer),
            None => write!(f, "{}: {}", self.call, self.answer),
        }
    }
}

impl std::error::Error for CallError {}

impl Api {
    /// A server at `base`, without a slash at the end.
    pub fn new(base: impl Into<String>, token: Option<String>) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("an HTTP client can be made");
        Self { http, base: base.into(), token }
    }

    /// Where it is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Reads.
    ///
    /// # Errors
    /// When the answer is not a success.
    pub async fn get(&self, path: &str) -> Result<Value, CallError> {
        self.call(Method::GET, path, None).await
    }

    /// Sends.
    ///
    /// # Errors
    /// When the answer is not a success.
    pub async fn post(&self, path: &str, body: Value) -> Result<Value, CallError> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Any call.
    ///
    /// # Errors
    /// When the answer is not a success.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, CallError> {
        let call = format!("{method} {path}");
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = &body {
            request = request.json(body);
        }
        let lost = |error: reqwest::Error| CallError {
            call: call.clone(),
            status: None,
            answer: format!("{error:?}"),
        };
        let response = request.send().await.map_err(lost)?;
        let status = response.status();
        let text = response.text().await.map_err(lost)?;
        if !status.is_success() {
            return Err(CallError { call, status: Some(status.as_u16()), answer: text });
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// Follows a link as a browser would that goes to a page of this server; gives status and body.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn open(&self, url: &str) -> Result<(u16, String), CallError> {
        let lost = |error: reqwest::Error| CallError {
            call: format!("GET {url}"),
            status: None,
            answer: format!("{error:?}"),
        };
        let response = self.http.get(url).send().await.map_err(lost)?;
        let status = response.status().as_u16();
        Ok((status, response.text().await.map_err(lost)?))
    }
}
