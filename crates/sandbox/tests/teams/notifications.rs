//! Subscriptions: handshake, encrypted notifications (opened here by other code), expiry, lifecycle.

use std::sync::Arc;

use aws_lc_rs::cipher::{AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::tenant::World;

/// A receiver that answers handshakes and keeps what it is sent.
pub struct Receiver {
    url: String,
    got: Arc<Mutex<Vec<Value>>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let got = Arc::new(Mutex::new(Vec::new()));
        let kept = got.clone();
        let handler = move |axum::extract::RawQuery(query): axum::extract::RawQuery,
                            body: String| {
            let kept = kept.clone();
            async move {
                let pairs: Vec<(String, String)> =
                    url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
                        .into_owned()
                        .collect();
                match pairs.into_iter().find(|(k, _)| k == "validationToken") {
                    Some((_, token)) => (http::StatusCode::OK, token),
                    None => {
                        let batch: Value = serde_json::from_str(&body).unwrap();
                        kept.lock().push(batch);
                        (http::StatusCode::ACCEPTED, String::new())
                    }
                }
            }
        };
        let router = axum::Router::new().fallback(handler);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?secret=1", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, got }
    }

    /// Notifications so far, out of their batches.
    pub fn notifications(&self) -> Vec<Value> {
        let got = self.got.lock();
        got.iter().flat_map(|b| b["value"].as_array().unwrap().clone()).collect()
    }

    async fn wait_for(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        tokio::time::timeout(std::time::Duration::from_secs(20), async {
            loop {
                if let Some(found) = self.notifications().into_iter().find(|n| wanted(n)) {
                    return found;
                }
                tokio::task::yield_now().await;
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        })
        .await
        .expect("the notification never came")
    }
}

fn in_minutes(world: &World, minutes: i64) -> String {
    let now = world.sandbox.core().clock.now();
    (now + jiff::SignedDuration::from_mins(minutes)).to_string()
}

pub fn rsa_certificate() -> (OaepPrivateDecryptingKey, String) {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let private = PrivateDecryptingKey::from_pkcs8(pair.serialized_der()).unwrap();
    let params = rcgen::CertificateParams::new(vec!["bridge.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&pair).unwrap();
    (OaepPrivateDecryptingKey::new(private).unwrap(), STANDARD.encode(certificate.der()))
}

fn open(key: &OaepPrivateDecryptingKey, content: &Value) -> Value {
    let bytes = |name: &str| STANDARD.decode(content[name].as_str().unwrap()).unwrap();
    let (wrapped, mut data, signature) = (bytes("dataKey"), bytes("data"), bytes("dataSignature"));
    let mut room = vec![0; key.min_output_size()];
    let secret = key.decrypt(&OAEP_SHA1_MGF1SHA1, &wrapped, &mut room, None).unwrap().to_vec();
    assert_eq!(secret.len(), 32);
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &secret), &data, &signature).unwrap();
    let iv: [u8; 16] = secret[..16].try_into().unwrap();
    let cipher =
        PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, &secret).unwrap())
            .unwrap();
    let plain = cipher.decrypt(&mut data, DecryptionContext::Iv128(FixedLength::from(iv))).unwrap();
    serde_json::from_slice(plain).unwrap()
}

