//! The running server, as the command line sees it: its admin API.

use std::{
    env, fs,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use reqwest::{Method, StatusCode};
use rialto_hub::Problem;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use crate::{cli::Global, config, failure::Failure};

/// Longer than the server takes for anything.
const TIMEOUT: Duration = Duration::from_secs(150);

/// The admin API of a running server.
pub struct Client {
    http: reqwest::Client,
    url: Url,
    token: Option<SecretString>,
    token_from: String,
}

impl Client {
    /// Finds the server and the token: options, environment, then the server's own files.
    ///
    /// # Errors
    /// When the token's file cannot be read, or the configuration is wrong.
    pub fn new(global: &Global) -> Result<Self, Failure> {
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Failure::failed(format!("the HTTP client cannot be made: {error}")))?;
        let (token, token_from) = token(global)?;
        let mut url = match &global.url {
            Some(url) => url.clone(),
            None => local(config::load(global.config.as_deref(), env::vars())?.settings.listen)?,
        };
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(Self { http, url, token, token_from })
    }

    /// Where the server is.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Reads something.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.call(Method::GET, path, None::<&()>).await
    }

    /// Does something that needs no more words.
    pub async fn post<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.call(Method::POST, path, None::<&()>).await
    }

    /// Sends something.
    pub async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        self.call(method, path, Some(body)).await
    }

    /// Removes something; what is left when the server says so.
    pub async fn delete(&self, path: &str) -> Result<(), Failure> {
        self.call::<Option<serde_json::Value>>(Method::DELETE, path, None::<&()>).await.map(drop)
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, Failure> {
        let url = self
            .url
            .join(&format!("api/v1/{path}"))
            .map_err(|error| Failure::usage(format!("`{path}` makes no address: {error}")))?;
        let mut request = self.http.request(method, url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose_secret());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| self.no_answer(&error))?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(|error| self.no_answer(&error))?;
        if status.is_success() {
            let bytes = if bytes.is_empty() { &b"null"[..] } else { &bytes };
            return serde_json::from_slice(bytes).map_err(|error| {
                Failure::failed(format!(
                    "{} answered something that is not Rialto's ({error}): is --url right, and the \
                     server of the same version?",
                    self.url
                ))
            });
        }
        let problem = serde_json::from_slice::<Problem>(&bytes).ok();
        Err(match (status, problem) {
            (StatusCode::UNAUTHORIZED, _) => Failure::unauthorized(format!(
                "{} does not take the token {}. Give the right one by --admin-token-file or RIALTO_TOKEN, \
                 or run this where the server's data folder is",
                self.url, self.token_from
            )),
            (_, Some(problem)) => Failure::failed(match problem.field {
                Some(field) => format!("`{field}`: {}", problem.detail),
                None => problem.detail,
            }),
            (status, None) => Failure::failed(format!(
                "{} answered {status} and is not a Rialto: is --url right?",
                self.url
            )),
        })
    }

    fn no_answer(&self, error: &reqwest::Error) -> Failure {
        Failure::unreachable(format!(
            "no server answers at {} ({}). Start it with `rialto serve`, or say where it is by \
             --url or RIALTO_URL",
            self.url,
            rialto_platform::http::describe(error)
        ))
    }
}

/// Where a server on this machine listens.
fn local(mut listen: SocketAddr) -> Result<Url, Failure> {
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    Url::parse(&format!("http://{listen}"))
        .map_err(|error| Failure::usage(format!("`listen`: {listen} makes no address: {error}")))
}

fn token(global: &Global) -> Result<(Option<SecretString>, String), Failure> {
    if let Some(file) = &global.token_file {
        let from = format!("in {}", file.display());
        return Ok((Some(read_token(file)?), from));
    }
    if let Ok(token) = env::var("RIALTO_TOKEN") {
        return Ok((Some(token.trim().into()), "in RIALTO_TOKEN".into()));
    }
    let settings = config::load(global.config.as_deref(), env::vars())?.settings;
    let file = settings.token_file();
    if file.exists() {
        let from = format!("in {}", file.display());
        return Ok((Some(read_token(&file)?), from));
    }
    Ok((None, format!("(there is none: neither RIALTO_TOKEN nor {})", file.display())))
}

fn read_token(file: &Path) -> Result<SecretString, Failure> {
    let text = fs::read_to_string(file).map_err(|error| {
        Failure::failed(format!("the admin token in {} cannot be read: {error}", file.display()))
    })?;
    Ok(text.trim().into())
}
