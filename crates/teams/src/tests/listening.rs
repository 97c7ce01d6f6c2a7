//! Subscriptions, and rich notifications from the outside in.

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::{
    cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
    hmac,
    iv::FixedLength,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize, OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use http::{HeaderMap, Method};
use jiff::SignedDuration;
use rialto_model::{EventKind, RemoteId, Signal};
use rialto_platform::{Connection, ReadError, Received, WebhookRequest};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{body_partial_json, method, path, path_regex},
};

use super::support::{CLIENT_ID, CLIENT_STATE, Desk, TENANT, app, desk, now};
use crate::{
    certificate::{self, Certificate},
    webhook::receive,
};

const CHANNEL: &str = "team/19:c@thread.tacv2";

async fn asked(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    let asked = requests.iter().filter(|request| request.url.path().contains("/subscriptions"));
    let asked = asked.map(|r| format!("{} {}", r.method, r.url.path().replace("/v1.0", "")));
    let asked = asked.collect();
    server.reset().await;
    asked
}

/// Graph makes subscriptions `sub-1`, `sub-2`, … and takes every change of them.
async fn willing(server: &MockServer, made: &'static AtomicUsize) {
    Mock::given(method("POST"))
        .and(path("/v1.0/subscriptions"))
        .and(body_partial_json(json!({
            "changeType": "created,updated,deleted",
            "clientState": CLIENT_STATE,
            "includeResourceData": true,
            "resource": "/teams/team/channels/19:c@thread.tacv2/messages",
            "notificationUrl": "https://rialto.example/webhooks/teams/app_1",
            "lifecycleNotificationUrl": "https://rialto.example/webhooks/teams/app_1/lifecycle",
        })))
        .respond_with(|request: &Request| {
            let body: Value = request.body_json().unwrap();
            let number = made.fetch_add(1, Ordering::SeqCst) + 1;
            ResponseTemplate::new(201).set_body_json(json!({
                "id": format!("sub-{number}"),
                "expirationDateTime": body["expirationDateTime"],
            }))
        })
        .mount(server)
        .await;
    Mock::given(method("POST"))
        .and(path_regex("/oauth2/v2.0/token$"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "access_token": "fake-renewed", "expires_in": 86_400 * 30,
        })))
        .mount(server)
        .await;
    for verb in ["PATCH", "DELETE", "POST"] {
        Mock::given(method(verb))
            .and(path_regex("^/v1.0/subscriptions/.+"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({})))
            .mount(server)
            .await;
    }
}

/// Tokens that do not expire during a test.
fn patient(desk: &Desk) {
    let mut drawer = desk.cabinet.entries.lock();
    let token = drawer.get_mut("service_token").unwrap();
    let mut value: Value = serde_json::from_str(token).unwrap();
    value["expires_at"] = "2027-12-01T00:00:00Z".into();
    *token = value.to_string();
}

