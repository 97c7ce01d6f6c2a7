//! Connecting a tenant, and finding and joining its channels.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rialto_platform::{
    AuthorizationAnswer, Authorized, Connection, NewConversation, Platform, SetupError,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_partial_json, body_string_contains, header, method, path},
};

use super::support::{OWN, TENANT, app, desk, now, toolkit};
use crate::{
    Teams, permissions,
    tokens::ServiceToken,
    wire::{Notification, TokenAnswer},
};

fn teams() -> Teams {
    Teams::new(toolkit(Arc::new(rialto_platform::testing::StoppedClock::at(now()))))
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn token(claims: &Value) -> String {
    format!("e30.{}.x", BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// A sign-in service at which somebody of a tenant signs in, for an app with these roles.
async fn entra(tenant: &str, roles: &[&str], scope: &str) -> MockServer {
    let server = MockServer::start().await;
    let user = json!({ "tid": tenant, "oid": OWN, "name": "Rialto" });
    Mock::given(body_string_contains("grant_type=authorization_code"))
        .and(body_string_contains("code_verifier=fake-verifier"))
        .respond_with(ok(json!({
            "access_token": "fake-access", "refresh_token": "fake-refresh", "expires_in": 3600,
            "scope": scope, "id_token": token(&user),
        })))
        .mount(&server)
        .await;
    Mock::given(body_string_contains("grant_type=client_credentials"))
        .respond_with(ok(json!({
            "access_token": token(&json!({ "tid": TENANT, "roles": roles })), "expires_in": 3600,
        })))
        .mount(&server)
        .await;
    Mock::given(path("/v1.0/organization"))
        .respond_with(ok(json!({ "value": [{ "displayName": "Contoso" }] })))
        .mount(&server)
        .await;
    server
}

async fn finish(server: &MockServer, query: &[(&str, &str)]) -> Result<Authorized, SetupError> {
    let query = query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let answer = AuthorizationAnswer { query, secret: SecretString::from("fake-verifier") };
    teams().authorize(&app(&server.uri()), answer).await
}

#[test]
fn an_admin_is_sent_to_sign_in_as_the_service_user() {
    let start = teams().authorization_start(&app("https://x.example"), "the-state").unwrap();
    assert_eq!(start.url.path(), format!("/login/{TENANT}/oauth2/v2.0/authorize"));
    let query: std::collections::BTreeMap<_, _> = start.url.query_pairs().into_owned().collect();
    assert_eq!(query["state"], "the-state");
    assert_eq!(query["code_challenge_method"], "S256");
    assert_eq!(query["redirect_uri"], "https://rialto.example/oauth/callback");
    for scope in ["offline_access", "ChannelMessage.Send", "Files.ReadWrite.All"] {
        assert!(query["scope"].split(' ').any(|asked| asked == scope), "{scope}");
    }
    let mut without = app("https://x.example");
    without.settings.remove("tenant");
    let start = teams().authorization_start(&without, "s").unwrap_err();
    assert!(matches!(start, SetupError::Setting { field, .. } if field == "tenant"));
}

#[tokio::test]
async fn who_signed_in_is_kept_and_what_is_missing_is_said() {
    let server = entra(TENANT, &["User.Read.All"], "User.Read ChannelMessage.Send").await;
    let done = finish(&server, &[("code", "c")]).await.unwrap();
    assert_eq!((done.workspace.as_str(), done.name.as_str()), (TENANT, "Contoso"));
    assert_eq!(done.cabinet[0].0, "service_token");
    let said = done.warnings.join("\n");
    assert!(said.contains("Files.ReadWrite.All") && said.contains("Team.ReadBasic.All"), "{said}");
    assert!(!said.contains("ChannelMessage.Send ") && !said.contains("User.Read.All"), "{said}");
    assert!(done.next_steps[0].contains("/adminconsent?client_id="), "{:?}", done.next_steps);
    let state = app(&server.uri()).consent_state();
    assert!(done.next_steps[0].contains(&format!("&state={state} ")), "{:?}", done.next_steps);

    let all = [
        "Team.ReadBasic.All",
        "Channel.ReadBasic.All",
        "TeamMember.ReadWriteNonOwnerRole.All",
        "ChannelMember.ReadWrite.All",
        "User.Read.All",
    ];
    let server = entra(TENANT, &all, &permissions::scopes()).await;
    let done = finish(&server, &[("code", "c")]).await.unwrap();
    assert_eq!((done.warnings, done.next_steps), (vec![], vec![]));
}

#[tokio::test]
async fn strangers_and_refusals_are_answered_in_words() {
    let server = entra("another-tenant", &[], "").await;
    let personal = entra("9188040d-6c67-4c5b-b112-36a304b66dad", &[], "").await;
    for (server, query, words) in [
        (&server, ("code", "c"), "sign in with an account of that tenant"),
        (&personal, ("code", "c"), "personal Microsoft account"),
        (&server, ("error", "access_denied"), "access_denied"),
        (&server, ("state", "s"), "no authorization code"),
    ] {
        match finish(server, &[query]).await {
            Err(SetupError::Refused(reason)) => assert!(reason.contains(words), "{reason}"),
            other => panic!("{other:?}"),
        }
    }
    let pasted = teams().adopt(&app("https://x.example"), SecretString::from("fake")).await;
    assert!(matches!(pasted, Err(SetupError::Refused(_))));
}

#[test]
fn whoever_was_asked_to_consent_reads_what_came_of_it() {
    let app = app("https://x.example");
    for (query, granted, words) in [
        (vec![("admin_consent", "True"), ("tenant", TENANT)], true, "granted for the whole tenant"),
        (vec![("admin_consent", "True"), ("tenant", "another")], false, "for the tenant another"),
        (
            vec![("error", "access_denied"), ("error_description", "AADSTS65004: No.\nTrace: 1")],
            false,
            "Microsoft says: AADSTS65004: No. (access_denied)",
        ),
        (vec![("error", "access_denied")], false, "declined"),
        (vec![], false, "did not say"),
    ] {
        let query = query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let came = teams().consented(&app, &query).unwrap();
        assert_eq!(came.granted, granted, "{query:?}");
        assert!(came.said.contains(words) && !came.said.contains("Trace"), "{}", came.said);
        let forwarded = came.next_steps[0].contains("/adminconsent?client_id=");
        assert_eq!(forwarded, !granted, "{:?}", came.next_steps);
    }
}

#[tokio::test]
async fn a_domain_stands_for_the_tenant_that_has_it() {
    let issuer = |tenant: &str| json!({"issuer": format!("https://login.example/{tenant}/v2.0")});
    for (metadata, words) in [
        (ok(issuer(TENANT)), None),
        (ok(issuer("another-tenant")), Some("the app was set up for contoso.example")),
        (ok(json!({})), Some("give the tenant's id")),
        (ResponseTemplate::new(400), Some("give the tenant's id")),
    ] {
        let server = entra(TENANT, &[], "").await;
        // The application gets no token: it tells nothing of its tenant.
        Mock::given(body_string_contains("grant_type=client_credentials"))
            .respond_with(ResponseTemplate::new(401).set_body_json(json!({"error": "x"})))
            .with_priority(1)
            .mount(&server)
            .await;
        Mock::given(path("/login/contoso.example/v2.0/.well-known/openid-configuration"))
            .respond_with(metadata)
            .mount(&server)
            .await;
        let mut app = app(&server.uri());
        app.settings.insert("tenant".into(), "contoso.example".into());
        let query = [("code".to_owned(), "c".to_owned())].into();
        let answer = AuthorizationAnswer { query, secret: SecretString::from("fake-verifier") };
        match (teams().authorize(&app, answer).await, words) {
            (Ok(done), None) => assert_eq!(done.workspace.as_str(), TENANT),
            (Err(SetupError::Refused(said)), Some(words)) => {
                assert!(said.contains(words), "{said}");
            }
            (other, _) => panic!("{words:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_permission_that_was_granted_since_is_not_called_missing() {
    let server = MockServer::start().await;
    let desk = desk(app(&server.uri()));
    let all: Vec<_> = permissions::all()
        .into_iter()
        .filter_map(|it| (it.kind == "application").then_some(it.name))
        .collect();
    // The application's first token is of before the consent, the next one of after it.
    for (roles, times) in [(&all[1..], 1), (&all[..], 9)] {
        let claims = json!({ "tid": TENANT, "roles": roles, "of": times });
        Mock::given(body_string_contains("grant_type=client_credentials"))
            .respond_with(ok(json!({ "access_token": token(&claims), "expires_in": 3600 })))
            .up_to_n_times(times)
            .mount(&server)
            .await;
    }
    let found = desk.connection.check().await;
    let missing: Vec<_> =
        found.iter().filter(|it| it.subject.contains("application permission")).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn no_secret_is_shown_by_what_holds_it() {
    const PLANTED: &str = "PLANTED-7f3a";
    let answer = json!({"access_token": PLANTED, "refresh_token": PLANTED, "id_token": PLANTED});
    let answer: TokenAnswer = serde_json::from_value(answer).unwrap();
    assert_eq!(answer.access_token.expose_secret(), PLANTED);
    let notification = json!({"clientState": PLANTED, "resource": "teams('1')"});
    let notification: Notification = serde_json::from_value(notification).unwrap();
    assert_eq!(notification.client_state.as_ref().unwrap().expose_secret(), PLANTED);
    let token = ServiceToken {
        access_token: PLANTED.into(),
        refresh_token: Some(PLANTED.into()),
        expires_at: now(),
        renewed_at: now(),
        scope: String::new(),
        account: OWN.into(),
        name: "Rialto".into(),
    };
    let shown = format!("{answer:?} {notification:?} {token:?}");
    assert!(shown.contains("teams('1')") && shown.contains("Rialto"), "{shown}");
    assert!(!shown.contains(PLANTED), "{shown}");
}

#[test]
fn the_client_state_is_random_and_fits() {
    let secrets = teams().initial_secrets();
    assert_eq!(secrets[0].0, "client_state");
    assert!((32..=128).contains(&secrets[0].1.expose_secret().len()));
}

/// Graph with a team `T` that the service user is not in, as an application that may do anything.
async fn a_team() -> MockServer {
    let server = entra(TENANT, &[], "").await;
    for (at, body) in [
        ("/v1.0/teams", json!({ "value": [{ "id": "T", "displayName": "Sales" }] })),
        ("/v1.0/teams/T", json!({ "id": "T", "displayName": "Sales" })),
        ("/v1.0/me/joinedTeams", json!({ "value": [] })),
        (
            "/v1.0/teams/T/channels",
            json!({ "value": [
            { "id": "19:g", "displayName": "General", "membershipType": "standard" },
            { "id": "19:p", "displayName": "Plans", "membershipType": "private" },
        ] }),
        ),
        ("/v1.0/teams/T/channels/19:g", json!({ "id": "19:g", "displayName": "General" })),
        (
            "/v1.0/teams/T/channels/19:p",
            json!({ "id": "19:p", "displayName": "Plans", "membershipType": "private" }),
        ),
        ("/v1.0/teams/T/channels/19:p/members", json!({ "value": [{ "userId": "somebody" }] })),
    ] {
        Mock::given(method("GET")).and(path(at)).respond_with(ok(body)).mount(&server).await;
    }
    server
}

#[tokio::test]
async fn channels_are_listed_also_those_that_are_not_joined() {
    let server = a_team().await;
    let desk = desk(app(&server.uri()));
    let page = desk.connection.conversations(None).await.unwrap();
    let seen: Vec<_> =
        page.items.iter().map(|c| (c.id.as_str(), c.name.as_str(), c.private, c.joined)).collect();
    assert_eq!(seen, [("T/19:g", "General", false, false), ("T/19:p", "Plans", true, false)]);
    assert_eq!(page.next, None);
    assert_eq!(desk.connection.parents().await.unwrap(), [("T".into(), "Sales".to_owned())]);
    assert_eq!(desk.connection.conversation(&"T/19:x".into()).await.unwrap(), None);
}

#[tokio::test]
async fn the_service_user_is_added_or_it_is_said_who_must() {
    let server = a_team().await;
    let desk = desk(app(&server.uri()));
    Mock::given(method("POST"))
        .and(path("/v1.0/teams/T/members"))
        .and(body_partial_json(json!({
            "user@odata.bind": format!("{}/v1.0/users('{OWN}')", server.uri()),
        })))
        .respond_with(ResponseTemplate::new(201))
        .expect(2)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(path("/v1.0/teams/T/channels/19:p/members"))
        .respond_with(ResponseTemplate::new(403))
        .expect(2)
        .mount(&server)
        .await;
    assert_eq!(desk.connection.join(&"T/19:g".into()).await, Ok(()));
    match desk.connection.join(&"T/19:p".into()).await {
        Err(SetupError::Refused(reason)) => assert!(reason.contains("owners must add"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_channel_is_made_in_its_team() {
    let server = a_team().await;
    let desk = desk(app(&server.uri()));
    Mock::given(method("POST"))
        .and(path("/v1.0/teams/T/members"))
        .respond_with(ResponseTemplate::new(201))
        .expect(2)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(path("/v1.0/teams/T/channels"))
        .and(header("authorization", "Bearer fake-access"))
        .and(body_partial_json(json!({ "displayName": "q a", "membershipType": "standard" })))
        .respond_with(ResponseTemplate::new(201).set_body_json(json!({ "id": "19:n" })))
        .expect(1)
        .mount(&server)
        .await;
    let new = NewConversation {
        name: "q&a".into(),
        parent: Some("T".into()),
        private: false,
        members: vec!["ana".into()],
        topic: None,
    };
    let made = desk.connection.create_conversation(&new).await.unwrap();
    assert_eq!(made.id.as_str(), "T/19:n");
    let nowhere = NewConversation { parent: None, ..new };
    let refused = desk.connection.create_conversation(&nowhere).await;
    assert!(matches!(refused, Err(SetupError::Refused(_))), "{refused:?}");
}
