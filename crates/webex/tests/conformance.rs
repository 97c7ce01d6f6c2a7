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

/// An organization on Webex's emulator.
struct Acme(Sandbox);

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

#[async_trait]
impl Emulator for Acme {
    const SIGNS_IN: &'static str = "Rialto Service";
    const CHANNEL: &'static str = "general";
    const PLACE: &'static str = "general";
    const POST: &'static str = "POST /messages";

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
        let scopes = platform.manifest().permissions.iter().map(|it| it.name);
        let made = control
            .post(
                "/webex/apps",
                &json!({ "name": "Rialto", "redirect_urls": [app.redirect_url],
                    "scopes": scopes.collect::<Vec<_>>() }),
            )
            .await;
        ["client_id", "client_secret"].map(|it| (it, text(&made, it))).into()
    }

    async fn revoke(&self, control: &Control) {
        let apps = control.get("/webex/apps").await;
        let path = format!("/webex/apps/{}/uninstall", text(&apps[0], "id"));
        control.post(&path, &json!({ "workspace": "Acme", "as": Self::SIGNS_IN })).await;
    }

    fn of(&self, id: &str) -> Value {
        json!({ "id": id })
    }

    fn plain(&self, text: &str) -> Value {
        json!({ "text": text })
    }

    fn party(&self) -> Value {
        json!({ "emoji": "🎉" })
    }
}

rialto_platform::conformance!(Acme);