#[tokio::test]
async fn a_subscription_is_made_renewed_recreated_and_ended() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let server = MockServer::start().await;
    let desk = desk(app(&server.uri()));
    patient(&desk);
    let heard = [RemoteId::from(CHANNEL)];
    let no_gap: [RemoteId; 0] = [];

    willing(&server, &MADE).await;
    let upkeep = desk.connection.upkeep(&heard).await.unwrap();
    assert_eq!(asked(&server).await, ["POST /subscriptions"]);
    assert_eq!(upkeep.again_by, Some(now() + SignedDuration::from_mins(2_150)));
    assert_eq!((upkeep.gaps, upkeep.problems), (no_gap.to_vec(), vec![]));

    // Nothing to do.
    desk.connection.upkeep(&heard).await.unwrap();
    assert!(asked(&server).await.is_empty());

    // Half its life is over.
    desk.clock.forward(SignedDuration::from_mins(2_151));
    willing(&server, &MADE).await;
    let upkeep = desk.connection.upkeep(&heard).await.unwrap();
    assert_eq!(asked(&server).await, ["PATCH /subscriptions/sub-1"]);
    assert!(upkeep.gaps.is_empty());

    // Graph grants less than was asked for.
    desk.clock.forward(SignedDuration::from_mins(2_151));
    let granted = now() + SignedDuration::from_mins(2 * 2_151 + 60);
    Mock::given(method("PATCH"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "id": "sub-1", "expirationDateTime": granted,
        })))
        .mount(&server)
        .await;
    willing(&server, &MADE).await;
    let upkeep = desk.connection.upkeep(&heard).await.unwrap();
    assert_eq!(asked(&server).await, ["PATCH /subscriptions/sub-1"]);
    assert_eq!(upkeep.again_by, Some(desk.connection.now() + SignedDuration::from_mins(30)));

    // Graph wants it authorized again.
    let told = desk.connection.normalize(&lifecycle("sub-1", "reauthorizationRequired")).await;
    let told = told.unwrap();
    assert_eq!(told[0].kind, EventKind::Signal(Signal::Upkeep));
    assert_eq!(told[0].conversation.as_str(), CHANNEL);
    willing(&server, &MADE).await;
    desk.connection.upkeep(&heard).await.unwrap();
    assert_eq!(
        asked(&server).await,
        ["POST /subscriptions/sub-1/reauthorize", "PATCH /subscriptions/sub-1"]
    );

    // Graph removed it.
    desk.connection.normalize(&lifecycle("sub-1", "subscriptionRemoved")).await.unwrap();
    willing(&server, &MADE).await;
    let upkeep = desk.connection.upkeep(&heard).await.unwrap();
    assert_eq!(asked(&server).await, ["POST /subscriptions"]);
    assert_eq!(upkeep.gaps, heard);

    // It is gone and nobody said so.
    desk.clock.forward(SignedDuration::from_mins(2_151));
    Mock::given(method("PATCH"))
        .respond_with(ResponseTemplate::new(404).set_body_json(json!({})))
        .mount(&server)
        .await;
    willing(&server, &MADE).await;
    let upkeep = desk.connection.upkeep(&heard).await.unwrap();
    assert_eq!(asked(&server).await, ["PATCH /subscriptions/sub-2", "POST /subscriptions"]);
    assert_eq!(upkeep.gaps, heard);

    // Nobody needs it any more.
    willing(&server, &MADE).await;
    let upkeep = desk.connection.upkeep(&[]).await.unwrap();
    assert_eq!(asked(&server).await, ["DELETE /subscriptions/sub-3"]);
    assert_eq!(upkeep.again_by, None);
    desk.connection.upkeep(&[]).await.unwrap();
    assert!(asked(&server).await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_heard_is_said_and_tried_again() {
    let server = MockServer::start().await;
    let desk = desk(app(&server.uri()));
    let heard = [RemoteId::from(CHANNEL)];
    let refused = ResponseTemplate::new(403)
        .set_body_json(json!({ "error": { "code": "Forbidden", "message": "no" } }));
    let slowed = ResponseTemplate::new(429).insert_header("retry-after", "17");
    for (answer, words, seconds) in
        [(refused, "ChannelMessage.Read.All", 120), (slowed, "wait", 17)]
    {
        server.reset().await;
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "value": [] })))
            .mount(&server)
            .await;
        Mock::given(method("POST")).respond_with(answer).mount(&server).await;
        let upkeep = desk.connection.upkeep(&heard).await.unwrap();
        assert!(upkeep.problems[0].contains(words), "{:?}", upkeep.problems);
        assert_eq!(upkeep.again_by, Some(now() + SignedDuration::from_secs(seconds)));
    }
}

fn lifecycle(subscription: &str, event: &str) -> Vec<u8> {
    let item = json!({
        "subscriptionId": subscription, "clientState": CLIENT_STATE, "lifecycleEvent": event,
    });
    json!({ "item": item, "validation_tokens": [] }).to_string().into_bytes()
}

/// The sign-in service's key, and tokens signed by it.
struct Issuer(KeyPair);

impl Issuer {
    async fn published(server: &MockServer) -> Self {
        let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = key.public_key();
        let number = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let keys = json!({ "keys": [{
            "kty": "RSA", "use": "sig", "kid": "key-1",
            "n": number(public.modulus().big_endian_without_leading_zero()),
            "e": number(public.exponent().big_endian_without_leading_zero()),
        }, { "kty": "unheard of" }] });
        Mock::given(method("GET"))
            .and(path("/login/common/discovery/v2.0/keys"))
            .respond_with(ResponseTemplate::new(200).set_body_json(keys))
            .expect(1)
            .mount(server)
            .await;
        Self(key)
    }

