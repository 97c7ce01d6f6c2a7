//! A vendor's side of a webhook.

use aws_lc_rs::hmac;
use rialto_platform::{Clock, SystemClock};
use rialto_testkit::World;
use serde_json::Value;

/// A vendor's calls to Rialto's webhook address.
#[derive(Clone)]
pub struct Vendor {
    http: reqwest::Client,
    address: String,
    signs: Signs,
}

/// How a vendor shows that a call is its own; the secrets.
#[derive(Clone)]
enum Signs {
    Slack(String),
    Webex(String),
    Zoom(String),
    /// Graph does not; nor does whoever forgets to.
    Not,
}

impl Vendor {
    /// Slack, as the app that is connected.
    pub async fn slack(world: &World) -> Self {
        let apps = world.control.get("/slack/apps").await.unwrap();
        Self::of(world, "slack", Signs::Slack(text(&apps[0]["signing_secret"]))).await
    }

    /// Microsoft Graph.
    pub async fn graph(world: &World) -> Self {
        Self::of(world, "teams", Signs::Not).await
    }

    /// Webex, by the webhooks that Rialto made.
    pub async fn webex(world: &World) -> Self {
        let hooks = world.control.get("/webex/webhooks").await.unwrap();
        Self::of(world, "webex", Signs::Webex(text(&hooks[0]["secret"]))).await
    }

    /// Zoom, as the app that is connected.
    pub async fn zoom(world: &World) -> Self {
        let apps = world.control.get("/zoom/apps").await.unwrap();
        Self::of(world, "zoom", Signs::Zoom(text(&apps[0]["secret_token"]))).await
    }

    async fn of(world: &World, platform: &str, signs: Signs) -> Self {
        let apps = world.api.get("/api/v1/apps").await.unwrap();
        let app = apps.as_array().unwrap().iter().find(|it| it["platform"] == platform).unwrap();
        let address = text(&app["webhook_url"]);
        let http = reqwest::Client::builder().build().unwrap();
        Self { http, address, signs }
    }

    /// Somebody who does as the vendor does, and has another secret.
    pub fn of_a_stranger(&self) -> Self {
        let fake = || "fake".to_owned();
        let signs = match &self.signs {
            Signs::Slack(_) => Signs::Slack(fake()),
            Signs::Webex(_) => Signs::Webex(fake()),
            Signs::Zoom(_) => Signs::Zoom(fake()),
            Signs::Not => Signs::Not,
        };
        Self { signs, ..self.clone() }
    }

    /// Somebody who does not sign.
    pub fn of_nobody(&self) -> Self {
        Self { signs: Signs::Not, ..self.clone() }
    }

    /// Posts, and gives status and answer.
    pub async fn posts(&self, tail: &str, body: &[u8]) -> (u16, String) {
        let mut request = self
            .http
            .post(format!("{}{tail}", self.address))
            .header("content-type", "application/json")
            .body(body.to_vec());
        let time = SystemClock.now().as_second().to_string();
        let v0 = |secret: &str| {
            let signed = [b"v0:", time.as_bytes(), b":", body].concat();
            format!("v0={}", signature(hmac::HMAC_SHA256, secret, &signed))
        };
        request = match &self.signs {
            Signs::Slack(secret) => request
                .header("x-slack-request-timestamp", &time)
                .header("x-slack-signature", v0(secret)),
            Signs::Zoom(secret) => {
                request.header("x-zm-request-timestamp", &time).header("x-zm-signature", v0(secret))
            }
            Signs::Webex(secret) => {
                let sha1 = hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY;
                request.header("x-spark-signature", signature(sha1, secret, body))
            }
            Signs::Not => request,
        };
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn signature(algorithm: hmac::Algorithm, secret: &str, signed: &[u8]) -> String {
    let key = hmac::Key::new(algorithm, secret.as_bytes());
    hex::encode(hmac::sign(&key, signed))
}
