//! How fast the emulator is. Run in a release build: `cargo nextest run --release -p rialto-sandbox --run-ignored only load`.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::notifications::{Receiver, rsa_certificate, subscribe};
use crate::tenant::World;

/// Posts `count` messages over 16 connections; gives how many a second.
async fn post_many(world: &Arc<World>, token: &str, count: usize) -> f64 {
    let begun = Instant::now();
    let senders: Vec<_> = (0..16)
        .map(|_| {
            let (world, token) = (world.clone(), token.to_owned());
            tokio::spawn(async move {
                for _ in 0..count / 16 {
                    world.post(&token, "<p>Hello <b>there</b></p>").await;
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    count as f64 / begun.elapsed().as_secs_f64()
}

#[tokio::test]
#[ignore = "measures; meaningful in a release build"]
async fn posts_and_sealed_notifications_a_second_on_one_core() {
    let world = Arc::new(World::unlimited().await);
    let ann = world.token("Ann Lee").await;
    let plain = post_many(&world, &ann, 16_000).await;
    println!("{plain:.0} posts a second, client included");

    let receiver = Receiver::start().await;
    let (_, certificate) = rsa_certificate();
    let app = world.app_token(&["ChannelMessage.Read.All"]).await;
    let rich = json!({"resource": "/teams/getAllMessages", "includeResourceData": true,
        "encryptionCertificate": certificate, "encryptionCertificateId": "c1"});
    assert_eq!(subscribe(&world, &app, &receiver, rich).await.status, 201);
    let begun = Instant::now();
    post_many(&world, &ann, 4_000).await;
    tokio::time::timeout(Duration::from_secs(60), world.sandbox.core().idle.wait()).await.unwrap();
    assert_eq!(receiver.notifications().len(), 4_000);
    let sealed = 4_000.0 / begun.elapsed().as_secs_f64();
    println!(
        "{sealed:.0} posts a second with a sealed notification each, client and receiver included"
    );
    assert!(plain > 2_000.0 && sealed > 1_000.0);
}
