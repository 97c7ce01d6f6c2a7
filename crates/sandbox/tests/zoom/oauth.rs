use aws_lc_rs::digest;
use base64::Engine as _;
use serde_json::{Value, json};

use super::world::{Answered, World, answered};

const BACK: &str = "https://app.example/back";

async fn token(world: &World, app: &Value, form: &[(&str, &str)]) -> Answered {
    let (id, secret) = (app["client_id"].as_str().unwrap(), app["client_secret"].as_str());
    let request = world.client.post(world.url("/oauth/token")).basic_auth(id, secret).form(form);
    answered(request).await
}

/// What the browser brings back.
async fn consent(world: &World, app: &Value, who: &str, more: &str) -> Value {
    let url = format!("{}&state=s1{more}", app["authorize_url"].as_str().unwrap());
    let (_, answer) =
        world.send("POST", "/zoom/consent", json!({"authorize_url": url, "as": who})).await;
    answer
}

fn code_of(consent: &Value) -> String {
    let url = url::Url::parse(consent["redirect_to"].as_str().unwrap()).unwrap();
    assert!(url.as_str().starts_with(BACK));
    let pairs: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(pairs["state"], "s1");
    pairs["code"].clone()
}

async fn own_app(world: &World) -> Value {
    let app = json!({"name": "Own", "redirect_urls": [BACK],
        "scopes": ["user:read:user", "team_chat:write:user_message"]});
    world.control("POST", "/zoom/apps", app).await
}

#[tokio::test]
async fn a_person_adds_an_app_and_its_tokens_rotate() {
    let world = World::start().await;
    let app = own_app(&world).await;
    let code = code_of(&consent(&world, &app, "Bob Ray", "").await);
    let exchange = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", BACK)];
    let granted = token(&world, &app, &exchange).await;
    assert_eq!((granted.status, &granted.body["token_type"]), (200, &json!("bearer")));
    assert_eq!(
        (&granted.body["expires_in"], &granted.body["scope"]),
        (&json!(3599), &json!("team_chat:write:user_message user:read:user"))
    );
    assert_eq!(token(&world, &app, &exchange).await.status, 400, "a code is used once");
    let access = granted.body["access_token"].as_str().unwrap().to_owned();
    let me = world.call_as(&access, "GET", "/users/me", Value::Null).await;
    assert_eq!(me.body["email"], "bob@acme.example");
    let refresh = granted.body["refresh_token"].as_str().unwrap().to_owned();
    let rotate = [("grant_type", "refresh_token"), ("refresh_token", &refresh)];
    let rotated = token(&world, &app, &rotate).await;
    assert_eq!(rotated.status, 200);
    assert_ne!(rotated.body["refresh_token"], json!(refresh));
    let again = token(&world, &app, &rotate).await;
    assert_eq!(
        (again.status, again.body),
        (401, json!({"reason": "Invalid Token!", "error": "invalid_request"}))
    );
    world.advance(3600).await;
    let expired = world.call_as(&access, "GET", "/users/me", Value::Null).await;
    assert_eq!(
        (expired.status, expired.body),
        (401, json!({"code": 124, "message": "Access token is expired."}))
    );
    let refresh = rotated.body["refresh_token"].as_str().unwrap();
    world.advance(90 * 86_400).await;
    let late = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    assert_eq!(token(&world, &app, &late).await.status, 401, "90 days are over");
}

#[tokio::test]
async fn codes_are_bound_to_address_verifier_and_time() {
    let world = World::start().await;
    let app = own_app(&world).await;
    let verifier = "fake-verifier-of-43-characters-or-more-0123456";
    let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
    let challenge = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash);
    let pkce = format!("&code_challenge={challenge}&code_challenge_method=S256");
    let code = code_of(&consent(&world, &app, "Bob Ray", &pkce).await);
    let with = |redirect, verifier| {
        [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", redirect),
            ("code_verifier", verifier),
        ]
    };
    let wrong = token(&world, &app, &with("https://app.example/other", verifier)).await;
    assert_eq!(
        (wrong.status, &wrong.body["reason"]),
        (400, &json!("Invalid request : Redirect URI mismatch."))
    );
    assert_eq!(token(&world, &app, &with(BACK, "another")).await.status, 400);
    assert_eq!(token(&world, &app, &with(BACK, verifier)).await.status, 200);
    let code = code_of(&consent(&world, &app, "Bob Ray", "").await);
    world.advance(301).await;
    let late =
        [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", BACK)];
    assert_eq!(token(&world, &app, &late).await.status, 400, "five minutes");
    let mut other = app.clone();
    other["client_secret"] = "wrong".into();
    let denied = token(&world, &other, &late).await;
    assert_eq!((denied.status, &denied.body["error"]), (401, &json!("invalid_client")));
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_not_asked() {
    let world = World::start().await;
    let app = own_app(&world).await;
    let refused = consent(&world, &app, "Bob Ray", "&scope=user:read:user+chat:read").await;
    assert_eq!(refused["error"], "Invalid scope: chat:read");
    let url = app["authorize_url"].as_str().unwrap().replace("app.example", "evil.example");
    let answer = world.client.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    let page = world.client.get(app["authorize_url"].as_str().unwrap()).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("You are about to add Own") && page.contains("Bob Ray (Acme)"), "{page}");
    let refused = consent(&world, &world.app, "Bob Ray", "").await;
    assert!(
        refused["error"].as_str().unwrap().contains("admin"),
        "for all, only an admin: {refused}"
    );
    let deny = json!({"authorize_url": app["authorize_url"], "as": "Bob Ray", "approve": false});
    let denied = world.control("POST", "/zoom/consent", deny).await;
    assert_eq!(denied["redirect_to"], format!("{BACK}?error=access_denied"));
}

