//! Authorizing, joining, making channels, checking.

use rialto_platform::{AuthorizationAnswer, FindingLevel, NewConversation, Platform, SetupError};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use wiremock::{ResponseTemplate, matchers::body_string_contains};

use crate::workspace::{app, slack, workspace};

#[test]
fn the_admin_is_sent_to_slack_with_scopes_and_state() {
    let start = slack().authorization_start(&app("https://slack.example"), "fake-state").unwrap();
    let query: std::collections::BTreeMap<_, _> = start.url.query_pairs().into_owned().collect();
    assert_eq!(query["state"], "fake-state");
    assert_eq!(query["redirect_uri"], "https://rialto.example/oauth/callback");
    assert!(query["scope"].split(',').any(|scope| scope == "chat:write.customize"));
}

#[test]
fn the_app_manifest_holds_the_addresses_scopes_and_events() {
    let manifest = slack().app_manifest(&app("https://slack.example")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let events = &manifest["settings"]["event_subscriptions"];
    assert_eq!(events["request_url"], "https://rialto.example/webhooks/slack/app");
    assert!(events["bot_events"].as_array().unwrap().contains(&json!("message.channels")));
    let oauth = &manifest["oauth_config"];
    assert_eq!(oauth["redirect_urls"], json!(["https://rialto.example/oauth/callback"]));
    assert!(oauth["scopes"]["bot"].as_array().unwrap().contains(&json!("channels:history")));
    assert_eq!(manifest["features"]["app_home"]["messages_tab_enabled"], true);
}

#[tokio::test]
async fn a_code_becomes_a_workspace_with_its_tokens() {
    let workspace = workspace().await;
    let given = json!({ "ok": true, "access_token": "xoxe.xoxb-fake", "refresh_token": "xoxe-1-fake",
        "expires_in": 43_200, "bot_user_id": "UBOT", "app_id": "A1",
        "team": { "id": "T1", "name": "Acme" }, "scope": "chat:write" });
    workspace.answers_if("oauth.v2.access", body_string_contains("code=fake-code"), given).await;
    let who =
        json!({ "ok": true, "team": "Acme", "team_id": "T1", "user_id": "UBOT", "bot_id": "B1" });
    workspace.answers("auth.test", who).await;
    let answer = |query: &[(&str, &str)]| AuthorizationAnswer {
        query: query.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        secret: SecretString::from(""),
    };
    let app = app(&workspace.server.uri());
    let done = slack().authorize(&app, answer(&[("code", "fake-code")])).await.unwrap();
    assert_eq!((done.workspace.as_str(), done.name.as_str()), ("T1", "Acme"));
    let kept: std::collections::BTreeMap<_, _> =
        done.cabinet.iter().map(|(key, value)| (key.as_str(), value.expose_secret())).collect();
    assert!(kept["tokens"].contains("xoxe-1-fake"));
    assert!(kept["identity"].contains("UBOT") && kept["identity"].contains("B1"));
    assert!(done.warnings.iter().any(|warning| warning.contains("`channels:history`")));
    assert!(!format!("{done:?}").contains("xoxe"), "no secret is shown");

    let declined = slack().authorize(&app, answer(&[("error", "access_denied")])).await;
    assert!(matches!(declined, Err(SetupError::Refused(why)) if why.contains("declined")));
}

#[tokio::test]
async fn a_bot_token_is_taken_and_no_other() {
    let workspace = workspace().await;
    let who =
        json!({ "ok": true, "team": "acme", "team_id": "T1", "user_id": "UBOT", "bot_id": "B1" });
    let scopes = "chat:write,users:read";
    let response =
        ResponseTemplate::new(200).insert_header("x-oauth-scopes", scopes).set_body_json(who);
    workspace.responds("auth.test", response).await;
    let team = json!({ "ok": true, "team": { "id": "T1", "name": "Acme" } });
    workspace.answers("team.info", team).await;
    let app = app(&workspace.server.uri());
    let done = slack().adopt(&app, "xoxb-fake ".into()).await.unwrap();
    assert_eq!((done.workspace.as_str(), done.name.as_str()), ("T1", "Acme"));
    assert!(!done.warnings.iter().any(|warning| warning.contains("`users:read`:")));
    for token in ["xoxp-fake", "xoxe.xoxb-fake", "fake", ""] {
        let refused = slack().adopt(&app, token.into()).await;
        assert!(matches!(refused, Err(SetupError::Refused(_))), "{token}");
    }
}

#[tokio::test]
async fn rialto_joins_public_channels_and_is_invited_to_private_ones() {
    for (info, joins, refusal) in [
        (json!({ "id": "C1", "is_member": true, "is_private": true }), 0, None),
        (json!({ "id": "C1" }), 1, None),
        (json!({ "id": "C1", "is_private": true }), 0, Some("/invite")),
        (json!({ "id": "C1", "is_archived": true }), 0, Some("archived")),
        (Value::Null, 0, Some("/invite")),
    ] {
        let workspace = workspace().await;
        let answer = match &info {
            Value::Null => json!({ "ok": false, "error": "channel_not_found" }),
            info => json!({ "ok": true, "channel": info }),
        };
        workspace.answers("conversations.info", answer).await;
        workspace.answers("conversations.join", json!({ "ok": true })).await;
        let result = workspace.connection.join(&"C1".into()).await;
        assert_eq!(workspace.calls("conversations.join").await.len(), joins, "{info}");
        match refusal {
            None => result.unwrap(),
            Some(why) => assert!(result.unwrap_err().to_string().contains(why), "{info}"),
        }
    }
}

#[tokio::test]
async fn a_channel_is_made_with_its_members_and_topic() {
    let new = NewConversation {
        name: "Sales & Marketing".into(),
        parent: None,
        private: true,
        members: vec!["U1".into(), "UOWN".into(), "U2".into()],
        topic: Some("all of it".into()),
    };
    let workspace = workspace().await;
    let made = json!({ "ok": true, "channel": { "id": "C9", "name": "sales-marketing" } });
    workspace.answers("conversations.create", made).await;
    workspace.answers("conversations.invite", json!({ "ok": true })).await;
    workspace.answers("conversations.setTopic", json!({ "ok": true })).await;
    let made = workspace.connection.create_conversation(&new).await.unwrap();
    assert_eq!((made.id.as_str(), made.joined), ("C9", true));
    let body = |request: wiremock::Request| String::from_utf8(request.body).unwrap();
    let created = workspace.calls("conversations.create").await.remove(0);
    assert_eq!(body(created), "name=sales-marketing&is_private=true");
    let invited = workspace.calls("conversations.invite").await.remove(0);
    assert_eq!(body(invited), "channel=C9&users=U1%2CU2");
}

#[tokio::test]
async fn a_name_that_is_taken_is_told() {
    let workspace = workspace().await;
    workspace.answers("conversations.create", json!({ "ok": false, "error": "name_taken" })).await;
    let new = NewConversation {
        name: "General".into(),
        parent: None,
        private: false,
        members: Vec::new(),
        topic: None,
    };
    let error = workspace.connection.create_conversation(&new).await.unwrap_err();
    assert!(error.to_string().contains("`general`"), "{error}");
}

#[tokio::test]
async fn lists_go_on_where_slack_says_and_end_where_it_does_not() {
    let workspace = workspace().await;
    let channels = json!([{ "id": "C1", "name": "a", "is_member": true }, {}, { "id": "C2" }]);
    let answer = json!({ "ok": true, "channels": channels,
        "response_metadata": { "next_cursor": "more" } });
    workspace.answers("conversations.list", answer).await;
    let page = workspace.connection.conversations(None).await.unwrap();
    assert_eq!((page.items.len(), page.next.as_deref()), (2, Some("more")));
}

#[tokio::test]
async fn the_doctor_names_each_scope() {
    let workspace = workspace().await;
    let response = ResponseTemplate::new(200)
        .insert_header("x-oauth-scopes", "chat:write, users:read")
        .set_body_json(json!({ "ok": true, "team": "Acme" }));
    workspace.responds("auth.test", response).await;
    let findings = workspace.connection.check().await;
    let level = |subject: &str| {
        findings.iter().find(|finding| finding.subject == subject).map(|finding| finding.level)
    };
    assert_eq!(level("authorization"), Some(FindingLevel::Ok));
    assert_eq!(level("scope chat:write"), Some(FindingLevel::Ok));
    assert_eq!(level("scope channels:history"), Some(FindingLevel::Error));
    assert_eq!(level("scope emoji:read"), Some(FindingLevel::Warning));
}
