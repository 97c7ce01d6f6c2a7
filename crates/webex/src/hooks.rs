//! The webhooks that Rialto has Webex call: made, corrected and revived, by the service user.
//!
//! What is sent once and did not arrive is not sent again, and a webhook that failed a hundred times in
//! five minutes is `inactive` until somebody revives it (*Webhooks*). So whenever one had to be mended,
//! something may have been missed.

use http::Method;
use rialto_platform::AppConfig;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::{
    api::{Api, ApiError},
    manifest::WEBHOOK_SECRET,
    wire::Hook,
};

/// What is listened to. Only `all` tells of edited messages.
const RESOURCES: [&str; 3] = ["messages", "memberships", "rooms"];
/// That of them without which messages go on all the same: upkeep finds out too which spaces moved.
const SPARE: &str = "rooms";
const EVENT: &str = "all";

/// What webhooks must be like.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    url: String,
    secret: SecretString,
    /// What their names begin with: by it they are known again after Rialto's address has changed.
    name: String,
}

impl Wanted {
    /// For an app; nothing can be heard without a secret.
    pub fn of(app: &AppConfig) -> Option<Self> {
        Some(Self {
            url: app.webhook_url.to_string(),
            secret: app.secret(WEBHOOK_SECRET).ok()?.clone(),
            name: format!("Rialto {}", app.id),
        })
    }

    fn is_ours(&self, hook: &Hook) -> bool {
        hook.target_url.get() == Some(&self.url)
            || hook.name.get().is_some_and(|name| name.starts_with(&self.name))
    }

    /// Whether it tells everything, to us, so that we believe it.
    fn is_right(&self, hook: &Hook) -> bool {
        let secret = hook.secret.as_ref().map(|secret| secret.0.expose_secret());
        hook.target_url.get() == Some(&self.url)
            && secret.is_none_or(|secret| secret == self.secret.expose_secret())
            && is_active(hook)
    }
}

fn is_active(hook: &Hook) -> bool {
    hook.status.get() != Some("inactive")
}

fn tells_of(hook: &Hook, resource: &str) -> bool {
    hook.resource.get() == Some(resource)
        && hook.event.get() == Some(EVENT)
        && hook.filter.get().is_none()
}

/// What became of the webhooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ensured {
    /// Whether something may not have been told, until now.
    pub mended: bool,
    /// Whether Webex refuses to tell of spaces.
    pub without_rooms: bool,
}

/// Makes sure that everything is told.
pub(crate) async fn ensure(api: &Api, wanted: &Wanted) -> Result<Ensured, ApiError> {
    let mut ours = ours(api, wanted).await?;
    let mut ensured = Ensured::default();
    for resource in RESOURCES {
        let found = ours.iter().position(|hook| tells_of(hook, resource));
        let body = json!({
            "name": format!("{} {resource}", wanted.name),
            "targetUrl": wanted.url,
            "secret": wanted.secret.expose_secret(),
        });
        let done = match found.map(|index| ours.remove(index)) {
            Some(hook) if wanted.is_right(&hook) => continue,
            Some(hook) => {
                let mut body = body;
                body["status"] = json!("active");
                let id = hook.id.get().unwrap_or_default();
                let active = is_active(&hook);
                tracing::warn!(resource, active, "a webhook of Webex has to be mended");
                api.send::<Hook>(Method::PUT, &["webhooks", id], &body).await
            }
            None => {
                let mut body = body;
                body["resource"] = json!(resource);
                body["event"] = json!(EVENT);
                api.send::<Hook>(Method::POST, &["webhooks"], &body).await
            }
        };
        match done {
            Err(ApiError::Refused { .. }) if resource == SPARE => ensured.without_rooms = true,
            done => {
                done?;
                ensured.mended = true;
            }
        }
    }
    // Whatever else is ours would tell everything twice.
    for hook in ours {
        api.delete(&["webhooks", hook.id.get().unwrap_or_default()]).await?;
    }
    Ok(ensured)
}

async fn ours(api: &Api, wanted: &Wanted) -> Result<Vec<Hook>, ApiError> {
    let query = vec![("max", "100".to_owned())];
    let hooks: Vec<Hook> = api.all(&["webhooks"], &query).await?;
    Ok(hooks.into_iter().filter(|hook| wanted.is_ours(hook)).collect())
}

/// Which resources nothing tells of at the moment.
pub(crate) async fn silent(api: &Api, wanted: &Wanted) -> Result<Vec<&'static str>, ApiError> {
    let ours = ours(api, wanted).await?;
    let told =
        |resource: &str| ours.iter().any(|hook| tells_of(hook, resource) && wanted.is_right(hook));
    Ok(RESOURCES.into_iter().filter(|resource| !told(resource)).collect())
}
