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
    /// An account on Zoom's emulator.
    struct Acme(Sandbox);
}

#[async_trait]
impl Emulator for Acme {
    const SIGNS_IN: &'static str = "Rialto Service";
    const CHANNEL: &'static str = "general";
    const PLACE: &'static str = "general";
    const POST: &'static str = "POST /chat/users/{userId}/messages";

    fn connector(&self, toolkit: Toolkit) -> Arc<dyn Platform> {
        Arc::new(rialto_zoom::Zoom::new(toolkit))
    }

    fn workspace(&self) -> Value {
        json!({ "name": "Acme", "plan": "business",
            "people": [
                { "name": "Ann Lee", "email": "ann@acme.example", "admin": true },
                { "name": "Bob Ray", "email": "bob@acme.example" },
                { "name": "Rialto Service", "email": "rialto@acme.example", "admin": true },
            ],
            "channels": [{ "name": "general", "owner": "Ann Lee", "members": ["Ann Lee", "Bob Ray"] }],
            "emoji": ["shipit"] })
    }

    fn addresses(&self) -> Vec<(&'static str, String)> {
        let zoom = &self.0.urls().zoom;
        vec![
            ("api_url", format!("{zoom}/v2/")),
            ("file_url", format!("{zoom}/v2/")),
            ("login_url", format!("{zoom}/")),
        ]
    }

    async fn register(
        &self,
        control: &Control,
        platform: &dyn Platform,
        app: &AppConfig,
    ) -> Vec<(&'static str, String)> {
        // An app for a whole account has scopes for it.
        let scopes = needed(platform, "scope").into_iter();
        let scopes = scopes.map(|it| format!("{}:admin", it.trim_end_matches(":admin")));
        let made = control
            .post(
                "/zoom/apps",
                &json!({ "name": "Rialto", "kind": "account",
                    "redirect_urls": [app.redirect_url], "events": needed(platform, "event"),
                    "scopes": scopes.collect::<Vec<_>>() }),
            )
            .await;
        ["client_id", "client_secret", "secret_token"].map(|it| (it, field(&made, it))).into()
    }

    async fn finish(&self, control: &Control, app: &AppConfig) {
        let apps = control.get("/zoom/apps").await;
        let path = format!("/zoom/apps/{}", field(&apps[0], "id"));
        let made = control.patch(&path, &json!({ "event_url": app.webhook_url })).await;
        assert_eq!(made["events"]["state"], "validated", "{made}");
    }

    async fn revoke(&self, control: &Control) {
        let apps = control.get("/zoom/apps").await;
        let path = format!("/zoom/apps/{}/uninstall", field(&apps[0], "id"));
        control.post(&path, &json!({ "workspace": "Acme", "as": Self::SIGNS_IN })).await;
    }

    fn of(&self, id: &str) -> Value {
        json!({ "id": id })
    }

    fn direct(&self, _with: &RemoteId) -> String {
        format!("@{}", Self::SIGNS_IN)
    }

    fn plain(&self, text: &str) -> Value {
        json!({ "text": text, "rich_text": [] })
    }

    fn party(&self) -> Value {
        json!({ "emoji": "🎉" })
    }
}
