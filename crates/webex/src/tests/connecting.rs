//! Signing in, tokens, what is checked.

use std::{sync::atomic::Ordering, time::Duration};

use rialto_model::RemoteId;
use rialto_platform::{
    AuthorizationAnswer, Cabinet, FindingLevel, Platform, ReadError, SetupError,
};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::support::World;

fn kept(world: &World, entry: &str) -> Value {
    serde_json::from_str(&world.drawer.entries.lock()[entry]).unwrap()
}

#[tokio::test]
async fn the_service_user_signs_in_and_is_known() {
    let world = World::start().await;
    let own = world.person("Rialto").await;
    assert!(world.connection.is_own(&own).await.unwrap());
    assert!(!world.connection.is_own(&world.person("Ann Lee").await).await.unwrap());
    let who = kept(&world, "identity");
    assert_eq!((&who["email"], &who["name"]), (&json!("rialto@acme.example"), &json!("Rialto")));
}

#[tokio::test]
async fn what_webex_declines_is_told_with_the_mend() {
    let world = World::start().await;
    for (query, expected) in [
        (("error", "access_denied"), "Control Hub"),
        (("error", "invalid_scope"), "scopes"),
        (("state", "x"), "no authorization code"),
        (("code", "unknown"), "Invalid authorization code"),
    ] {
        let query = [(query.0.to_owned(), query.1.to_owned())].into();
        let answer = AuthorizationAnswer { query, secret: SecretString::from("fake") };
        let error = world.platform.authorize(&world.app, answer).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let mut app = world.app.clone();
    app.secrets.remove("client_secret");
    let error = world.platform.authorization_start(&app, "x").unwrap_err();
    assert!(matches!(error, SetupError::Setting { field, .. } if field == "client_secret"));
}

#[tokio::test]
async fn a_person_s_token_is_taken_and_a_bot_s_is_not() {
    let world = World::start().await;
    let token = kept(&world, "tokens")["access"].as_str().unwrap().to_owned();
    let adopted = world.platform.adopt(&world.app, format!(" {token}\n").into()).await.unwrap();
    assert!(adopted.warnings[0].contains("cannot be renewed"), "{:?}", adopted.warnings);
    let bot = json!({ "name": "Helper", "kind": "bot", "workspace": "Acme" });
    let bot = world.control("/webex/apps", bot).await;
    let token = bot["access_token"].as_str().unwrap();
    let error = world.platform.adopt(&world.app, token.into()).await.unwrap_err();
    assert!(error.to_string().contains("only messages that mention them"), "{error}");
}

#[tokio::test]
async fn a_token_is_renewed_at_half_its_life_and_kept_before_it_is_used() {
    let world = World::start().await;
    let first = kept(&world, "tokens");
    let upkeep = world.connection.upkeep(&[]).await.unwrap();
    assert_eq!(kept(&world, "tokens"), first);
    let names: Vec<_> = upkeep.credentials.iter().map(|it| it.name).collect();
    assert_eq!(names, ["access token", "service user's sign-in"]);
    let day = Duration::from_secs(24 * 3_600);
    world.sandbox.core().clock.advance(day * 7);
    world.connection.upkeep(&[]).await.unwrap();
    let second = kept(&world, "tokens");
    assert_ne!(second["access"], first["access"]);
    // Upkeep did not run for long: the call itself renews, once for all who call.
    world.sandbox.core().clock.advance(day * 14);
    let (one, other) =
        tokio::join!(world.connection.conversations(None), world.connection.conversations(None));
    one.unwrap();
    other.unwrap();
    assert_ne!(kept(&world, "tokens")["access"], second["access"]);
    assert_eq!(world.calls("POST /access_token").await, 3);
}

#[tokio::test]
async fn a_token_that_is_not_kept_is_not_used() {
    let world = World::start().await;
    let first = kept(&world, "tokens");
    world.sandbox.core().clock.advance(Duration::from_secs(14 * 24 * 3_600));
    world.drawer.jammed.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let error = world.connection.conversations(None).await.unwrap_err();
        assert!(matches!(error, ReadError::Transient { .. }), "{error:?}");
    }
    assert_eq!(world.calls("GET /rooms").await, 0);
    world.drawer.jammed.store(false, Ordering::SeqCst);
    world.connection.conversations(None).await.unwrap();
    assert_ne!(kept(&world, "tokens"), first);
    // It was asked for once.
    assert_eq!(world.calls("POST /access_token").await, 2);
}

#[tokio::test]
async fn a_token_that_webex_does_not_accept_is_replaced() {
    let world = World::start().await;
    world.fault(json!({ "target": "api", "kind": "expire_tokens", "times": 1 })).await;
    world.connection.conversations(None).await.unwrap();
    assert_eq!(world.calls("POST /access_token").await, 2);
}

#[tokio::test]
async fn an_authorization_that_was_taken_away_is_gone() {
    let world = World::start().await;
    let apps = world.look("/webex/apps").await;
    let app = apps[0]["id"].as_str().unwrap();
    let who = json!({ "workspace": "Acme", "as": "Rialto" });
    world.control(&format!("/webex/apps/{app}/uninstall"), who).await;
    let error = world.connection.upkeep(&[]).await.unwrap_err();
    assert!(matches!(error, ReadError::Revoked(_)), "{error:?}");
    let findings = world.connection.check().await;
    assert_eq!(findings[0].level, FindingLevel::Error);
}

#[tokio::test]
async fn what_is_wrong_is_found() {
    let world = World::start().await;
    let levels = async || {
        let findings = world.connection.check().await;
        findings.into_iter().map(|it| (it.subject, it.level)).collect::<Vec<_>>()
    };
    let fine = |subject: &str| (subject.to_owned(), FindingLevel::Ok);
    let all = [fine("service user"), fine("scopes"), fine("webhooks"), fine("membership")];
    let mut silent = all.clone();
    silent[2].1 = FindingLevel::Warning;
    assert_eq!(levels().await, silent);
    world.connection.upkeep(&[]).await.unwrap();
    assert_eq!(levels().await, all);
}

#[tokio::test]
async fn nobody_is_asked_before_somebody_has_signed_in() {
    let world = World::start().await;
    world.drawer.remove("identity").await.unwrap();
    let connection = world.restarted();
    assert!(matches!(connection.upkeep(&[]).await, Err(ReadError::Revoked(_))));
    let conversation = RemoteId::from("r");
    let error = world.restarted().join(&conversation).await.unwrap_err();
    assert!(matches!(error, SetupError::Refused(_)), "{error:?}");
}
