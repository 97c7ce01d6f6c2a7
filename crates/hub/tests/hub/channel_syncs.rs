use std::sync::atomic::Ordering;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    pretended::channel,
    support::{Answer, TestHub},
};

/// A hub with a workspace of a few channels, and its connection.
async fn workspace() -> (TestHub, String) {
    let hub = TestHub::new().await;
    let connected = hub.connect().await.json();
    let id = connected["connection"]["id"].as_str().unwrap().to_owned();
    let channels = ["C1 general", "C2 sales", "C3 random", "C9 archived"];
    hub.channels.all.lock().extend(channels.map(channel));
    (hub, id)
}

async fn connect(hub: &TestHub, connection: &str, channels: &[&str]) -> Answer {
    let endpoint = |id: &&str| json!({ "connection": connection, "conversation": id });
    let endpoints: Vec<_> = channels.iter().map(endpoint).collect();
    let body = json!({ "endpoints": endpoints });
    hub.admin(Method::POST, "channel-syncs/connect", Some(body)).await
}

async fn add(hub: &TestHub, connection: &str, target: Value) -> Answer {
    let mut target = target;
    target["connection"] = connection.into();
    let source = json!({ "connection": connection, "conversation": "C1" });
    let body = json!({ "source": source, "target": target });
    hub.admin(Method::POST, "channel-syncs/add", Some(body)).await
}

#[tokio::test]
async fn channels_that_exist_are_joined_and_kept_in_step() {
    let (hub, id) = workspace().await;
    let made = connect(&hub, &id, &["C1", "C2"]).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(*hub.channels.joined.lock(), ["C1".into(), "C2".into()]);
    let made = made.json();
    assert_eq!((&made["name"], &made["state"]), (&json!("general"), &json!("active")));
    let listed = hub.admin(Method::GET, "channel-syncs", None).await.json();
    assert_eq!(listed[0]["id"], made["id"]);
    let path = format!("connections/{id}/conversations?search=GEN");
    let channels = hub.admin(Method::GET, &path, None).await.json();
    assert_eq!(channels.as_array().unwrap().len(), 1);
    assert_eq!(channels[0]["channel_sync"], made["id"]);
    hub.admin(Method::DELETE, &format!("connections/{id}"), None)
        .await
        .problem(StatusCode::CONFLICT);
}

#[tokio::test]
async fn channels_that_cannot_be_used_are_named_and_nothing_is_kept() {
    let (hub, id) = workspace().await;
    connect(&hub, &id, &["C1", "C2"]).await;
    for (channels, status, field, words) in [
        (&["C3", "C1"][..], 409, "", "in the channel sync `general`"),
        (&["C3", "C8"], 422, "endpoints[1].conversation", "does not exist"),
        (&["C3", "C9"], 422, "endpoints[1].conversation", "is archived"),
        (&["C3", "C3"], 422, "endpoints[1]", "named twice"),
        (&["C3"], 422, "endpoints", "two or more"),
    ] {
        let answer = connect(&hub, &id, channels).await;
        let problem = answer.problem(StatusCode::from_u16(status).unwrap());
        assert_eq!(problem.field.unwrap_or_default(), field);
        assert!(problem.detail.contains(words), "{}", problem.detail);
    }
    let listed = hub.admin(Method::GET, "channel-syncs", None).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_missing_channel_is_made_in_the_team_that_was_named() {
    let (hub, id) = workspace().await;
    let problem = add(&hub, &id, json!({})).await.problem(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem.field.unwrap(), "target.parent");
    assert!(problem.detail.contains("`Engineering` (T1)"), "{}", problem.detail);
    let nobody = json!({ "parent": "T1", "members": ["ann@example.com"] });
    let problem = add(&hub, &id, nobody).await.problem(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem.field.unwrap(), "target.members[0]");
    assert_eq!(hub.channels.all.lock().len(), 4);

    let added = add(&hub, &id, json!({ "parent": "T1", "name": "launch" })).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.body);
    let added = added.json();
    assert_eq!((&added["conversation"], &added["made_before"]), (&json!("launch"), &json!(false)));
    assert_eq!(added["channel_sync"]["endpoints"][1]["conversation"], "N4");
}

#[tokio::test]
async fn what_was_made_before_it_went_wrong_is_said_and_not_made_again() {
    let (hub, id) = workspace().await;
    hub.channels.refuse_joins.store(true, Ordering::SeqCst);
    let target = || json!({ "parent": "T1", "name": "launch" });
    let problem = add(&hub, &id, target()).await.problem(StatusCode::BAD_GATEWAY);
    for words in ["nobody may join today", "`launch` (N4) exists now"] {
        assert!(problem.detail.contains(words), "{}", problem.detail);
    }
    hub.channels.refuse_joins.store(false, Ordering::SeqCst);
    let added = add(&hub, &id, target()).await;
    assert_eq!(added.json()["made_before"], true, "{}", added.body);
    assert_eq!(hub.channels.all.lock().len(), 5);
}

