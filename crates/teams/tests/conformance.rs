//! The connector against its emulator: every rule of `docs/connectors.md`.

use std::sync::Arc;

use async_trait::async_trait;
use rialto_model::RemoteId;
use rialto_platform::{
    AppConfig, Platform, Toolkit,
    conformance::{Control, Emulator, field, needed},
};
use rialto_sandbox::Sandbox;
use serde_json::{Value, json};

rialto_platform::conformance! {
    /// A tenant on the emulator of Graph and Entra.
    struct Acme(Sandbox);
}

#[async_trait]
impl Emulator for Acme {
    const SIGNS_IN: &'static str = "Rialto Service";
    const CHANNEL: &'static str = "Launch";
    const PLACE: &'static str = "Projects/Launch";
    const PARENT: Option<&'static str> = Some("Projects");
    const POST: &'static str = "POST /teams/{id}/channels/{id}/messages";

    fn connector(&self, toolkit: Toolkit) -> Arc<dyn Platform> {
        Arc::new(rialto_teams::Teams::new(toolkit))
    }

    fn workspace(&self) -> Value {
        json!({ "name": "Acme",
            "people": [
                { "name": "Ann Lee", "mail": "ann@acme.example",
                  "roles": ["Global Administrator"] },
                { "name": "Bob Ray", "mail": "bob@acme.example" },
                { "name": "Rialto Service", "mail": "rialto@acme.example" },
            ],
            "teams": [{ "name": "Projects", "members": ["Ann Lee", "Bob Ray"],
                "channels": ["Launch"] }] })
    }

    fn addresses(&self) -> Vec<(&'static str, String)> {
        let urls = self.0.urls();
        vec![
            ("tenant", "acme.example".to_owned()),
            ("graph_url", format!("{}/v1.0/", urls.graph)),
            ("login_url", format!("{}/", urls.login)),
        ]
    }

    async fn register(
        &self,
        control: &Control,
        platform: &dyn Platform,
        app: &AppConfig,
    ) -> Vec<(&'static str, String)> {
        let made = control
            .post(
                "/teams/apps",
                &json!({ "name": "Rialto", "redirect_uris": [app.redirect_url],
                    "delegated": needed(platform, "delegated"),
                    "application": needed(platform, "application") }),
            )
            .await;
        let tenants = control.get("/teams/workspaces").await;
        let tenant = field(&tenants[0], "id");
        let page = format!(
            "{}/{tenant}/adminconsent?client_id={}&redirect_uri={}",
            self.0.urls().login,
            field(&made, "client_id"),
            app.redirect_url,
        );
        let consent = json!({ "authorize_url": page, "as": "Ann Lee", "approve": true });
        control.post("/teams/consent", &consent).await;
        vec![
            ("tenant", tenant),
            ("client_id", field(&made, "client_id")),
            ("client_secret", field(&made, "client_secret")),
        ]
    }

    async fn revoke(&self, control: &Control) {
        let deed = json!({ "workspace": "Acme", "as": "Ann Lee", "do": "deactivate",
            "person": Self::SIGNS_IN });
        control.post("/teams/act", &deed).await;
    }

    fn of(&self, id: &str) -> Value {
        json!({ "message": id })
    }

    fn direct(&self, with: &RemoteId) -> String {
        // Chats are `chat/{id}`.
        with.as_str().rsplit('/').next().unwrap_or_default().to_owned()
    }

    fn plain(&self, text: &str) -> Value {
        json!({ "text": text })
    }

    fn party(&self) -> Value {
        json!({ "emoji": "🎉" })
    }
}
