use serde_json::{Value, json};

use super::world::{SCOPES, World, answered};

const BACK: &str = "https://app.example/back";

async fn token(world: &World, form: &[(&str, &str)]) -> (u16, Value) {
    let (id, secret) = (&world.app["client_id"], &world.app["client_secret"]);
    let mut all =
        vec![("client_id", id.as_str().unwrap()), ("client_secret", secret.as_str().unwrap())];
    all.retain(|(name, _)| form.iter().all(|(given, _)| given != name));
    all.extend(form);
    let answer = answered(world.client.post(world.url("/access_token")).form(&all)).await;
    (answer.status, answer.body)
}

/// Signs in as somebody; answers with where the browser goes then.
async fn consent(world: &World, ask: Value) -> url::Url {
    let mut given = json!({"authorize_url": world.app["authorize_url"], "as": "Cy Doe"});
    for (key, value) in ask.as_object().unwrap() {
        given[key] = value.clone();
    }
    let answer = world.control("POST", "/webex/consent", given).await;
    url::Url::parse(answer["redirect_to"].as_str().unwrap()).unwrap()
}

fn field(url: &url::Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

async fn who(world: &World, token: &Value) -> Value {
    let me = world.call_as(token.as_str().unwrap(), "GET", "/people/me", Value::Null).await;
    if me.status == 200 { me.body["emails"][0].clone() } else { me.status.into() }
}

#[tokio::test]
async fn a_code_becomes_tokens_once() {
    let world = World::start().await;
    let url = format!("{}&state=s%201", world.app["authorize_url"].as_str().unwrap());
    let back = consent(&world, json!({"authorize_url": url})).await;
    assert!(back.as_str().starts_with(BACK));
    assert_eq!(field(&back, "state").unwrap(), "s 1");
    let code = field(&back, "code").unwrap();
    let form =
        [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", BACK)];
    let elsewhere = [form[0], form[1], ("redirect_uri", "https://evil.example")];
    assert_eq!(token(&world, &elsewhere).await.0, 400);
    let (status, granted) = token(&world, &form).await;
    assert_eq!(status, 200, "{granted}");
    assert_eq!(
        (&granted["expires_in"], &granted["refresh_token_expires_in"], &granted["token_type"]),
        (&json!(1_209_600), &json!(7_776_000), &json!("Bearer"))
    );
    assert_eq!(granted["scope"].as_str().unwrap().split(' ').count(), SCOPES.len());
    assert_eq!(who(&world, &granted["access_token"]).await, "cy@acme.example");
    let (status, again) = token(&world, &form).await;
    assert_eq!((status, &again["errors"][0]["description"]), (400, &again["message"]));
    assert_eq!(token(&world, &[("client_secret", "wrong"), ("grant_type", "x")]).await.0, 401);
    assert_eq!(token(&world, &[("grant_type", "password")]).await.0, 400);
}

#[tokio::test]
async fn a_code_is_good_for_minutes() {
    let world = World::start().await;
    let code = field(&consent(&world, json!({})).await, "code").unwrap();
    world.advance(301).await;
    let form =
        [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", BACK)];
    assert_eq!(token(&world, &form).await.0, 400);
}

#[tokio::test]
async fn tokens_live_14_and_90_days() {
    let world = World::start().await;
    let installed = &world.app["installs"][0];
    let refresh = installed["refresh_token"].as_str().unwrap();
    let day = 24 * 3600;
    world.advance(14 * day - 60).await;
    assert_eq!(who(&world, &installed["access_token"]).await, "ann@acme.example");
    world.advance(61).await;
    assert_eq!(who(&world, &installed["access_token"]).await, 401);
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let (status, granted) = token(&world, &form).await;
    assert_eq!((status, &granted["refresh_token"]), (200, &json!(refresh)));
    assert_eq!(who(&world, &granted["access_token"]).await, "ann@acme.example");
    // Each use begins the ninety days anew.
    world.advance(89 * day).await;
    assert_eq!(token(&world, &form).await.0, 200);
    world.advance(91 * day).await;
    assert_eq!(token(&world, &form).await.0, 400);
    assert_eq!(who(&world, &json!(world.bot)).await, "helper@webex.bot", "a bot's does not expire");
}

#[tokio::test]
async fn a_verifier_must_fit_its_challenge() {
    let world = World::start().await;
    // From RFC 7636, appendix B.
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let url = format!(
        "{}&code_challenge={challenge}&code_challenge_method=S256",
        world.app["authorize_url"].as_str().unwrap()
    );
    let back = consent(&world, json!({"authorize_url": url})).await;
    let code = field(&back, "code").unwrap();
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", BACK),
        ("code_verifier", "wrong"),
    ];
    assert_eq!(token(&world, &form).await.0, 400);
    form[3].1 = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_eq!(token(&world, &form).await.0, 200);
}

#[tokio::test]
async fn people_and_admins_can_say_no() {
    let world = World::start().await;
    let back = consent(&world, json!({"approve": false})).await;
    assert_eq!(
        (field(&back, "error").unwrap().as_str(), field(&back, "code")),
        ("access_denied", None)
    );
    let policy = json!({"integrations": []});
    world.act(json!({"as": "Ann Lee", "do": "set_policy", "policy": policy})).await;
    let back = consent(&world, json!({})).await;
    assert_eq!(field(&back, "error").unwrap(), "access_denied");
    let dan = json!({"as": "Dan Fox", "workspace": "Beta"});
    assert!(field(&consent(&world, dan).await, "code").is_some());
}

#[tokio::test]
async fn the_page_names_what_is_asked_for() {
    let world = World::start().await;
    let url = world.app["authorize_url"].as_str().unwrap();
    let page = world.client.get(url).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(page.contains("Bridge") && page.contains("spark:messages_write"));
    let bob = world.person("Bob Ray").await;
    let mut form: Vec<(String, String)> = url::Url::parse(url)
        .unwrap()
        .query_pairs()
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    form.push(("person".to_owned(), bob));
    form.push(("decision".to_owned(), "approve".to_owned()));
    let answer = world.client.post(world.url("/authorize")).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), 302);
    assert!(answer.headers()["location"].to_str().unwrap().contains("code="));
    for (from, to) in [
        ("response_type=code", "response_type=token"),
        ("client_id=C", "client_id=D"),
        ("redirect_uri=https%3A%2F%2Fapp", "redirect_uri=https%3A%2F%2Fevil"),
        ("spark%3Ateams_read", "spark-admin%3Aeverything"),
    ] {
        let wrong = url.replacen(from, to, 1);
        assert_ne!(wrong, url);
        assert_eq!(world.client.get(&wrong).send().await.unwrap().status(), 400, "{to}");
    }
}

#[tokio::test]
async fn a_revoked_authorization_takes_its_webhooks_along() {
    let world = World::start().await;
    world.hook(&world.bob, "messages", "all", "").await;
    world.hook(&world.ann, "messages", "all", "").await;
    let path = format!("/webex/apps/{}/uninstall", world.app["id"].as_str().unwrap());
    world.control("POST", &path, json!({"workspace": "Acme", "as": "Bob Ray"})).await;
    assert_eq!(who(&world, &json!(world.bob)).await, 401);
    let refresh = world.app["installs"][1]["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    assert_eq!(token(&world, &form).await.0, 400);
    world.post("x").await;
    world.idle().await;
    assert_eq!(world.receiver.names().len(), 1);
    world.act(json!({"as": "Ann Lee", "do": "deactivate"})).await;
    assert_eq!(who(&world, &json!(world.ann)).await, 401);
    world.act(json!({"as": "Bob Ray", "do": "post", "channel": "general", "text": "x"})).await;
    world.idle().await;
    assert_eq!(world.receiver.names().len(), 1, "a deactivated person's webhooks rest");
    world.act(json!({"as": "Ann Lee", "do": "reactivate"})).await;
    assert_eq!(who(&world, &json!(world.ann)).await, "ann@acme.example");
}