#[tokio::test]
async fn a_channel_sync_is_changed_paused_and_removed() {
    let (hub, id) = workspace().await;
    let sync = connect(&hub, &id, &["C1", "C2"]).await.json()["id"].as_str().unwrap().to_owned();
    let path = format!("channel-syncs/{sync}");
    let act = async |method: Method, rest: &str, body: Option<Value>| {
        hub.admin(method, &format!("{path}{rest}"), body).await
    };
    assert_eq!(act(Method::POST, "/pause", None).await.json()["state"], "paused");
    assert_eq!(act(Method::POST, "/resume", None).await.json()["state"], "active");
    let change = json!({ "everyone_mentions": "real", "files": false });
    let changed = act(Method::PATCH, "", Some(change)).await.json();
    assert_eq!((&changed["everyone_mentions"], &changed["files"]), (&json!("real"), &json!(false)));
    assert_eq!(changed["reactions"], true);

    let two = changed["endpoints"][0]["id"].as_str().unwrap();
    let only_two = act(Method::DELETE, &format!("/endpoints/{two}"), None).await;
    only_two.problem(StatusCode::CONFLICT);
    let third = json!({ "connection": id, "conversation": "C3", "direction": "in" });
    let grown = act(Method::POST, "/endpoints", Some(third)).await;
    assert_eq!(grown.status, StatusCode::CREATED);
    let third = grown.json()["endpoints"][2]["id"].as_str().unwrap().to_owned();
    let out = json!({ "direction": "out" });
    let changed = act(Method::PATCH, &format!("/endpoints/{third}"), Some(out)).await.json();
    assert_eq!(changed["endpoints"][2]["direction"], "out");
    let shrunk = act(Method::DELETE, &format!("/endpoints/{third}"), None).await.json();
    assert_eq!(shrunk["endpoints"].as_array().unwrap().len(), 2);
    assert_eq!(act(Method::POST, "/retry", None).await.json()["retried"], 0);
    assert_eq!(act(Method::DELETE, "", None).await.status, StatusCode::NO_CONTENT);
    act(Method::GET, "", None).await.problem(StatusCode::NOT_FOUND);
    assert_eq!(hub.admin(Method::GET, "status", None).await.json()["channel_syncs"], json!([]));
}

#[tokio::test]
async fn nothing_private_gets_public_unless_an_admin_says_so() {
    let (hub, id) = workspace().await;
    hub.channels.all.lock().extend(["P1 secret-plans", "P2 secret-board"].map(channel));
    let endpoint = |channel: &str, direction: &str| json!({ "connection": id, "conversation": channel, "direction": direction });
    let connect = async |endpoints: [Value; 2], allow: bool| {
        let body = json!({ "endpoints": endpoints, "allow_wider_audience": allow });
        hub.admin(Method::POST, "channel-syncs/connect", Some(body)).await
    };
    let both = || [endpoint("C1", "both"), endpoint("P1", "both")];
    let refused = connect(both(), false).await.problem(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.field.unwrap(), "allow_wider_audience");
    let words =
        "everybody in the workspace `Acme` would be able to read what is said in `secret-plans`";
    assert!(refused.detail.contains(words), "{}", refused.detail);
    assert!(hub.channels.joined.lock().is_empty(), "nothing was done");
    // The other way round nobody reads more than before.
    let inwards = connect([endpoint("C1", "in"), endpoint("P1", "out")], false).await;
    assert_eq!(inwards.status, StatusCode::CREATED, "{}", inwards.body);
    let inwards = inwards.json();
    let sync = format!("channel-syncs/{}", inwards["id"].as_str().unwrap());

    let plans = format!("{sync}/endpoints/{}", inwards["endpoints"][1]["id"].as_str().unwrap());
    let general = format!("{sync}/endpoints/{}", inwards["endpoints"][0]["id"].as_str().unwrap());
    let set = async |path: &str, body: Value| hub.admin(Method::PATCH, path, Some(body)).await;
    assert_eq!(set(&plans, json!({ "direction": "both" })).await.status, StatusCode::OK);
    let widened = set(&general, json!({ "direction": "both" })).await;
    assert_eq!(
        widened.problem(StatusCode::UNPROCESSABLE_ENTITY).field.unwrap(),
        "allow_wider_audience"
    );
    let meant = json!({ "direction": "both", "allow_wider_audience": true });
    assert_eq!(set(&general, meant).await.status, StatusCode::OK);
    assert_eq!(set(&general, json!({ "direction": "in" })).await.status, StatusCode::OK, "less");

    let one_more =
        hub.admin(Method::POST, &format!("{sync}/endpoints"), Some(endpoint("C2", "out"))).await;
    one_more.problem(StatusCode::UNPROCESSABLE_ENTITY);
    let mut meant = endpoint("C2", "out");
    meant["allow_wider_audience"] = true.into();
    let one_more = hub.admin(Method::POST, &format!("{sync}/endpoints"), Some(meant)).await;
    assert_eq!(one_more.status, StatusCode::CREATED, "{}", one_more.body);
}

#[tokio::test]
async fn what_is_made_for_a_private_channel_is_private() {
    for (source, private, allow, made) in [
        ("P1", None, false, Some(true)),
        ("P1", Some(false), false, Some(false)),
        ("C1", None, false, Some(false)),
        ("C1", Some(true), false, None),
        ("C1", Some(true), true, Some(true)),
    ] {
        let (hub, id) = workspace().await;
        hub.channels.all.lock().push(channel("P1 secret-plans"));
        let body = json!({
            "source": { "connection": id, "conversation": source },
            "target": { "connection": id, "parent": "T1", "private": private },
            "allow_wider_audience": allow,
        });
        let answer = hub.admin(Method::POST, "channel-syncs/add", Some(body)).await;
        let Some(made) = made else {
            answer.problem(StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!(hub.channels.all.lock().len(), 5, "nothing was made");
            continue;
        };
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        assert_eq!(hub.channels.all.lock().last().unwrap().private, made, "{source} {private:?}");
    }
}
