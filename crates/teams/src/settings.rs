//! An app's settings, checked once.

use rialto_platform::{AppConfig, SetupError};
use secrecy::SecretString;
use url::Url;

/// How channels are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listening {
    /// One subscription a channel, as the service user.
    Channels,
    /// One subscription for the whole tenant, as the application.
    Tenant,
}

/// Everything the connector was told about its app.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub tenant: String,
    pub client_id: String,
    pub client_secret: SecretString,
    pub graph: Url,
    pub login: Url,
    pub listening: Listening,
    pub webhook: Url,
    pub redirect: Url,
    pub client_state: Option<SecretString>,
    /// What a link for an administrator's consent carries.
    pub consent_state: String,
}

/// Graph's addresses: the world's, and those of the national clouds (Microsoft's page *National
/// cloud deployments*). Tokens are asked for by them.
const CLOUDS: [&str; 4] = [
    "graph.microsoft.com",
    "graph.microsoft.us",
    "dod-graph.microsoft.us",
    "microsoftgraph.chinacloudapi.cn",
];

impl Settings {
    /// What tokens for Graph are asked for. A Graph at an address of nobody's (an emulator, a
    /// proxy) takes those of the world's.
    pub fn graph_resource(&self) -> String {
        let host = self.graph.host_str().unwrap_or_default();
        let cloud = CLOUDS.iter().find(|cloud| **cloud == host).unwrap_or(&CLOUDS[0]);
        format!("https://{cloud}")
    }

    /// # Errors
    /// `Setting` for the first field that is missing or wrong.
    pub fn of(app: &AppConfig) -> Result<Self, SetupError> {
        let listening = match app.setting("listening").unwrap_or("channels") {
            "channels" => Listening::Channels,
            "tenant" => Listening::Tenant,
            other => {
                return Err(SetupError::Setting {
                    field: "listening".into(),
                    problem: format!("`{other}` is neither `channels` nor `tenant`"),
                });
            }
        };
        let tenant = app.setting("tenant")?.trim().to_owned();
        if !tenant.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')) {
            return Err(SetupError::Setting {
                field: "tenant".into(),
                problem: format!("`{tenant}` is neither a tenant id nor a domain"),
            });
        }
        Ok(Self {
            tenant,
            client_id: app.setting("client_id")?.trim().to_owned(),
            client_secret: app.secret("client_secret")?.clone(),
            graph: app.url("graph_url")?,
            login: app.url("login_url")?,
            listening,
            webhook: app.webhook_url.clone(),
            redirect: app.redirect_url.clone(),
            client_state: app.secret("client_state").ok().cloned(),
            consent_state: app.consent_state(),
        })
    }

    /// Where Graph tells of subscriptions' lives.
    pub fn lifecycle_url(&self) -> String {
        format!("{}/lifecycle", self.webhook.as_str().trim_end_matches('/'))
    }

    /// A page of the tenant at the sign-in service.
    pub fn sign_in_url(&self, path: &str) -> Url {
        let mut url = self.login.clone();
        url.set_path(&format!("{}{}/{path}", self.login.path(), self.tenant));
        url
    }

    /// The page on which an administrator grants the application permissions.
    pub fn admin_consent_url(&self) -> Url {
        let mut url = self.sign_in_url("adminconsent");
        url.query_pairs_mut()
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", self.redirect.as_str())
            .append_pair("state", &self.consent_state);
        url
    }
}
