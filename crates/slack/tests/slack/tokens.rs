//! Tokens that expire: renewed early, once, and kept before they are used.

use std::sync::{Arc, atomic::Ordering};

use jiff::SignedDuration;
use rialto_platform::ReadError;
use serde_json::{Value, json};
use wiremock::{
    Mock, Request, ResponseTemplate,
    matchers::{body_string_contains, header, path},
};

use crate::workspace::{NOW, Workspace, workspace_with};

fn pair(access: &str, refresh: &str, expires: &str) -> Value {
    json!({ "access": access, "refresh": refresh, "issued": "2026-11-22T00:00:00Z",
        "expires": expires })
}

/// A workspace whose token lives until then, and a server that takes the refresh token once.
async fn rotating(expires: &str) -> Workspace {
    let workspace = workspace_with(pair("xoxe.xoxb-fake-1", "xoxe-1-fake-1", expires)).await;
    let next = json!({ "ok": true, "access_token": "xoxe.xoxb-fake-2",
        "refresh_token": "xoxe-1-fake-2", "expires_in": 43_200 });
    let spent = json!({ "ok": false, "error": "invalid_refresh_token" });
    Mock::given(path("/api/oauth.v2.access"))
        .and(body_string_contains("refresh_token=xoxe-1-fake-1"))
        .respond_with(ResponseTemplate::new(200).set_body_json(next))
        .up_to_n_times(1)
        .with_priority(1)
        .mount(&workspace.server)
        .await;
    workspace.answers("oauth.v2.access", spent).await;
    let cabinet = Arc::clone(&workspace.cabinet);
    Mock::given(path("/api/users.info"))
        .and(header("authorization", "Bearer xoxe.xoxb-fake-2"))
        .respond_with(move |_: &Request| {
            // Whoever sees the new token can find it in the cabinet.
            let kept = cabinet.entries.lock()["tokens"].contains("xoxe-1-fake-2");
            let answer =
                json!({ "ok": kept, "error": "used before it was kept", "user": { "id": "U1" } });
            ResponseTemplate::new(200).set_body_json(answer)
        })
        .with_priority(1)
        .mount(&workspace.server)
        .await;
    workspace
}

#[tokio::test]
async fn a_token_is_renewed_two_hours_before_its_end_and_kept_before_use() {
    let workspace = rotating("2026-11-22T11:59:00Z").await;
    let id = "U1".into();
    let asked = futures_util::future::join_all((0..5).map(|_| workspace.connection.account(&id)));
    for account in asked.await {
        assert_eq!(account.unwrap().unwrap().id, id);
    }
    assert_eq!(workspace.calls("oauth.v2.access").await.len(), 1);
    let kept = workspace.cabinet.entries.lock()["tokens"].clone();
    assert!(kept.contains("2026-11-22T22:00:00Z"), "{kept}");
}

#[tokio::test]
async fn a_renewed_token_that_cannot_be_kept_is_not_used() {
    let workspace = rotating("2026-11-22T11:59:00Z").await;
    workspace.cabinet.jammed.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let error = workspace.connection.account(&"U1".into()).await.unwrap_err();
        assert!(matches!(&error, ReadError::Transient { reason, .. } if reason.contains("jammed")));
    }
    assert!(workspace.calls("users.info").await.is_empty());
    // The refresh token is spent, so what it brought must not be lost when there is room again.
    workspace.cabinet.jammed.store(false, Ordering::SeqCst);
    workspace.connection.account(&"U1".into()).await.unwrap();
    assert_eq!(workspace.calls("oauth.v2.access").await.len(), 1);
}

#[tokio::test]
async fn a_token_that_slack_calls_expired_is_renewed_at_once() {
    let workspace = rotating("2026-11-22T20:00:00Z").await;
    workspace.answers("users.info", json!({ "ok": false, "error": "token_expired" })).await;
    workspace.connection.account(&"U1".into()).await.unwrap();
    assert_eq!(workspace.calls("users.info").await.len(), 2);
}

