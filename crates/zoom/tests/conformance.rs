//! The connector against its emulator: every rule of `docs/connectors.md`.

#![expect(clippy::unwrap_used, reason = "what is unexpected fails the test")]

use std::sync::Arc;

use async_trait::async_trait;
use rialto_platform::{
    AppConfig, Clock, Platform, Toolkit,
    conformance::{Control, Emulator},
    testing::ToldClock,
};
use rialto_sandbox::{Sandbox, SandboxOptions};
use serde_json::{Value, json};

/// An account on Zoom's emulator.
struct Acme(Sandbox);

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

#[async_trait]
impl Emulator for Acme {
    const SIGNS_IN: &'static str = "Rialto Service";
    const CHANNEL: &'static str = "general";
    const PLACE: &'static str = "general";
    const POST: &'static str = "POST /chat/users/{userId}/messages";

    async fn start() -> Self {
        Self(Sandbox::start(SandboxOptions::default()).await.unwrap())
    }

    fn control(&self) -> String {
        self.0.urls().control.clone()
    }

    fn clock(&self) -> Arc<dyn Clock> {
        let core = Arc::clone(self.0.core());
        Arc::new(ToldClock(move || core.clock.now()))
    }

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
        let needed = |kind: &str| -> Vec<&'static str> {
            let all = platform.manifest().permissions.iter();
            all.filter(|it| it.kind == kind).map(|it| it.name).collect()
        };
        // An app for a whole account has scopes for it.
        let scopes = needed("scope").into_iter();
        let scopes = scopes.map(|it| format!("{}:admin", it.trim_end_matches(":admin")));
        let made = control
            .post(
                "/zoom/apps",
                &json!({ "name": "Rialto", "kind": "account",
                    "redirect_urls": [app.redirect_url], "events": needed("event"),
                    "scopes": scopes.collect::<Vec<_>>() }),
            )
            .await;
        ["client_id", "client_secret", "secret_token"].map(|it| (it, text(&made, it))).into()
    }

    async fn finish(&self, control: &Control, app: &AppConfig) {
        let apps = control.get("/zoom/apps").await;
        let path = format!("/zoom/apps/{}", text(&apps[0], "id"));
        let made = control.patch(&path, &json!({ "event_url": app.webhook_url })).await;
        assert_eq!(made["events"]["state"], "validated", "{made}");
    }

    async fn revoke(&self, control: &Control) {
        let apps = control.get("/zoom/apps").await;
        let path = format!("/zoom/apps/{}/uninstall", text(&apps[0], "id"));
        control.post(&path, &json!({ "workspace": "Acme", "as": Self::SIGNS_IN })).await;
    }

    fn of(&self, id: &str) -> Value {
        json!({ "id": id })
    }

    fn plain(&self, text: &str) -> Value {
        json!({ "text": text, "rich_text": [] })
    }

    fn party(&self) -> Value {
        json!({ "emoji": "🎉" })
    }
}

rialto_platform::conformance!(Acme);
