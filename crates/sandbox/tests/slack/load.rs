//! How fast the emulator is. Run in a release build: `cargo nextest run --release -p rialto-sandbox --run-ignored only load`.

use serde_json::{Value, json};

use super::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; meaningful in a release build"]
async fn thousands_of_posts_a_second_are_taken() {
    let world = World::with(json!({"request_url": null})).await;
    world.control("POST", "/limits", json!({"platform": "slack", "off": true})).await;
    let begun = tokio::time::Instant::now();
    let (tasks, each) = (16, 500);
    let posts = (0..tasks).map(|_| {
        let (client, url, token) =
            (world.client.clone(), world.method("chat.postMessage"), world.bot.clone());
        tokio::spawn(async move {
            for n in 0..each {
                let request = client.post(&url).bearer_auth(&token);
                let answer = request
                    .json(&json!({"channel": "general", "text": n.to_string()}))
                    .send()
                    .await;
                assert_eq!(answer.unwrap().json::<Value>().await.unwrap()["ok"], true);
            }
        })
    });
    for task in posts.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let rate = f64::from(tasks * each) / begun.elapsed().as_secs_f64();
    assert!(rate > 3000.0, "{rate:.0} posts a second, client included");
}
