//! The connector against its emulator: every rule of `docs/connectors.md`.

#![expect(clippy::unwrap_used, reason = "what is unexpected fails the test")]

use std::sync::Arc;

use async_trait::async_trait;
use rialto_platform::{
    AppConfig, Platform, Toolkit,
    conformance::{Control, Emulator, field},
};
use rialto_sandbox::Sandbox;
use serde_json::{Value, json};

rialto_platform::conformance! {
    /// A workspace on Slack's emulator.
    struct Acme(Sandbox);
}

#[async_trait]
impl Emulator for Acme {
    const SIGNS_IN: &'static str = "Ann Lee";
    const CHANNEL: &'static str = "general";
    const PLACE: &'static str = "general";
    const POST: &'static str = "chat.postMessage";

    fn connector(&self, toolkit: Toolkit) -> Arc<dyn Platform> {
        Arc::new(rialto_slack::Slack::new(toolkit))
    }

    fn workspace(&self) -> Value {
        let person = |name: &str, handle: &str| {
            json!({ "name": name, "display_name": name, "handle": handle,
                "email": format!("{handle}@acme.example") })
        };
        let mut ann = person("Ann Lee", "ann");
        ann["admin"] = json!(true);
        json!({ "name": "Acme", "people": [ann, person("Bob Ray", "bob")],
            "channels": [{ "name": "general" }],
            "emoji": { "shipit": "https://pictures.acme.example/shipit.png" } })
    }

    fn addresses(&self) -> Vec<(&'static str, String)> {
        let slack = &self.0.urls().slack;
        vec![
            ("api_url", format!("{slack}/api/")),
            ("authorize_url", format!("{slack}/oauth/v2/authorize")),
        ]
    }

    async fn register(
        &self,
        control: &Control,
        platform: &dyn Platform,
        app: &AppConfig,
    ) -> Vec<(&'static str, String)> {
        let manifest: Value = serde_json::from_str(&platform.app_manifest(app).unwrap()).unwrap();
        let rotating = json!({ "manifest": manifest, "token_rotation": true });
        let made = control.post("/slack/apps", &rotating).await;
        ["client_id", "client_secret", "signing_secret"].map(|it| (it, field(&made, it))).into()
    }

    async fn revoke(&self, control: &Control) {
        let apps = control.get("/slack/apps").await;
        let path = format!("/slack/apps/{}/uninstall", field(&apps[0], "id"));
        control.post(&path, &json!({ "workspace": "Acme" })).await;
    }

    fn of(&self, id: &str) -> Value {
        json!({ "ts": id })
    }

    fn plain(&self, text: &str) -> Value {
        json!({ "text": text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;") })
    }

    fn party(&self) -> Value {
        json!({ "emoji": "tada" })
    }
}
