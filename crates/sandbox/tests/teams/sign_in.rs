//! Entra: PKCE, rotation, app-only, admin consent, and the refusals in Entra's shape.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::tenant::{REDIRECT, World};

const VERIFIER: &str = "0123456789abcdef0123456789abcdef0123456789abcdef";

fn challenge() -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, VERIFIER.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.as_ref())
}

fn authorize_url(world: &World, tenant: &str, scope: &str) -> String {
    let mut url =
        url::Url::parse(&format!("{}/{tenant}/oauth2/v2.0/authorize", world.sandbox.urls().login))
            .unwrap();
    url.query_pairs_mut()
        .append_pair("client_id", &world.app)
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", REDIRECT)
        .append_pair("scope", scope)
        .append_pair("state", "s1")
        .append_pair("code_challenge", &challenge())
        .append_pair("code_challenge_method", "S256");
    url.into()
}

async fn token(world: &World, fields: &[(&str, &str)]) -> (u16, Value) {
    let url = format!("{}/{}/oauth2/v2.0/token", world.sandbox.urls().login, world.tenant);
    let answer = world.http.post(url).form(fields).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn code(world: &World, by: &str, scope: &str) -> String {
    let ask = json!({"authorize_url": authorize_url(world, "common", scope), "as": by});
    let back = world.control("/teams/consent", ask).await;
    let url = url::Url::parse(back["redirect_to"].as_str().unwrap()).unwrap();
    assert!(url.query_pairs().any(|(k, v)| k == "state" && v == "s1"));
    url.query_pairs().find(|(k, _)| k == "code").unwrap().1.into_owned()
}

#[tokio::test]
async fn a_person_signs_in_with_pkce_and_the_refresh_token_renews() {
    let world = World::unlimited().await;
    let page = world
        .http
        .get(authorize_url(&world, &world.tenant, "User.Read"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("Bridge") && page.contains("User.Read") && page.contains("Approve"));

    let code = code(&world, "Bob Roy", "openid offline_access User.Read ChannelMessage.Send").await;
    let mut fields = vec![
        ("client_id", world.app.as_str()),
        ("client_secret", "fake-secret"),
        ("grant_type", "authorization_code"),
        ("redirect_uri", REDIRECT),
        ("code", &code),
        ("code_verifier", "wrong"),
    ];
    let (status, refusal) = token(&world, &fields).await;
    assert_eq!((status, &refusal["error"]), (400, &json!("invalid_grant")));
    assert_eq!(refusal["error_codes"], json!([501_481]));
    fields[5].1 = VERIFIER;
    let (status, granted) = token(&world, &fields).await;
    assert_eq!(status, 200, "{granted}");
    assert!((3600..5400).contains(&granted["expires_in"].as_i64().unwrap()));
    let (_, again) = token(&world, &fields).await;
    assert_eq!(again["error_codes"], json!([54_005]), "a code is good once");

    let access = granted["access_token"].as_str().unwrap();
    let claims = URL_SAFE_NO_PAD.decode(access.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["tid"], json!(world.tenant));
    assert_eq!(claims["oid"], json!(world.id("Bob Roy")));
    assert!(claims["scp"].as_str().unwrap().contains("ChannelMessage.Send"));
    assert_eq!(world.get("/me", access).await["displayName"], "Bob Roy");

    world.advance(91 * 60);
    let expired = world.call("GET", "/me", access, None).await;
    assert_eq!((expired.status, expired.code()), (401, "InvalidAuthenticationToken"));
    let refresh = granted["refresh_token"].as_str().unwrap();
    let renewal = [
        ("client_id", world.app.as_str()),
        ("client_secret", "fake-secret"),
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh),
    ];
    let (status, renewed) = token(&world, &renewal).await;
    assert_eq!(status, 200, "{renewed}");
    assert_ne!(renewed["refresh_token"], granted["refresh_token"]);
    world.get("/me", renewed["access_token"].as_str().unwrap()).await;
    world.advance(91 * 86_400);
    let (status, refusal) = token(&world, &renewal).await;
    assert_eq!((status, &refusal["error_codes"]), (400, &json!([700_082])));
}

#[tokio::test]
async fn application_permissions_need_an_administrators_consent() {
    let world = World::unlimited().await;
    let fields = [
        ("client_id", world.app.as_str()),
        ("client_secret", "fake-secret"),
        ("grant_type", "client_credentials"),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let (status, granted) = token(&world, &fields).await;
    assert_eq!(status, 200);
    let before = granted["access_token"].as_str().unwrap().to_owned();
    let refused = world.call("GET", &world.messages(), &before, None).await;
    assert_eq!((refused.status, refused.code()), (403, "Forbidden"));

    let url = format!(
        "{}/{}/adminconsent?client_id={}&redirect_uri={}&state=x",
        world.sandbox.urls().login,
        world.tenant,
        world.app,
        REDIRECT
    );
    let ask = |by: &str| json!({"authorize_url": url, "as": by});
    let (status, why) = world.control_raw("/teams/consent", ask("Bob Roy")).await;
    assert_eq!(status, 409, "{why}");
    let back = world.control("/teams/consent", ask("Ann Lee")).await;
    assert!(back["redirect_to"].as_str().unwrap().contains("admin_consent=True"));

    let (_, granted) = token(&world, &fields).await;
    let after = granted["access_token"].as_str().unwrap();
    assert_eq!(world.get(&world.messages(), after).await["value"], json!([]));
    let body = json!({"body": {"content": "x"}});
    let sent = world.call("POST", &world.messages(), after, Some(body)).await;
    assert_eq!((sent.status, sent.code()), (403, "Forbidden"), "an app by itself cannot send");
}

#[tokio::test]
async fn the_token_endpoint_refuses_in_entras_words() {
    let world = World::unlimited().await;
    let app = world.app.clone();
    for (fields, status, error, number) in [
        (vec![("client_id", app.as_str())], 400, "invalid_request", 900_144),
        (
            vec![("client_id", "nobody"), ("grant_type", "client_credentials")],
            400,
            "unauthorized_client",
            700_016,
        ),
        (
            vec![
                ("client_id", app.as_str()),
                ("client_secret", "wrong"),
                ("grant_type", "client_credentials"),
            ],
            401,
            "invalid_client",
            7_000_215,
        ),
        (
            vec![
                ("client_id", app.as_str()),
                ("client_secret", "fake-secret"),
                ("grant_type", "client_credentials"),
                ("scope", "User.Read"),
            ],
            400,
            "invalid_scope",
            1_002_012,
        ),
        (
            vec![
                ("client_id", app.as_str()),
                ("client_secret", "fake-secret"),
                ("grant_type", "refresh_token"),
                ("refresh_token", "nope"),
            ],
            400,
            "invalid_grant",
            50_173,
        ),
        (
            vec![
                ("client_id", app.as_str()),
                ("client_secret", "fake-secret"),
                ("grant_type", "password"),
            ],
            400,
            "unsupported_grant_type",
            70_003,
        ),
    ] {
        let (got, body) = token(&world, &fields).await;
        assert_eq!((got, &body["error"]), (status, &json!(error)), "{body}");
        assert_eq!(body["error_codes"], json!([number]));
    }
}

#[tokio::test]
async fn scopes_for_administrators_are_not_for_everybody_to_grant() {
    let world = World::unlimited().await;
    let ask = |by: &str| json!({"authorize_url": authorize_url(&world, &world.tenant, "ChannelMessage.Read.All"), "as": by});
    let (status, why) = world.control_raw("/teams/consent", ask("Bob Roy")).await;
    assert_eq!(status, 409);
    assert!(why["error"].as_str().unwrap().contains("AADSTS90094"));
    world.control("/teams/consent", ask("Ann Lee")).await;
    let (status, _) = world.control_raw("/teams/consent", ask("Gia Fox")).await;
    assert_eq!(status, 409, "an invited guest has no sign-in of its own");
}
