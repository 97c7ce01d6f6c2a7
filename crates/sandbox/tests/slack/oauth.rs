use std::time::Duration;

use serde_json::{Value, json};

use super::world::{SCOPES, World};

async fn consent(world: &World, approve: bool) -> url::Url {
    let authorize = world.app["authorize_url"].as_str().unwrap();
    let ask =
        json!({"authorize_url": format!("{authorize}&state=s1"), "as": "bob", "approve": approve});
    let answer = world.control("POST", "/slack/consent", ask).await;
    answer["redirect_to"].as_str().unwrap().parse().unwrap()
}

fn query(url: &url::Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

async fn exchange(world: &World, form: &[(&str, &str)]) -> Value {
    let mut form = form.to_vec();
    form.push(("client_id", world.app["client_id"].as_str().unwrap()));
    form.push(("client_secret", world.app["client_secret"].as_str().unwrap()));
    let request = world.client.post(world.method("oauth.v2.access")).form(&form);
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_person_consents_and_the_code_becomes_tokens_once() {
    let world = World::with(json!({"install": [], "user_scopes": ["chat:write"]})).await;
    let page = world.client.get(world.app["authorize_url"].as_str().unwrap()).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("Bridge") && page.contains("Approve") && page.contains("chat:write"));

    let denied = consent(&world, false).await;
    assert_eq!(query(&denied, "error").as_deref(), Some("access_denied"));

    let redirect = consent(&world, true).await;
    assert_eq!(redirect.host_str(), Some("app.example"));
    assert_eq!(query(&redirect, "state").as_deref(), Some("s1"));
    let code = query(&redirect, "code").unwrap();
    let answer = exchange(&world, &[("code", &code)]).await;
    assert_eq!(answer["ok"], true, "{answer}");
    assert!(answer["access_token"].as_str().unwrap().starts_with("xoxb-"));
    assert!(answer["authed_user"]["access_token"].as_str().unwrap().starts_with("xoxp-"));
    assert_eq!(answer["team"]["name"], "Acme");
    assert_eq!(exchange(&world, &[("code", &code)]).await["error"], "code_already_used");
    assert_eq!(exchange(&world, &[("code", "nonsense")]).await["error"], "invalid_code");

    let test = world.api_as(answer["access_token"].as_str().unwrap(), "auth.test", json!({})).await;
    assert_eq!(test["user_id"], answer["bot_user_id"]);
    let person = answer["authed_user"]["access_token"].as_str().unwrap();
    assert_eq!(world.api_as(person, "auth.test", json!({})).await["user"], "bob.ray");
}

#[tokio::test]
async fn the_consent_form_redirects_a_browser() {
    let world = World::with(json!({"install": []})).await;
    let bob = world.person("bob").await;
    let scope = SCOPES.join(",");
    let form = [
        ("client_id", world.app["client_id"].as_str().unwrap()),
        ("scope", &scope),
        ("user_scope", ""),
        ("person", &format!("{}/{bob}", world.team)),
        ("decision", "approve"),
    ];
    let url = format!("{}/oauth/v2/authorize", world.sandbox.urls().slack);
    let response = world.client.post(url).form(&form).send().await.unwrap();
    assert_eq!(response.status(), 302);
    let location = response.headers()["location"].to_str().unwrap();
    assert!(location.starts_with("https://app.example/done?code="), "{location}");
}

#[tokio::test]
async fn rotating_tokens_expire_and_refresh_once() {
    let world = World::with(json!({"token_rotation": true})).await;
    let install = &world.app["installs"][0];
    assert_eq!(install["expires_in"], 43_200);
    let refresh = install["refresh_token"].as_str().unwrap();
    world.ok("auth.test", json!({})).await;
    world.sandbox.core().clock.advance(Duration::from_secs(43_201));
    assert_eq!(world.error("auth.test", json!({})).await, "token_expired");
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let fresh = exchange(&world, &form).await;
    assert_eq!(fresh["ok"], true, "{fresh}");
    assert_ne!(fresh["refresh_token"].as_str(), Some(refresh));
    assert_eq!(exchange(&world, &form).await["error"], "invalid_refresh_token");
    let token = fresh["access_token"].as_str().unwrap();
    assert_eq!(world.api_as(token, "auth.test", json!({})).await["ok"], true);
}

#[tokio::test]
async fn tokens_scopes_and_methods_are_checked_in_slacks_words() {
    let world = World::with(json!({"bot_scopes": ["chat:write", "channels:read"]})).await;
    let no_token = world.client.post(world.method("auth.test")).send().await.unwrap();
    assert_eq!(no_token.json::<Value>().await.unwrap()["error"], "not_authed");
    assert_eq!(world.api_as("xoxb-fake", "auth.test", json!({})).await["error"], "invalid_auth");
    assert_eq!(world.error("chat.nonsense", json!({})).await, "unknown_method");
    assert_eq!(world.error("files.upload", json!({})).await, "method_deprecated");

    let missing = world.api("users.list", json!({})).await;
    assert_eq!(missing["error"], "missing_scope");
    assert_eq!(missing["needed"], "users:read");
    assert_eq!(missing["provided"], "channels:read,chat:write");
    let private = world.api("conversations.list", json!({"types": "private_channel"})).await;
    assert_eq!(
        (&private["error"], &private["needed"]),
        (&json!("missing_scope"), &json!("groups:read"))
    );
    let customized = json!({"channel": "general", "text": "x", "username": "Ann"});
    assert_eq!(world.error("chat.postMessage", customized).await, "missing_scope");

    let response = world
        .client
        .get(world.method("conversations.list"))
        .query(&[("token", &world.bot)])
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["x-oauth-scopes"], "channels:read,chat:write");
    let accepted = response.headers()["x-accepted-oauth-scopes"].to_str().unwrap();
    assert!(accepted.contains("channels:read") && accepted.contains("im:read"));
    assert_eq!(response.json::<Value>().await.unwrap()["ok"], true);
}

