//! Authorizing a workspace.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rialto_model::{AppId, RemoteId};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{Random, SetupError};

/// What the state of a link for consent begins with.
const CONSENT: &str = "consent-";

/// An application registered with the vendor, as a connector sees it.
#[derive(Clone, Debug)]
pub struct AppConfig {
    /// Its id.
    pub id: AppId,
    /// Public settings, by the names of the manifest's fields. Defaults are filled in.
    pub settings: BTreeMap<String, String>,
    /// Secret settings, likewise.
    pub secrets: BTreeMap<String, SecretString>,
    /// Where the vendor sends this app's events: `{public}/webhooks/{platform}/{app}`.
    pub webhook_url: Url,
    /// Where the vendor sends admins back: `{public}/oauth/callback`.
    pub redirect_url: Url,
}

impl AppConfig {
    /// A public setting.
    ///
    /// # Errors
    /// `Setting`, naming the field, when it is missing or blank.
    pub fn setting(&self, field: &str) -> Result<&str, SetupError> {
        self.settings
            .get(field)
            .map(String::as_str)
            .filter(|value| !value.trim().is_empty())
            .ok_or_else(|| missing(field))
    }

    /// A public setting that is a URL, with a `/` at its end so that paths can be joined.
    ///
    /// # Errors
    /// `Setting`, naming the field, when it is missing or no absolute http(s) URL.
    pub fn url(&self, field: &str) -> Result<Url, SetupError> {
        let text = self.setting(field)?;
        let mut url = Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| SetupError::Setting {
                field: field.into(),
                problem: format!("`{text}` is not an http or https URL"),
            })?;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(url)
    }

    /// The state of a link by which somebody else (a tenant's administrator) consents for this app,
    /// days later perhaps. Nothing hangs on it but what the page that they come back to says.
    pub fn consent_state(&self) -> String {
        format!("{CONSENT}{}", self.id)
    }

    /// The app of such a state.
    pub fn of_consent_state(state: &str) -> Option<AppId> {
        state.strip_prefix(CONSENT)?.parse().ok()
    }

    /// A secret setting.
    ///
    /// # Errors
    /// `Setting`, naming the field, when it is missing.
    pub fn secret(&self, field: &str) -> Result<&SecretString, SetupError> {
        self.secrets.get(field).ok_or_else(|| missing(field))
    }
}

fn missing(field: &str) -> SetupError {
    SetupError::Setting { field: field.into(), problem: "is missing".into() }
}

/// Where to send the admin, and what to remember until they come back.
#[derive(Clone, Debug)]
pub struct AuthorizationStart {
    /// The vendor's page. Carries the `state` that was given.
    pub url: Url,
    /// What the connector needs to finish (a PKCE verifier); sealed meanwhile.
    pub secret: SecretString,
}

impl AuthorizationStart {
    /// A page that gives a code, which only who began can exchange (PKCE, RFC 7636). The page's own
    /// parameters are in its address already.
    pub fn for_code(
        mut url: Url,
        random: &dyn Random,
        client_id: &str,
        redirect: &Url,
        state: &str,
    ) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        let verifier = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let challenge = digest::digest(&digest::SHA256, verifier.as_bytes());
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", redirect.as_str())
            .append_pair("state", state)
            .append_pair("code_challenge", &BASE64_URL_SAFE_NO_PAD.encode(challenge))
            .append_pair("code_challenge_method", "S256");
        Self { url, secret: SecretString::from(verifier) }
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct AuthorizationAnswer {
    /// The query of the callback, `state` included.
    pub query: BTreeMap<String, String>,
    /// What was to be remembered.
    pub secret: SecretString,
}

impl AuthorizationAnswer {
    /// The code to exchange. `whose`: the platform's name; `declined`: its error codes in words.
    ///
    /// # Errors
    /// `Refused` when there is none.
    pub fn code(
        &self,
        whose: &str,
        declined: impl FnOnce(&str) -> String,
    ) -> Result<&str, SetupError> {
        if let Some(error) = self.query.get("error") {
            return Err(SetupError::Refused(declined(error)));
        }
        let code = self.query.get("code").map(String::as_str);
        code.ok_or_else(|| {
            SetupError::Refused(format!("{whose} sent no authorization code: start again"))
        })
    }

    /// What a token endpoint wants to be told for the code of [`AuthorizationStart::for_code`].
    pub fn exchange<'a>(
        &'a self,
        code: &'a str,
        redirect: &'a Url,
    ) -> [(&'static str, &'a str); 4] {
        [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect.as_str()),
            ("code_verifier", self.secret.expose_secret()),
        ]
    }
}

/// A workspace that was authorized.
#[derive(Clone, Debug)]
pub struct Authorized {
    /// The platform's id of the workspace, as webhooks name it.
    pub workspace: RemoteId,
    /// Its name.
    pub name: String,
    /// What goes into the connection's cabinet.
    pub cabinet: Vec<(String, SecretString)>,
    /// What the admin should know (a personal account signed in; a scope is missing and why it is
    /// needed).
    pub warnings: Vec<String>,
    /// What must still be done, by whom, with the link (admin consent).
    pub next_steps: Vec<String>,
}

/// What somebody decided who was sent a link for consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consented {
    /// Whether what is needed is granted.
    pub granted: bool,
    /// What the vendor says, in words.
    pub said: String,
    /// What is to be done next, by whom, with the link.
    pub next_steps: Vec<String>,
}
