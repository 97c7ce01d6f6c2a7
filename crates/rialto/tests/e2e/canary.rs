//! A platform that tells of nothing any more is noticed without anybody writing.

use reqwest::Method;
use rialto_testkit::{Side, World};
use serde_json::{Value, json};

use crate::connected_with;

async fn workspace(world: &World, side: Side) -> anyhow::Result<Value> {
    let status = world.api.get("/api/v1/status").await?;
    let all = status["connections"].as_array().cloned().unwrap_or_default();
    Ok(all.into_iter().find(|it| it["platform"] == side.word()).unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_that_is_not_heard_is_deaf_and_swept_until_it_is_heard_again() {
    let world = connected_with(&[
        ("RIALTO_CANARY_EVERY", "300ms"),
        ("RIALTO_CANARY_PATIENCE", "3s"),
        ("RIALTO_SWEEPS_EVERY", "1h"),
        ("RIALTO_SWEEPS_GRACE", "0s"),
    ])
    .await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    for side in [Side::Slack, Side::Teams] {
        let heard = async || Ok(workspace(&world, side).await?["canary_heard_at"] != Value::Null);
        world.until("the canary is heard", heard).await.unwrap();
        let workspace = workspace(&world, side).await.unwrap();
        assert_eq!((&workspace["deaf_since"], &workspace["problems"]), (&Value::Null, &json!([])));
        let id = workspace["id"].as_str().unwrap();
        let channels =
            world.api.get(&format!("/api/v1/connections/{id}/conversations")).await.unwrap();
        assert!(
            !channels.to_string().contains("rialto-canary"),
            "it is nobody's to sync: {channels}"
        );
    }

    for side in [Side::Slack, Side::Teams] {
        let lost = json!({"platform": side.word(), "target": "webhook", "kind": "drop"});
        world.control.post("/faults", lost).await.unwrap();
        let deaf = async || Ok(workspace(&world, side).await?["deaf_since"] != Value::Null);
        world.until("the workspace is deaf", deaf).await.unwrap();
        let problem = workspace(&world, side).await.unwrap()["problems"][0].clone();
        assert!(problem.as_str().unwrap().contains("deaf since"), "{problem}");

        // It is listened to by other means meanwhile.
        world.say(side, &channels, "nobody tells of this").await.unwrap();
        world
            .wait(channels.other(side), &channels, "what no webhook told of", |messages| {
                messages.iter().any(|it| it.text.contains("nobody tells of this")).then_some(())
            })
            .await
            .unwrap();

        world.control.call(Method::DELETE, "/faults", None).await.unwrap();
        let heard = async || {
            let workspace = workspace(&world, side).await?;
            Ok(workspace["deaf_since"] == Value::Null && workspace["problems"] == json!([]))
        };
        world.until("the workspace is heard again", heard).await.unwrap();
    }
    world.stop().await;
}