#[tokio::test]
async fn a_server_to_server_app_acts_for_its_account() {
    let world = World::start().await;
    let app = json!({"name": "Server", "kind": "server", "install": ["Acme"],
        "scopes": ["team_chat:write:user_message:admin", "user:read:user:admin"]});
    let app = world.control("POST", "/zoom/apps", app).await;
    let form = [("grant_type", "account_credentials"), ("account_id", world.account.as_str())];
    let granted = token(&world, &app, &form).await;
    assert_eq!((granted.status, &granted.body["refresh_token"]), (200, &Value::Null));
    let access = granted.body["access_token"].as_str().unwrap();
    let path = format!("/chat/users/{}/messages", world.person("Bob Ray").await);
    let body = json!({"message": "as Bob", "to_channel": world.channel("general").await});
    assert_eq!(world.call_as(access, "POST", &path, body).await.status, 201);
    assert_eq!(world.view("general").await[0]["author"]["name"], "Bob Ray");
    let elsewhere = [("grant_type", "account_credentials"), ("account_id", "nothing")];
    assert_eq!(token(&world, &app, &elsewhere).await.status, 400);
    assert_eq!(token(&world, &world.app, &form).await.body["error"], "unsupported_grant_type");
}

#[tokio::test]
async fn scopes_decide_what_is_done_and_for_whom() {
    let world = World::start().await;
    let app = json!({"scopes": ["chat_message:write", "user:read:user"], "install": [{"workspace": "Acme", "as": "Bob Ray"}]});
    let app = world.control("POST", "/zoom/apps", app).await;
    let bob = app["installs"][0]["access_token"].as_str().unwrap();
    let body =
        json!({"message": "classic scopes work too", "to_channel": world.channel("general").await});
    assert_eq!(
        world.call_as(bob, "POST", "/chat/users/me/messages", body.clone()).await.status,
        201
    );
    let own = format!("/chat/users/{}/messages", world.person("Bob Ray").await);
    assert_eq!(world.call_as(bob, "POST", &own, body.clone()).await.status, 201);
    let other = format!("/chat/users/{}/messages", world.person("Ann Lee").await);
    let refused = world.call_as(bob, "POST", &other, body).await;
    assert_eq!(
        (refused.status, refused.body),
        (
            400,
            json!({"code": 4711, "message": "Invalid access token, does not contain scopes:[team_chat:write:user_message:admin]."})
        )
    );
    let refused = world.call_as(bob, "GET", "/users", Value::Null).await;
    assert_eq!(
        refused.body["message"],
        "Invalid access token, does not contain scopes:[user:read:list_users:admin]."
    );
    let nobody = world.client.get(world.url("/v2/users/me"));
    assert_eq!(answered(nobody).await.status, 401);
}

#[tokio::test]
async fn a_bad_token_is_refused_in_other_words_where_files_are() {
    let world = World::start().await;
    let refusal = async |token: &str, verb: &str, path: &str| {
        let answer = world.call_as(token, verb, path, Value::Null).await;
        (answer.status, answer.body["code"].as_u64().unwrap())
    };
    assert_eq!(refusal("bad", "GET", "/users/me").await, (401, 124));
    assert_eq!(refusal("bad", "GET", "/chat/files/x").await, (401, 100));
    let upload = reqwest::multipart::Form::new().text("to_channel", "x");
    let request = world.client.post(world.url("/v2/chat/users/me/messages/files"));
    let answer = answered(request.bearer_auth("bad").multipart(upload)).await;
    assert_eq!((answer.status, &answer.body["code"]), (400, &json!(124)));
    world.advance(3600).await;
    assert_eq!(refusal(&world.token(), "GET", "/chat/files/x").await, (401, 106));
}

#[tokio::test]
async fn tokens_end_when_they_are_revoked_or_the_app_or_the_person_goes() {
    let world = World::start().await;
    let app = json!({"scopes": ["user:read:user"], "install": [
        {"workspace": "Acme", "as": "Ann Lee"}, {"workspace": "Acme", "as": "Bob Ray"}, {"workspace": "Acme", "as": "Cy Doe"}]});
    let app = world.control("POST", "/zoom/apps", app).await;
    let access = |n: usize| app["installs"][n]["access_token"].as_str().unwrap().to_owned();
    let status =
        async |n: usize| world.call_as(&access(n), "GET", "/users/me", Value::Null).await.status;
    assert_eq!([status(0).await, status(1).await, status(2).await], [200, 200, 200]);
    let (id, secret) = (app["client_id"].as_str().unwrap(), app["client_secret"].as_str());
    let revoke = world.client.post(world.url("/oauth/revoke")).basic_auth(id, secret);
    assert_eq!(answered(revoke.form(&[("token", access(0))])).await.status, 200);
    let path = format!("/zoom/apps/{}/uninstall", app["id"].as_str().unwrap());
    world.control("POST", &path, json!({"workspace": "Acme", "as": "Bob Ray"})).await;
    world.act(json!({"as": "Ann Lee", "do": "deactivate", "person": "Cy Doe"})).await;
    assert_eq!([status(0).await, status(1).await, status(2).await], [401, 401, 401]);
    for n in 0..3 {
        let refresh = app["installs"][n]["refresh_token"].as_str().unwrap();
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        assert_eq!(token(&world, &app, &form).await.status, 401);
    }
}