    fn token(&self, kid: &str, change: &dyn Fn(&mut Value)) -> String {
        let mut claims = json!({
            "aud": CLIENT_ID, "iss": format!("https://sts.windows.net/{TENANT}/"), "tid": TENANT,
            "appid": "0bf30f3b-4a52-48df-9a82-234910c4a086",
            "exp": now().as_second() + 3600,
        });
        change(&mut claims);
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(&json!({ "alg": "RS256", "typ": "JWT", "kid": kid }));
        let signed = format!("{header}.{}", part(&claims));
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .unwrap();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Seals as Graph does.
pub(super) fn sealed(plain: &Value, certificate: &Certificate) -> Value {
    let key = [9_u8; 32];
    let cipher =
        PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, &key).unwrap())
            .unwrap();
    let mut data = plain.to_string().into_bytes();
    let iv: [u8; 16] = key[..16].try_into().unwrap();
    cipher.less_safe_encrypt(&mut data, EncryptionContext::Iv128(FixedLength::from(iv))).unwrap();
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &data);
    let public = OaepPublicEncryptingKey::new(certificate.key().unwrap().public_key()).unwrap();
    let mut wrapped = vec![0; public.ciphertext_size()];
    let wrapped = public.encrypt(&OAEP_SHA1_MGF1SHA1, &key, &mut wrapped, None).unwrap();
    json!({
        "data": BASE64_STANDARD.encode(&data),
        "dataSignature": BASE64_STANDARD.encode(signature),
        "dataKey": BASE64_STANDARD.encode(wrapped),
        "encryptionCertificateId": certificate.id,
        "encryptionCertificateThumbprint": "",
    })
}

fn message(id: &str) -> Value {
    json!({
        "id": id, "messageType": "message", "createdDateTime": "2026-11-22T09:59:00Z",
        "from": { "user": { "id": "ana", "displayName": "Ana" } },
        "body": { "contentType": "html", "content": "<p>hello</p>" },
        "channelIdentity": { "teamId": "team", "channelId": "19:c@thread.tacv2" },
        "reactions": [
            { "reactionType": "like", "user": { "user": { "id": "bo" } } },
            { "reactionType": "🎉", "user": { "user": { "id": super::support::OWN } } },
        ],
    })
}

fn notification(change: &str, content: Option<&Value>, tokens: &[String]) -> Vec<u8> {
    let resource = "teams('team')/channels('19:c@thread.tacv2')/messages('7')";
    let item = json!({
        "subscriptionId": "s", "changeType": change, "resource": resource,
        "encryptedContent": content,
    });
    json!({ "item": item, "validation_tokens": tokens }).to_string().into_bytes()
}