pub async fn subscribe(
    world: &World,
    token: &str,
    receiver: &Receiver,
    more: Value,
) -> crate::tenant::Answer {
    let mut body = json!({
        "changeType": "created,updated,deleted", "notificationUrl": receiver.url,
        "lifecycleNotificationUrl": receiver.url,
        "resource": format!("/teams/{}/channels/{}/messages", world.team, world.channel),
        "expirationDateTime": in_minutes(world, 120), "clientState": "fake-state",
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    world.call("POST", "/subscriptions", token, Some(body)).await
}

#[tokio::test]
async fn a_rich_notification_opens_with_the_receivers_key_and_its_token_verifies() {
    let world = World::unlimited().await;
    let receiver = Receiver::start().await;
    let (key, certificate) = rsa_certificate();
    let app = world.app_token(&["ChannelMessage.Read.All"]).await;
    let made = subscribe(
        &world,
        &app,
        &receiver,
        json!({"resource": "/teams/getAllMessages", "includeResourceData": true,
            "encryptionCertificate": certificate, "encryptionCertificateId": "c1"}),
    )
    .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let sent = world.act("Bob Roy", "post", json!({"text": "secret"})).await;
    let created = receiver.wait_for(|n| n["changeType"] == "created").await;
    assert_eq!(created["clientState"], "fake-state");
    assert_eq!(created["tenantId"], json!(world.tenant));
    let resource = format!(
        "teams('{}')/channels('{}')/messages('{}')",
        world.team,
        world.channel,
        sent["id"].as_str().unwrap()
    );
    assert_eq!(created["resource"], json!(resource));
    assert_eq!(created["encryptedContent"]["encryptionCertificateId"], "c1");
    let message = open(&key, &created["encryptedContent"]);
    assert_eq!(message["id"], sent["id"]);
    assert_eq!(message["body"]["content"], "<p>secret</p>");

    let reply = world.act("Ann Lee", "reply", json!({"thread": sent["id"], "text": "r"})).await;
    let replied = receiver.wait_for(|n| n["resourceData"]["id"] == reply["id"]).await;
    assert!(
        replied["resource"]
            .as_str()
            .unwrap()
            .ends_with(&format!("/replies('{}')", reply["id"].as_str().unwrap()))
    );
    world.act("Ann Lee", "react", json!({"message": sent["id"], "emoji": "👍"})).await;
    let updated = receiver.wait_for(|n| n["changeType"] == "updated").await;
    assert_eq!(open(&key, &updated["encryptedContent"])["reactions"][0]["reactionType"], "like");
    world.act("Bob Roy", "delete", json!({"message": sent["id"]})).await;
    receiver.wait_for(|n| n["changeType"] == "deleted").await;

    let token = receiver.got.lock()[0]["validationTokens"][0].as_str().unwrap().to_owned();
    let keys: Value = world
        .http
        .get(format!("{}/common/discovery/v2.0/keys", world.sandbox.urls().login))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(keys["keys"][0].clone()).unwrap();
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    rules.set_audience(&[&world.app]);
    rules.set_issuer(&[format!("https://sts.windows.net/{}/", world.tenant)]);
    let key = jsonwebtoken::DecodingKey::from_jwk(&jwk).unwrap();
    let claims = jsonwebtoken::decode::<Value>(&token, &key, &rules).unwrap().claims;
    assert_eq!(claims["appid"], "0bf30f3b-4a52-48df-9a82-234910c4a086");
}

#[tokio::test]
async fn a_subscription_is_refused_for_what_is_wrong_with_it() {
    let world = World::unlimited().await;
    let receiver = Receiver::start().await;
    let ann = world.token("Ann Lee").await;
    for (more, status) in [
        (json!({"notificationUrl": "http://127.0.0.1:1/none"}), 400),
        (json!({"lifecycleNotificationUrl": "http://127.0.0.1:1/none"}), 400),
        (json!({"lifecycleNotificationUrl": null}), 400),
        (json!({"expirationDateTime": in_minutes(&world, 5000)}), 400),
        (json!({"expirationDateTime": in_minutes(&world, -1)}), 400),
        (json!({"clientState": "x".repeat(129)}), 400),
        (json!({"changeType": "moved"}), 400),
        (json!({"includeResourceData": true}), 400),
        (
            json!({"includeResourceData": true, "encryptionCertificate": "AAAA", "encryptionCertificateId": "1"}),
            400,
        ),
        (json!({"resource": "/me/messages"}), 400),
        (json!({"resource": "/teams/getAllMessages"}), 403),
    ] {
        let answer = subscribe(&world, &ann, &receiver, more.clone()).await;
        assert_eq!(answer.status, status, "{more}: {}", answer.body);
    }
    let cid = world.token("Cid Orr").await;
    assert_eq!(subscribe(&world, &cid, &receiver, json!({})).await.status, 403, "no member");
    assert_eq!(subscribe(&world, &ann, &receiver, json!({})).await.status, 201);
    assert_eq!(subscribe(&world, &ann, &receiver, json!({})).await.status, 409);
    let short =
        json!({"expirationDateTime": in_minutes(&world, 5), "lifecycleNotificationUrl": null});
    let bob = world.token("Bob Roy").await;
    let raised = subscribe(&world, &bob, &receiver, short).await;
    let end: jiff::Timestamp = raised.body["expirationDateTime"].as_str().unwrap().parse().unwrap();
    let left = end.duration_since(world.sandbox.core().clock.now());
    assert!(left > jiff::SignedDuration::from_mins(44), "raised to 45 minutes");
}

#[tokio::test]
async fn a_subscription_asks_for_a_token_is_renewed_and_ends() {
    let world = World::unlimited().await;
    let receiver = Receiver::start().await;
    let ann = world.token("Ann Lee").await;
    let made = subscribe(&world, &ann, &receiver, json!({})).await;
    let id = made.body["id"].as_str().unwrap().to_owned();
    world.act("Bob Roy", "post", json!({"text": "one"})).await;
    receiver.wait_for(|n| n["changeType"] == "created").await;

    world.advance(80 * 60);
    receiver.wait_for(|n| n["lifecycleEvent"] == "reauthorizationRequired").await;
    let ann = world.token("Ann Lee").await;
    let renewed = world
        .call(
            "PATCH",
            &format!("/subscriptions/{id}"),
            &ann,
            Some(json!({"expirationDateTime": in_minutes(&world, 120)})),
        )
        .await;
    assert_eq!(renewed.status, 200, "{}", renewed.body);
    world.advance(30 * 60);
    let second = world.act("Bob Roy", "post", json!({"text": "two"})).await;
    receiver.wait_for(|n| n["resourceData"]["id"] == second["id"]).await;

    world.control("/teams/lifecycle", json!({"event": "missed"})).await;
    receiver
        .wait_for(|n| n["lifecycleEvent"] == "missed" && n["clientState"] == "fake-state")
        .await;
    world.act("Ann Lee", "remove", json!({"people": ["Ann Lee"]})).await;
    receiver.wait_for(|n| n["lifecycleEvent"] == "subscriptionRemoved").await;
    assert_eq!(world.call("GET", &format!("/subscriptions/{id}"), &ann, None).await.status, 404);
}

#[tokio::test]
async fn a_renewal_may_bring_another_certificate() {
    let world = World::unlimited().await;
    let receiver = Receiver::start().await;
    let ann = world.token("Ann Lee").await;
    let (_, first) = rsa_certificate();
    let (key, second) = rsa_certificate();
    let rich = json!({"includeResourceData": true, "encryptionCertificate": first,
        "encryptionCertificateId": "c1"});
    let made = subscribe(&world, &ann, &receiver, rich).await;
    let path = format!("/subscriptions/{}", made.body["id"].as_str().unwrap());
    let renewal = json!({"expirationDateTime": in_minutes(&world, 120),
        "encryptionCertificate": second, "encryptionCertificateId": "c2"});
    let renewed = world.call("PATCH", &path, &ann, Some(renewal)).await;
    assert_eq!(renewed.body["encryptionCertificateId"], "c2", "{}", renewed.body);
    world.act("Bob Roy", "post", json!({"text": "sealed anew"})).await;
    let told = receiver.wait_for(|n| n["changeType"] == "created").await;
    assert_eq!(told["encryptedContent"]["encryptionCertificateId"], "c2");
    let message = open(&key, &told["encryptedContent"]);
    assert_eq!(message["body"]["content"], "<p>sealed anew</p>");
}

#[tokio::test]
async fn an_expired_subscription_hears_nothing() {
    let world = World::unlimited().await;
    let receiver = Receiver::start().await;
    let ann = world.token("Ann Lee").await;
    let more =
        json!({"expirationDateTime": in_minutes(&world, 50), "lifecycleNotificationUrl": null});
    assert_eq!(subscribe(&world, &ann, &receiver, more).await.status, 201);
    world.advance(51 * 60);
    world.act("Bob Roy", "post", json!({"text": "unheard"})).await;
    world.sandbox.core().idle.wait().await;
    assert_eq!(receiver.notifications(), Vec::<Value>::new());
}
