//! Authorizing a workspace: the way to the vendor's page and back, or a token given by hand.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rialto_model::{AppId, ConnectionId};
use rialto_platform::{AppConfig, AuthorizationAnswer, Authorized, Consented};
use rialto_store::{Connection, ConnectionState, PendingAuthorization};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    AppEntry, Relay,
    admin::{AdminError, ConnectionView, Who},
    ids::new_uuid,
};

/// How long an admin may take at the vendor's page.
const TIME_TO_AUTHORIZE: SignedDuration = SignedDuration::from_mins(15);

/// An authorization that has begun.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct AuthorizationView {
    /// Names this authorization until it is finished.
    pub state: String,
    /// The vendor's page, to be opened in a browser.
    pub url: String,
    /// When it is refused from.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// A workspace that was authorized.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ConnectedView {
    /// The connection.
    pub connection: ConnectionView,
    /// Whether it was there before: its channel syncs go on.
    pub renewed: bool,
    /// What the admin should know.
    pub warnings: Vec<String>,
    /// What must still be done, by whom, with the link.
    pub next_steps: Vec<String>,
}

/// What somebody decided who was sent a link for consent.
#[derive(Clone, Debug)]
pub struct ConsentView {
    /// The application's name.
    pub app: String,
    /// Whether what is needed is granted.
    pub granted: bool,
    /// What the vendor says, in words.
    pub said: String,
    /// What is to be done next, by whom, with the link.
    pub next_steps: Vec<String>,
}

impl Relay {
    /// Begins an authorization: the admin opens the address, and the vendor sends them back to
    /// [`Relay::authorization_finish`].
    ///
    /// # Errors
    /// `NotFound` for the app, `Invalid` naming the setting that it lacks.
    pub async fn authorization_start(
        &self,
        who: &Who,
        app: AppId,
    ) -> Result<AuthorizationView, AdminError> {
        let entry = self.app_entry(app)?;
        let mut random = [0; 32];
        self.toolkit().random.fill(&mut random);
        let state = hex::encode(random);
        let start = entry.platform.authorization_start(&entry.config, &state)?;
        let expires_at = self.toolkit().clock.now() + TIME_TO_AUTHORIZE;
        let pending =
            PendingAuthorization { state: state.clone(), app, secret: start.secret, expires_at };
        self.store().put_authorization(pending).await?;
        self.write_down(who, "connection.authorize", app, json!({})).await?;
        Ok(AuthorizationView { state, url: start.url.into(), expires_at })
    }

    /// Finishes an authorization with what the vendor sent back.
    ///
    /// # Errors
    /// `Invalid` naming `state` when it is missing, unknown, used or too old; `Refused` when the
    /// admin or the vendor declined.
    pub async fn authorization_finish(
        &self,
        who: &Who,
        query: BTreeMap<String, String>,
    ) -> Result<ConnectedView, AdminError> {
        let state = query.get("state").filter(|state| !state.is_empty()).ok_or_else(|| {
            AdminError::invalid(
                "state",
                "is missing: open the link that `rialto connect` printed, not this page",
            )
        })?;
        let now = self.toolkit().clock.now();
        let pending = self.store().take_authorization(state, now).await?.ok_or_else(|| {
            AdminError::invalid(
                "state",
                "is not known: the link was used already, or is older than 15 minutes. Run \
                 `rialto connect` again for a new one",
            )
        })?;
        let entry = self.app_entry(pending.app)?;
        if let Some(error) = query.get("error") {
            return Err(declined(&entry, error, query.get("error_description")));
        }
        let answer = AuthorizationAnswer { query, secret: pending.secret };
        let authorized = entry.platform.authorize(&entry.config, answer).await?;
        self.keep_authorized(who, &entry, authorized).await
    }

    /// What came back from a link by which somebody else consents; `None` when this is no answer to
    /// such a link. Changes nothing: it is known at the vendor, and may be told by anybody.
    pub fn consent_answered(&self, query: &BTreeMap<String, String>) -> Option<ConsentView> {
        let entry = self.app_entry(AppConfig::of_consent_state(query.get("state")?)?).ok()?;
        let Consented { granted, said, next_steps } =
            entry.platform.consented(&entry.config, query)?;
        Some(ConsentView { app: entry.app.name.clone(), granted, said, next_steps })
    }

    /// Connects a workspace by a token that an admin pasted.
    ///
    /// # Errors
    /// `Refused` when the platform has no such tokens or does not know this one.
    pub async fn adopt_token(
        &self,
        who: &Who,
        app: AppId,
        token: SecretString,
    ) -> Result<ConnectedView, AdminError> {
        if token.expose_secret().trim().is_empty() {
            return Err(AdminError::invalid("token", "is empty"));
        }
        let entry = self.app_entry(app)?;
        let token = SecretString::from(token.expose_secret().trim());
        let authorized = entry.platform.adopt(&entry.config, token).await?;
        self.keep_authorized(who, &entry, authorized).await
    }

    /// A workspace that is there already keeps its id, and with it everything that hangs on it.
    async fn keep_authorized(
        &self,
        who: &Who,
        entry: &AppEntry,
        authorized: Authorized,
    ) -> Result<ConnectedView, AdminError> {
        let app = &entry.app;
        let known = self
            .store()
            .connections()
            .await?
            .into_iter()
            .find(|it| it.app == app.id && it.workspace == authorized.workspace);
        let renewed = known.is_some();
        let (id, created_at) = known.map_or_else(
            || (ConnectionId::new(new_uuid(self.toolkit())), self.toolkit().clock.now()),
            |known| (known.id, known.created_at),
        );
        // Credentials first: an active connection has them.
        for (key, value) in authorized.cabinet {
            self.store().cabinet_put(id, &key, value).await?;
        }
        let connection = Connection {
            id,
            organization: app.organization,
            app: app.id,
            platform: app.platform.clone(),
            workspace: authorized.workspace,
            name: authorized.name,
            state: ConnectionState::Active,
            created_at,
        };
        let action = if renewed { "connection.renew" } else { "connection.add" };
        let detail = json!({ "app": app.id, "name": connection.name });
        self.store().put_connection(connection).await?;
        self.made(who, action, id, detail, &[id]).await?;
        Ok(ConnectedView {
            connection: self.show_connection(id)?,
            renewed,
            warnings: authorized.warnings,
            next_steps: authorized.next_steps,
        })
    }
}

/// Says what an OAuth error (RFC 6749, 4.1.2.1) means.
fn declined(entry: &AppEntry, error: &str, description: Option<&String>) -> AdminError {
    let vendor = entry.platform.manifest().name;
    let short =
        |text: &str| text.chars().take(300).filter(|it| !it.is_control()).collect::<String>();
    AdminError::Refused(match (error, description) {
        ("access_denied", _) => format!(
            "The authorization was declined at {vendor}. Nothing was changed; run `rialto connect \
             {}` to try again",
            entry.app.platform
        ),
        (error, Some(description)) => {
            format!("{vendor} refused the authorization: {} ({})", short(description), short(error))
        }
        (error, None) => format!("{vendor} refused the authorization: {}", short(error)),
    })
}
