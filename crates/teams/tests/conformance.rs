//! The connector against its emulator: every rule of `docs/connectors.md`, and what only Graph has.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use jiff::SignedDuration;
use rialto_model::{EventKind, RemoteId};
use rialto_platform::{
    AppConfig, FileBody, FileError, Platform, Toolkit,
    conformance::{Control, Emulator, Stage, field, needed},
    testing::shared_elsewhere,
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

#[tokio::test]
async fn a_file_whose_token_ended_is_carried_again() {
    let stage = Stage::<Acme>::start().await;
    let file = shared_elsewhere("notes.bin", 5);
    let upload = async || {
        let bytes = stream::iter([Ok(Bytes::from_static(b"notes"))]).boxed();
        let body = FileBody { size: Some(5), mime: None, stream: bytes };
        stage.connection.upload(&stage.channel, &file, body).await
    };
    let expired = json!({ "kind": "expire_tokens" });
    stage.fault("PUT /drives/{id}/items/{id}/{id}/content", 1, &expired).await;
    let ended = upload().await;
    assert!(matches!(ended, Err(FileError::Transient { after: None, .. })), "{ended:?}");
    upload().await.unwrap();

    stage.fault("PUT /drives/{id}/items/{id}/{id}/content", 1, &expired).await;
    stage.emulator.revoke(&stage.control).await;
    let gone = upload().await;
    assert!(matches!(gone, Err(FileError::Revoked(_))), "{gone:?}");
}

#[tokio::test]
async fn a_thread_that_is_too_long_to_be_shown_with_its_root_is_read_whole() {
    let stage = Stage::<Acme>::before_joining().await;
    stage.connection.join(&stage.channel).await.unwrap();
    let began = stage.now() - SignedDuration::from_secs(5);
    let root = stage.says("question").await;
    let mut replies = BTreeSet::new();
    for number in 0..1_100 {
        replies.insert(stage.says_to("reply", &root, &format!("answer {number}")).await);
    }
    stage.says("something else").await;
    let (events, _) = stage.past(began).await;
    let below = events.into_iter().filter_map(|event| match event.kind {
        EventKind::Message(state) if state.thread.as_ref() == Some(&root) => Some(state.id),
        _ => None,
    });
    let found: BTreeSet<RemoteId> = below.collect();
    assert_eq!((found.len(), found == replies), (1_100, true));
}
