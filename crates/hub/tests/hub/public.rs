use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, header},
};
use rialto_model::ConnectionId;
use serde_json::Value;

use crate::support::{TOKEN, TestHub};

#[tokio::test]
async fn an_authorization_goes_to_the_vendor_and_back_once() {
    let hub = TestHub::new().await;
    let path = format!("apps/{}/authorizations", hub.app.id);
    let begun = hub.admin(Method::POST, &path, None).await.json();
    let state = begun["state"].as_str().unwrap();
    assert!(begun["url"].as_str().unwrap().contains(state));
    let progress = format!("authorizations/{state}");
    assert_eq!(hub.admin(Method::GET, &progress, None).await.json()["status"], "waiting");

    let back = format!("/oauth/callback?code=good&state={state}");
    let page = hub.get(&back).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("<h1>Acme is connected</h1>"), "{}", page.body);
    assert!(page.body.contains("a scope is missing"));
    assert!(page.headers.contains_key(header::CONTENT_SECURITY_POLICY));
    let outcome = hub.admin(Method::GET, &progress, None).await.json();
    assert_eq!(outcome["status"], "connected");
    assert_eq!(outcome["connected"]["connection"]["name"], "Acme");

    let again = hub.get(&back).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert!(again.body.contains("used already"), "{}", again.body);
}

#[tokio::test]
async fn an_authorization_that_fails_says_why_on_both_sides() {
    let hub = TestHub::new().await;
    for (query, words) in [
        ("error=access_denied", "declined at Pretended"),
        ("error=server_error&error_description=<b>tired</b>", "&lt;b&gt;tired&lt;/b&gt;"),
        ("code=bad", "the &lt;code&gt; is not good"),
    ] {
        let path = format!("apps/{}/authorizations", hub.app.id);
        let begun = hub.admin(Method::POST, &path, None).await.json();
        let state = begun["state"].as_str().unwrap();
        let query = query.replace('<', "%3C").replace('>', "%3E");
        let page = hub.get(&format!("/oauth/callback?{query}&state={state}")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert!(page.body.contains(words), "{}", page.body);
        let progress = hub.admin(Method::GET, &format!("authorizations/{state}"), None).await;
        assert_eq!(progress.json()["status"], "failed");
    }
    assert!(hub.get("/oauth/callback").await.body.contains("is missing"));
}

#[tokio::test]
async fn whoever_consented_for_an_admin_reads_what_came_of_it() {
    let hub = TestHub::new().await;
    let state = format!("consent-{}", hub.app.id);
    for (query, status, words) in [
        ("granted=1", StatusCode::OK, ["Consent is granted for Pretended", "&lt;all&gt; of it"]),
        ("error=x", StatusCode::BAD_REQUEST, ["Consent is not granted", "ask the boss"]),
    ] {
        let page = hub.get(&format!("/oauth/callback?{query}&state={state}")).await;
        assert_eq!(page.status, status);
        for words in words {
            assert!(page.body.contains(words), "{words} is missing in {}", page.body);
        }
        assert!(!page.body.contains("not connected"), "{}", page.body);
    }
    let unknown = format!("consent-app_{}", "0".repeat(32));
    let page = hub.get(&format!("/oauth/callback?granted=1&state={unknown}")).await;
    assert!(page.body.contains("is not known"), "{}", page.body);
}

#[tokio::test]
async fn connecting_again_renews_the_same_connection() {
    let hub = TestHub::new().await;
    let first = hub.connect().await.json();
    let second = hub.connect().await.json();
    assert_eq!((&first["renewed"], &second["renewed"]), (&Value::Bool(false), &Value::Bool(true)));
    assert_eq!(first["connection"]["id"], second["connection"]["id"]);
}

#[tokio::test]
async fn probes_answer_without_a_token() {
    let hub = TestHub::new().await;
    assert_eq!(hub.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(hub.get("/readyz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn metrics_are_for_this_machine_or_the_token() {
    let hub = TestHub::new().await;
    let ask = |address: &str, header: Option<(&str, String)>| {
        let mut request = Request::get("/metrics");
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let address: std::net::SocketAddr = address.parse().unwrap();
        request.extension(ConnectInfo(address)).body(Body::empty()).unwrap()
    };
    let token = || Some(("authorization", format!("Bearer {TOKEN}")));
    let proxied = Some(("x-forwarded-for", "192.0.2.1".to_owned()));
    for (request, status) in [
        (ask("127.0.0.1:5", None), StatusCode::OK),
        (ask("192.0.2.1:5", token()), StatusCode::OK),
        (ask("192.0.2.1:5", None), StatusCode::UNAUTHORIZED),
        (ask("127.0.0.1:5", proxied), StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(hub.send(request).await.status, status);
    }
}

#[tokio::test]
async fn a_picture_has_only_the_address_that_was_made_for_it() {
    let hub = TestHub::new().await;
    let connected = hub.connect().await.json();
    let id: ConnectionId = connected["connection"]["id"].as_str().unwrap().parse().unwrap();
    let forged = format!("/avatars/{id}/U1/{}", "00".repeat(32));
    hub.get(&forged).await.problem(StatusCode::NOT_FOUND);
    let picture = hub.get(hub.avatars.url(id, &"pictured".into()).path()).await;
    assert_eq!((picture.status, picture.body.as_str()), (StatusCode::OK, "png"));
    assert_eq!(picture.headers[header::CONTENT_TYPE], "image/png");
    assert!(picture.headers.contains_key(header::CACHE_CONTROL));
    for account in ["nobody", "scripted"] {
        let path = hub.avatars.url(id, &account.into()).path().to_owned();
        hub.get(&path).await.problem(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn requests_have_names_that_a_proxy_may_give() {
    let hub = TestHub::new().await;
    for (given, kept) in [("abc-123", true), ("a b", false), ("", false)] {
        let request = Request::get("/healthz").header("x-request-id", given).body(Body::empty());
        let answer = hub.send(request.unwrap()).await;
        let id = answer.headers["x-request-id"].to_str().unwrap();
        assert_eq!(id == given, kept, "{given}");
        assert!(!id.is_empty());
    }
}
