use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};

use crate::support::{TOKEN, TestHub};

#[tokio::test]
async fn every_described_call_needs_the_token() {
    let hub = TestHub::new().await;
    let description = serde_json::to_value(rialto_hub::openapi()).unwrap();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = description["paths"].as_object().unwrap();
    let mut calls = 0;
    for (path, methods) in paths {
        for method in methods.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let path = format!("/api/v1{}", path.replace(['{', '}'], ""));
            for token in [None, Some("Bearer wrong"), Some(TOKEN), Some("Bearer ")] {
                let mut request = Request::builder().method(&method).uri(&path);
                if let Some(token) = token {
                    request = request.header(header::AUTHORIZATION, token);
                }
                let answer = hub.send(request.body(Body::empty()).unwrap()).await;
                answer.problem(StatusCode::UNAUTHORIZED);
                assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE), "{method} {path}");
            }
            calls += 1;
        }
    }
    assert!(calls > 20, "{calls}");
    hub.get("/api/v1/openapi.json").await.problem(StatusCode::UNAUTHORIZED);
    let described = hub.admin(Method::GET, "openapi.json", None).await;
    assert_eq!(described.json(), description);
}

#[tokio::test]
async fn a_wrong_request_is_answered_with_the_field_and_the_mend() {
    let hub = TestHub::new().await;
    let app = format!("apps/{}", hub.app.id);
    for (method, path, body, status, field, words) in [
        (
            Method::POST,
            "apps",
            json!({ "platform": "pretendd" }),
            422,
            "platform",
            "did you mean `pretended`?",
        ),
        (Method::POST, "apps", json!({}), 422, "", "missing field `platform`"),
        (Method::POST, "apps", json!({ "platform": 7 }), 422, "platform", "expected a string"),
        (
            Method::POST,
            "apps",
            json!({ "platform": "pretended", "value": {} }),
            422,
            "value",
            "unknown field",
        ),
        (
            Method::PATCH,
            &app,
            json!({ "values": { "clientid": "x" } }),
            422,
            "values.clientid",
            "`client_id`",
        ),
        (Method::PATCH, &app, json!({ "name": " " }), 422, "name", "empty"),
        (Method::GET, "deliveries?limit=0", Value::Null, 422, "limit", "1 to 500"),
        (Method::GET, "deliveries?state=lost", Value::Null, 422, "state", "unknown variant"),
        (
            Method::POST,
            "channel-syncs/connect",
            json!({ "endpoints": [] }),
            422,
            "endpoints",
            "two or more",
        ),
        (Method::GET, "apps/nonsense", Value::Null, 404, "", "not a app id"),
        (
            Method::GET,
            "apps/app_00000000000000000000000000000009",
            Value::Null,
            404,
            "",
            "no application",
        ),
        (Method::POST, &format!("{app}/tokens"), json!({ "token": "bad" }), 502, "", "not known"),
        (Method::GET, "nowhere", Value::Null, 404, "", "nothing at"),
        (Method::DELETE, "status", Value::Null, 405, "", "does not know DELETE"),
    ] {
        let body = Some(body).filter(|body| !body.is_null());
        let answer = hub.admin(method.clone(), path, body).await;
        let problem = answer.problem(StatusCode::from_u16(status).unwrap());
        assert_eq!(problem.field.as_deref().unwrap_or_default(), field, "{path}: {problem:?}");
        assert!(problem.detail.contains(words), "{path}: {problem:?}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_said_to_be_none() {
    let hub = TestHub::new().await;
    for (kind, body, status) in [
        ("text/plain", "{}", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("application/json", "{", StatusCode::BAD_REQUEST),
        ("application/json", "{\"platform\":\"pretended\"} x", StatusCode::BAD_REQUEST),
    ] {
        let request = Request::post("/api/v1/apps")
            .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
            .header(header::CONTENT_TYPE, kind)
            .body(body.into())
            .unwrap();
        hub.send(request).await.problem(status);
    }
}

#[tokio::test]
async fn secrets_go_in_and_never_come_out() {
    let hub = TestHub::new().await;
    let path = format!("apps/{}", hub.app.id);
    let shown = hub.admin(Method::GET, &path, None).await;
    assert_eq!(shown.json()["secrets"], json!(["webhook_secret"]));
    assert!(!shown.body.contains(crate::support::SECRET));
    let change = json!({ "values": { "webhook_secret": "" } });
    let changed = hub.admin(Method::PATCH, &path, Some(change)).await.json();
    assert_eq!(changed["missing"], json!(["webhook_secret"]));
}

#[tokio::test]
async fn an_app_is_reserved_before_it_exists_and_removed_when_nothing_uses_it() {
    let hub = TestHub::new().await;
    let new = json!({ "platform": "pretended", "name": "Second" });
    let made = hub.admin(Method::POST, "apps", Some(new)).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let made = made.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["webhook_url"], format!("https://rialto.test/webhooks/pretended/{id}"));
    assert_eq!(made["missing"], json!(["client_id", "webhook_secret"]));
    let begin = hub.admin(Method::POST, &format!("apps/{id}/authorizations"), None).await;
    assert_eq!(begin.problem(StatusCode::UNPROCESSABLE_ENTITY).field.unwrap(), "client_id");
    let gone = hub.admin(Method::DELETE, &format!("apps/{id}"), None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);

    let connected = hub.connect().await.json();
    let used = hub.admin(Method::DELETE, &format!("apps/{}", hub.app.id), None).await;
    used.problem(StatusCode::CONFLICT);
    let path = format!("connections/{}", connected["connection"]["id"].as_str().unwrap());
    assert_eq!(hub.admin(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);

    let latest = hub.admin(Method::GET, "audit", None).await.json();
    assert_eq!(latest[0]["who"], "admin token from an unknown address");
    let mut actions = Vec::new();
    let mut before = String::new();
    loop {
        let page = hub.admin(Method::GET, &format!("audit?limit=2{before}"), None).await.json();
        let Some(last) = page.as_array().unwrap().last() else { break };
        before = format!("&before={}", last["seq"]);
        actions.extend(page.as_array().unwrap().iter().map(|entry| entry["action"].clone()));
    }
    let made = ["connection.remove", "connection.add", "app.remove", "app.add", "app.add"];
    assert_eq!(actions, made, "newest first, page by page");
    let wrong = hub.admin(Method::GET, "audit?limit=0", None).await;
    assert_eq!(wrong.problem(StatusCode::UNPROCESSABLE_ENTITY).field.unwrap(), "limit");
}