#[tokio::test]
async fn a_rich_notification_is_believed_only_from_graph() {
    let server = MockServer::start().await;
    let desk = desk(app(&server.uri()));
    let issuer = Issuer::published(&server).await;
    let certificate = certificate::current(&*desk.cabinet, &[], now()).await.unwrap();
    let content = sealed(&message("7"), &certificate);
    let good = issuer.token("key-1", &|_| {});

    let told = desk
        .connection
        .normalize(&notification("updated", Some(&content), std::slice::from_ref(&good)))
        .await
        .unwrap();
    let kinds: Vec<&EventKind> = told.iter().map(|event| &event.kind).collect();
    let [EventKind::Message(state), EventKind::Reactions { reactions, .. }] = kinds[..] else {
        panic!("{kinds:?}")
    };
    assert_eq!(state.content.text.plain_text(), "hello");
    assert_eq!(state.author.name, "Ana");
    let seen: Vec<_> = reactions.iter().map(|r| (r.account.as_str(), r.emoji.as_text())).collect();
    assert_eq!(seen, [("bo", "👍".to_owned())]);

    let stranger = Issuer(KeyPair::generate(KeySize::Rsa2048).unwrap());
    let changed = |field: &'static str, value: Value| {
        issuer.token("key-1", &move |claims: &mut Value| claims[field] = value.clone())
    };
    let mut tampered = good.clone();
    tampered.insert(good.find('.').unwrap() + 3, 'A');
    for (name, token) in [
        ("no token", None),
        ("no JWT", Some("x".to_owned())),
        ("tampered", Some(tampered)),
        ("signed by another", Some(stranger.token("key-1", &|_| {}))),
        ("unknown key", Some(issuer.token("key-2", &|_| {}))),
        ("for another app", Some(changed("aud", "other".into()))),
        ("of another app", Some(changed("appid", "other".into()))),
        ("of another tenant", Some(changed("iss", "https://sts.windows.net/other/".into()))),
        ("for another tenant", Some(changed("tid", "other".into()))),
        ("expired", Some(changed("exp", (now().as_second() - 301).into()))),
    ] {
        let tokens: Vec<String> = token.into_iter().collect();
        let payload = notification("created", Some(&content), &tokens);
        let told = desk.connection.normalize(&payload).await;
        assert!(matches!(told, Err(ReadError::Permanent(_))), "{name}: {told:?}");
    }

    let mut unsigned = content.clone();
    unsigned["dataSignature"] = BASE64_STANDARD.encode([0; 32]).into();
    let tokens = std::slice::from_ref(&good);
    let told = desk.connection.normalize(&notification("created", Some(&unsigned), tokens)).await;
    let wrong = "the notification's signature is wrong".to_owned();
    assert_eq!(told, Err(ReadError::Permanent(wrong)));

    let elsewhere = sealed(&message("8"), &certificate);
    let told = desk.connection.normalize(&notification("created", Some(&elsewhere), &[good])).await;
    assert!(matches!(told, Err(ReadError::Permanent(_))), "{told:?}");
}

#[tokio::test]
async fn a_notification_that_waited_is_believed_if_its_token_held_when_it_came() {
    let server = MockServer::start().await;
    let app = app(&server.uri());
    let desk = desk(app.clone());
    let issuer = Issuer::published(&server).await;
    let certificate = certificate::current(&*desk.cabinet, &[], now()).await.unwrap();
    let batch = json!({
        "value": [{ "subscriptionId": "s", "changeType": "created", "clientState": CLIENT_STATE,
            "resource": "teams('team')/channels('19:c@thread.tacv2')/messages('7')",
            "encryptedContent": sealed(&message("7"), &certificate) }],
        "validationTokens": [issuer.token("key-1", &|_| {})],
    });
    let (headers, body) = (HeaderMap::new(), batch.to_string());
    let (method, body) = (&Method::POST, body.as_bytes());
    let request = WebhookRequest { method, tail: "", query: "", headers: &headers, body };
    desk.clock.forward(SignedDuration::from_hours(2));
    for (after, believed) in [(0, true), (2, false)] {
        let came = now() + SignedDuration::from_hours(after);
        let Received::Inbound { inbound, .. } = receive(&app, &request, came) else { panic!() };
        let told = desk.connection.normalize(&inbound[0].payload).await;
        assert_eq!(told.is_ok(), believed, "{after} h: {told:?}");
    }
}

#[tokio::test]
async fn what_a_notification_does_not_say_is_asked_for() {
    let server = MockServer::start().await;
    let desk = desk(app(&server.uri()));
    let issuer = Issuer::published(&server).await;
    Mock::given(method("GET"))
        .and(path("/v1.0/teams/team/channels/19:c@thread.tacv2/messages/7"))
        .respond_with(ResponseTemplate::new(200).set_body_json(message("7")))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    // Of a certificate that we do not know any more; then without content at all.
    let forgotten = Certificate::generate(now()).unwrap();
    let content = sealed(&message("7"), &forgotten);
    let tokens = [issuer.token("key-1", &|_| {})];
    for payload in
        [notification("created", Some(&content), &tokens), notification("created", None, &[])]
    {
        let told = desk.connection.normalize(&payload).await.unwrap();
        assert!(matches!(&told[0].kind, EventKind::Message(_)), "{told:?}");
    }
    // Gone meanwhile.
    let told = desk.connection.normalize(&notification("updated", None, &[])).await.unwrap();
    assert_eq!(told[0].kind, EventKind::Deleted { message: "7".into() });
}