#[tokio::test]
async fn an_uninstalled_app_is_told_and_its_tokens_are_dead() {
    let world = World::start().await;
    let path = format!("/slack/apps/{}/uninstall", world.app["id"].as_str().unwrap());
    world.control("POST", &path, json!({"workspace": "Acme"})).await;
    world.receiver.event(|event| event["type"] == "app_uninstalled").await;
    let revoked = world.receiver.event(|event| event["type"] == "tokens_revoked").await;
    assert_eq!(revoked["tokens"]["bot"], json!([world.bot_user]));
    assert_eq!(world.error("auth.test", json!({})).await, "account_inactive");
}

#[tokio::test]
async fn an_app_that_is_installed_again_has_its_former_bot_and_can_change_what_that_posted() {
    let world = World::start().await;
    let general = world.channel("general").await;
    let said = world.ok("chat.postMessage", json!({"channel": general, "text": "as before"})).await;
    let app = world.app["id"].as_str().unwrap();
    let place = json!({"workspace": "Acme"});
    world.control("POST", &format!("/slack/apps/{app}/uninstall"), place.clone()).await;
    let again = world.control("POST", &format!("/slack/apps/{app}/install"), place).await;
    assert_eq!(again["bot_user_id"], world.bot_user.as_str());
    let token = again["access_token"].as_str().unwrap();
    assert_ne!(token, world.bot);
    let place = json!({"channel": general});
    let seen = world.api_as(token, "conversations.info", place.clone()).await;
    assert_eq!(seen["channel"]["is_member"], false, "it has left all channels");
    world.api_as(token, "conversations.join", place).await;
    let edit = json!({"channel": general, "ts": said["ts"], "text": "as after"});
    assert_eq!(world.api_as(token, "chat.update", edit).await["ok"], true);
}

#[tokio::test]
async fn an_app_whose_tokens_are_taken_back_is_told_and_keeps_its_bot() {
    let world = World::start().await;
    let app = world.app["id"].as_str().unwrap();
    let place = json!({"workspace": "Acme"});
    world.control("POST", &format!("/slack/apps/{app}/revoke"), place.clone()).await;
    let revoked = world.receiver.event(|event| event["type"] == "tokens_revoked").await;
    assert_eq!(revoked["tokens"]["bot"], json!([world.bot_user]));
    assert_eq!(world.error("auth.test", json!({})).await, "token_revoked");
    let again = world.control("POST", &format!("/slack/apps/{app}/install"), place).await;
    assert_eq!(again["bot_user_id"], world.bot_user.as_str());
}

#[tokio::test]
async fn an_app_makes_apps_from_manifests_with_a_configuration_token() {
    let world = World::start().await;
    let given = json!({"name": "Other", "people": [{"name": "Zoe"}]});
    let config = world.control("POST", "/slack/workspaces", given).await["config_token"].clone();
    let token = config["token"].as_str().unwrap();
    let manifest = json!({"display_information": {"name": "Zoe"},
        "features": {"bot_user": {"display_name": "Zoe"}},
        "oauth_config": {"scopes": {"bot": ["chat:write"]}, "redirect_urls": ["https://app.example/"]}});
    let args = json!({"manifest": manifest.to_string()});
    let made = world.api_as(token, "apps.manifest.create", args.clone()).await;
    assert_eq!(made["ok"], true, "{made}");
    assert!(made["credentials"]["signing_secret"].is_string());
    let exported = json!({"app_id": made["app_id"]});
    let exported = world.api_as(token, "apps.manifest.export", exported).await;
    assert_eq!(exported["manifest"], manifest);
    assert_eq!(
        world.api("apps.manifest.create", args.clone()).await["error"],
        "not_allowed_token_type"
    );
    world.sandbox.core().clock.advance(Duration::from_secs(43_201));
    assert_eq!(world.api_as(token, "apps.manifest.create", args).await["error"], "token_expired");
    let refresh = json!({"refresh_token": config["refresh_token"]});
    let rotated = world.api_as("", "tooling.tokens.rotate", refresh.clone()).await;
    assert_eq!(rotated["ok"], true, "{rotated}");
    let again = world.api_as("", "tooling.tokens.rotate", refresh).await;
    assert_eq!(again["error"], "invalid_refresh_token");
}
