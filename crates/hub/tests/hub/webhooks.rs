use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use futures_util::FutureExt;
use metrics_exporter_prometheus::PrometheusBuilder;
use rialto_hub::{Hub, HubOptions};
use tokio::time::Instant;

use crate::support::{SECRET, TOKEN, TestHub};

#[tokio::test]
async fn what_is_proved_is_kept_and_then_acknowledged() {
    let hub = TestHub::new().await;
    hub.connect().await;
    let answer = hub.webhook("acme general m1").await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
}

#[tokio::test]
async fn what_is_not_proved_or_not_understood_is_refused_in_words() {
    let hub = TestHub::new().await;
    let path = format!("/webhooks/pretended/{}", hub.app.id);
    let forged = Request::post(&path).header("x-secret", "another").body("a b c".into()).unwrap();
    let problem = hub.send(forged).await.problem(StatusCode::UNAUTHORIZED);
    assert_eq!(problem.detail, "the secret is wrong");
    let problem = hub.webhook("one two").await.problem(StatusCode::BAD_REQUEST);
    assert_eq!(problem.detail, "three words are needed");
}

#[tokio::test]
async fn only_the_address_of_an_app_and_its_platform_is_one() {
    let hub = TestHub::new().await;
    let id = hub.app.id;
    for path in [
        "/webhooks/pretended/app_00000000000000000000000000000007".to_owned(),
        "/webhooks/pretended/nonsense".to_owned(),
        format!("/webhooks/slack/{id}"),
        format!("/webhooks/pretended/{id}/a/b"),
    ] {
        let request = Request::post(&path).header("x-secret", SECRET).body("a b c".into());
        hub.send(request.unwrap()).await.problem(StatusCode::NOT_FOUND);
    }
    let wrong = Request::delete(format!("/webhooks/pretended/{id}")).body(Body::empty()).unwrap();
    hub.send(wrong).await.problem(StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_handshake_is_answered_at_once_and_is_no_page_for_browsers() {
    let hub = TestHub::new().await;
    for (method, tail) in [(Method::GET, ""), (Method::POST, ""), (Method::POST, "/lifecycle")] {
        let path = format!("/webhooks/pretended/{}{tail}?challenge=<b>x</b>", hub.app.id);
        let path = path.replace('<', "%3C").replace('>', "%3E");
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let answer = hub.send(request).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.body, "%3Cb%3Ex%3C/b%3E");
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
}

#[tokio::test]
async fn a_workspace_that_is_not_connected_is_unknown() {
    let hub = TestHub::new().await;
    hub.connect().await;
    hub.webhook("elsewhere general m1").await.problem(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_oversized_body_is_refused() {
    let hub = TestHub::new().await;
    let body = "x".repeat(10 * 1024 * 1024);
    hub.webhook(body).await.problem(StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let hub = TestHub::with_full_disk(&folder).await;
    // About the workspace itself: what is said where nobody synced anything is not kept at all.
    let kept = hub.webhook(format!("acme  {}", "k".repeat(1 << 20))).await;
    kept.problem(StatusCode::SERVICE_UNAVAILABLE);
    assert!(kept.headers.contains_key(header::RETRY_AFTER));
}

#[tokio::test]
async fn what_cannot_be_kept_is_counted_from_zero_on() {
    let TestHub { relay, .. } = TestHub::new().await;
    let figures = PrometheusBuilder::new().build_recorder();
    let options =
        HubOptions { relay, admin_token: TOKEN.into(), metrics: Arc::new(String::default) };
    metrics::with_local_recorder(&figures, || drop(Hub::new(options)));
    let figures = figures.handle().render();
    let begun = "rialto_webhooks_total{platform=\"pretended\",outcome=\"unavailable\"} 0\n";
    assert!(figures.contains(begun), "{figures}");
}

#[tokio::test]
async fn what_was_begun_is_finished_though_the_caller_hangs_up() {
    let hub = TestHub::new().await;
    let (say, said) = tokio::sync::oneshot::channel::<Result<&str, Infallible>>();
    let body = Body::from_stream(said.map(Result::unwrap).into_stream());
    let request = Request::post(format!("/api/v1/apps/{}/tokens", hub.app.id))
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(body)
        .unwrap();
    let mut call = Box::pin(hub.send(request));
    assert!(futures_util::poll!(&mut call).is_pending());
    drop(call);
    say.send(Ok(r#"{"token": "fake-token"}"#)).unwrap();
    let end = Instant::now() + Duration::from_secs(10);
    while hub.relay.list_connections().is_empty() {
        assert!(Instant::now() < end, "it was given up half-way");
        tokio::task::yield_now().await;
    }
}
