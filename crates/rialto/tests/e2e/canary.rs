//! A platform that tells of nothing any more is noticed without anybody writing.

use reqwest::Method;
use rialto_testkit::{Side, World};
use serde_json::{Value, json};

use crate::four_in_step;

async fn workspace(world: &World, side: Side) -> anyhow::Result<Value> {
    let status = world.api.get("/api/v1/status").await?;
    let all = status["connections"].as_array().cloned().unwrap_or_default();
    Ok(all.into_iter().find(|it| it["platform"] == side.word()).unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_that_is_not_heard_is_deaf_and_swept_until_it_is_heard_again() {
    let (world, channels) = four_in_step(&[
        ("RIALTO_CANARY_EVERY", "300ms"),
        ("RIALTO_CANARY_PATIENCE", "3s"),
        ("RIALTO_SWEEPS_EVERY", "1h"),
        ("RIALTO_SWEEPS_GRACE", "0s"),
    ])
    .await;
    for side in Side::ALL {
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

    for side in Side::ALL {
        let lost = json!({"platform": side.word(), "target": "webhook", "kind": "drop"});
        world.control.post("/faults", lost).await.unwrap();
        let deaf = async || Ok(workspace(&world, side).await?["deaf_since"] != Value::Null);
        world.until("the workspace is deaf", deaf).await.unwrap();
        let problem = workspace(&world, side).await.unwrap()["problems"][0].clone();
        assert!(problem.as_str().unwrap().contains("deaf since"), "{problem}");

        // It is listened to by other means meanwhile.
        let said = format!("{} tells nobody of this", side.name());
        world.say(side, &channels, &said).await.unwrap();
        for there in channels.others(side) {
            world.arrives(there, &channels, &said).await.unwrap();
        }

        world.control.call(Method::DELETE, "/faults", None).await.unwrap();
        let heard = async || {
            let workspace = workspace(&world, side).await?;
            Ok(workspace["deaf_since"] == Value::Null && workspace["problems"] == json!([]))
        };
        world.until("the workspace is heard again", heard).await.unwrap();
    }
    world.stop().await;
}
