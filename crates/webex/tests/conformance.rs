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
    /// An organization on Webex's emulator.
    struct Acme(Sandbox);
}

#[async_trait]
impl Emulator for Acme {
    const SIGNS_IN: &'static str = "Rialto Service";
    const CHANNEL: &'static str = "general";
    const PLACE: &'static str = "general";
    const POST: &'static str = "POST /messages";
    const SAYS_WHICH_EDIT: bool = false;

    fn connector(&self, toolkit: Toolkit) -> Arc<dyn Platform> {
        Arc::new(rialto_webex::Webex::new(toolkit))
    }

    fn workspace(&self) -> Value {
        json!({ "name": "Acme",
            "people": [
                { "name": "Ann Lee", "email": "ann@acme.example", "admin": true },
                { "name": "Bob Ray", "email": "bob@acme.example" },
                { "name": "Rialto Service", "email": "rialto@acme.example" },
            ],
            "channels": [{ "name": "general" }] })
    }

    fn addresses(&self) -> Vec<(&'static str, String)> {
        vec![("api_url", format!("{}/v1/", self.0.urls().webex))]
    }

    async fn register(
        &self,
        control: &Control,
        platform: &dyn Platform,
        app: &AppConfig,
    ) -> Vec<(&'static str, String)> {
        let made = control
            .post(
                "/webex/apps",
                &json!({ "name": "Rialto", "redirect_urls": [app.redirect_url],
                    "scopes": needed(platform, "scope") }),
            )
            .await;
        ["client_id", "client_secret"].map(|it| (it, field(&made, it))).into()
    }

    async fn revoke(&self, control: &Control) {
        let apps = control.get("/webex/apps").await;
        let path = format!("/webex/apps/{}/uninstall", field(&apps[0], "id"));
        control.post(&path, &json!({ "workspace": "Acme", "as": Self::SIGNS_IN })).await;
    }

    fn of(&self, id: &str) -> Value {
        json!({ "id": id })
    }

    fn direct(&self, _with: &RemoteId) -> String {
        format!("@{}", Self::SIGNS_IN)
    }

    fn plain(&self, text: &str) -> Value {
        json!({ "text": text })
    }

    fn party(&self) -> Value {
        json!({ "emoji": "🎉" })
    }
}