#[tokio::test]
async fn a_failed_renewal_does_not_stop_a_token_that_still_works() {
    let expires = "2026-11-22T11:59:00Z";
    let workspace = workspace_with(pair("xoxe.xoxb-fake-1", "xoxe-1-fake-1", expires)).await;
    workspace.responds("oauth.v2.access", ResponseTemplate::new(503)).await;
    workspace.answers("users.info", json!({ "ok": true, "user": { "id": "U1" } })).await;
    workspace.connection.account(&"U1".into()).await.unwrap();
}

#[tokio::test]
async fn a_token_that_still_works_is_not_renewed_by_each_call_while_that_fails() {
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "600");
    for (refusal, wait) in [(ResponseTemplate::new(503), 60), (busy, 600)] {
        // It works for 20 minutes, and for two more seconds.
        let due = pair("xoxe.xoxb-fake-1", "xoxe-1-fake-1", "2026-11-22T10:20:02Z");
        let workspace = workspace_with(due).await;
        workspace.responds("oauth.v2.access", refusal).await;
        workspace.answers("users.info", json!({ "ok": true, "user": { "id": "U1" } })).await;
        let id = "U1".into();
        let forward = |seconds| workspace.clock.forward(SignedDuration::from_secs(seconds));
        let renewals = async || {
            workspace.connection.account(&id).await.unwrap();
            workspace.calls("oauth.v2.access").await.len()
        };
        assert_eq!((renewals().await, renewals().await), (1, 1));
        forward(wait - 1);
        workspace.connection.upkeep(&[]).await.ok();
        assert_eq!(renewals().await, 1, "not before {wait} s");
        forward(1);
        assert_eq!((renewals().await, renewals().await), (2, 2), "but then");

        // One that does not work any more waits for nothing.
        forward(1_200 - wait);
        workspace.connection.account(&id).await.unwrap();
        let before = workspace.calls("oauth.v2.access").await.len();
        forward(2);
        assert!(workspace.connection.account(&id).await.is_err(), "it does not work any more");
        assert_eq!(workspace.calls("oauth.v2.access").await.len(), before + 1);
    }
}

#[tokio::test]
async fn a_renewal_that_waits_for_an_admin_parks_nothing() {
    for wrong in ["bad_client_secret", "invalid_client_id"] {
        let expired = pair("xoxe.xoxb-fake-1", "xoxe-1-fake-1", "2026-11-22T09:59:00Z");
        let workspace = workspace_with(expired).await;
        workspace.answers("oauth.v2.access", json!({ "ok": false, "error": wrong })).await;
        let error = workspace.connection.account(&"U1".into()).await.unwrap_err();
        assert!(matches!(error, ReadError::Revoked(_)), "{wrong}: {error:?}");
    }
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_is_gone() {
    let workspace = workspace_with(json!({ "access": "xoxb-fake", "issued": NOW })).await;
    workspace.answers("users.info", json!({ "ok": false, "error": "token_expired" })).await;
    let error = workspace.connection.account(&"U1".into()).await.unwrap_err();
    assert!(matches!(error, ReadError::Revoked(_)), "{error:?}");
}

#[tokio::test]
async fn upkeep_renews_at_half_life_and_tells_where_rialto_is_missing() {
    let workspace = rotating("2026-11-22T19:59:00Z").await;
    let joined = json!({ "ok": true, "channels": [{ "id": "C1", "name": "launch" }] });
    workspace.answers("users.conversations", joined).await;
    let gone =
        json!({ "ok": true, "channel": { "id": "C2", "name": "sales", "is_member": false } });
    workspace.answers("conversations.info", gone).await;
    let upkeep = workspace.connection.upkeep(&["C1".into(), "C2".into()]).await.unwrap();
    assert_eq!(workspace.calls("oauth.v2.access").await.len(), 1);
    assert_eq!(upkeep.again_by.unwrap().to_string(), "2026-11-22T16:00:00Z");
    assert_eq!(upkeep.problems.len(), 1);
    assert!(upkeep.problems[0].contains("#sales"), "{:?}", upkeep.problems);
    let seen: Vec<_> = upkeep.seen.iter().map(|it| (it.name.as_str(), it.joined)).collect();
    assert_eq!(seen, [("launch", true), ("sales", false)]);
    assert_eq!(workspace.calls("conversations.join").await.len(), 1, "what is public it may join");
}
