//! A vendor's side of a webhook.

use aws_lc_rs::hmac;
use rialto_platform::{Clock, SystemClock};
use rialto_testkit::World;

/// A vendor's calls to Rialto's webhook address.
#[derive(Clone)]
pub struct Vendor {
    pub http: reqwest::Client,
    pub address: String,
    /// Slack signs; Graph does not.
    pub signing_secret: Option<String>,
}

impl Vendor {
    /// Slack, as the app that is connected.
    pub async fn slack(world: &World) -> Self {
        let apps = world.control.get("/slack/apps").await.unwrap();
        let secret = apps[0]["signing_secret"].as_str().unwrap().to_owned();
        Self::of(world, "slack", Some(secret)).await
    }

    /// Microsoft Graph.
    pub async fn graph(world: &World) -> Self {
        Self::of(world, "teams", None).await
    }

    async fn of(world: &World, platform: &str, signing_secret: Option<String>) -> Self {
        let apps = world.api.get("/api/v1/apps").await.unwrap();
        let app = apps.as_array().unwrap().iter().find(|it| it["platform"] == platform).unwrap();
        let address = app["webhook_url"].as_str().unwrap().to_owned();
        let http = reqwest::Client::builder().build().unwrap();
        Self { http, address, signing_secret }
    }

    /// Posts, and gives status and answer.
    pub async fn posts(&self, tail: &str, body: &[u8]) -> (u16, String) {
        let mut request = self
            .http
            .post(format!("{}{tail}", self.address))
            .header("content-type", "application/json")
            .body(body.to_vec());
        if let Some(secret) = &self.signing_secret {
            let time = SystemClock.now().as_second().to_string();
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            let signed = [b"v0:", time.as_bytes(), b":", body].concat();
            let signature = hex::encode(hmac::sign(&key, &signed));
            request = request
                .header("x-slack-request-timestamp", time)
                .header("x-slack-signature", format!("v0={signature}"));
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}