#[tokio::test]
async fn the_vendors_sealed_notification_is_heard_as_its_plaintext() {
    let Some(dir) = rialto_platform::testing::fixtures("graph") else { return };
    let read = |name: &str| -> Value {
        serde_json::from_slice(&std::fs::read(dir.join(name)).unwrap()).unwrap()
    };
    let server = MockServer::start().await;
    let app = app(&server.uri());
    let desk = desk(app.clone());
    let issuer = Issuer::published(&server).await;
    let mut batch = read("notification.encrypted.json");
    // The vendor keeps the keys to its own token and client state.
    batch["validationTokens"] = json!([issuer.token("key-1", &|_| {})]);
    batch["value"][0]["clientState"] = CLIENT_STATE.into();
    let id = batch["value"][0]["encryptedContent"]["encryptionCertificateId"].as_str().unwrap();
    let certificate = json!({
        "id": id, "created_at": now(), "used_at": now(), "certificate": "",
        "private_key": read("encryptedContent.vector.test_key.json")["der_base64"],
    });
    desk.cabinet.entries.lock().insert(format!("certificate/{id}"), certificate.to_string());

    let (headers, body) = (HeaderMap::new(), batch.to_string());
    let request = WebhookRequest {
        method: &Method::POST,
        tail: "",
        query: "",
        headers: &headers,
        body: body.as_bytes(),
    };
    let Received::Inbound { inbound, .. } = receive(&app, &request, now()) else { panic!() };
    let told = desk.connection.normalize(&inbound[0].payload).await.unwrap();
    let EventKind::Message(state) = &told[0].kind else { panic!("{told:?}") };
    let plain = read("encryptedContent.vector.plaintext.json");
    assert_eq!(state.content.text.plain_text(), plain["body"]["content"].as_str().unwrap());
    assert_eq!(state.id.as_str(), plain["id"].as_str().unwrap());
    assert_eq!(state.thread.as_ref().unwrap().as_str(), plain["replyToId"].as_str().unwrap());
    assert_eq!(state.author.name, plain["from"]["user"]["displayName"].as_str().unwrap());
}

#[tokio::test]
async fn a_subscription_moves_to_a_new_certificate_while_what_was_sealed_for_the_old_one_is_heard()
{
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let server = MockServer::start().await;
    let desk = desk(app(&server.uri()));
    patient(&desk);
    let heard = [RemoteId::from(CHANNEL)];
    willing(&server, &MADE).await;
    desk.connection.upkeep(&heard).await.unwrap();
    let old = certificate::current(&*desk.cabinet, &[], now()).await.unwrap();

    // The certificate is just young enough for another subscription, whose renewal it does not see.
    desk.clock.forward(SignedDuration::from_hours(24 * 178));
    desk.connection.upkeep(&heard).await.unwrap();
    assert_eq!(asked(&server).await, ["POST /subscriptions", "POST /subscriptions"]);
    desk.clock.forward(SignedDuration::from_hours(24 * 2 + 1));
    willing(&server, &MADE).await;
    desk.connection.upkeep(&heard).await.unwrap();
    let requests = server.received_requests().await.unwrap();
    let renewal = requests.iter().find(|request| request.method.as_str() == "PATCH").unwrap();
    assert!(renewal.url.path().ends_with("/subscriptions/sub-2"), "{}", renewal.url);
    let renewal: Value = renewal.body_json().unwrap();
    let new = renewal["encryptionCertificateId"].as_str().unwrap();
    assert_ne!(new, old.id);
    let new = certificate::find(&*desk.cabinet, new).await.unwrap().unwrap();
    assert_eq!(renewal["encryptionCertificate"], new.certificate);

    let issuer = Issuer::published(&server).await;
    let later = desk.connection.now().as_second() + 3600;
    let token = issuer.token("key-1", &move |claims| claims["exp"] = later.into());
    for certificate in [&old, &new] {
        let content = sealed(&message("7"), certificate);
        let payload = notification("created", Some(&content), std::slice::from_ref(&token));
        let told = desk.connection.normalize(&payload).await.unwrap();
        let EventKind::Message(state) = &told[0].kind else { panic!("{told:?}") };
        assert_eq!(state.content.text.plain_text(), "hello");
    }
}
