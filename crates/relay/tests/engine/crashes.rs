//! Crashes at any await point, with lost answers, doubled events and outages, in many orders.

use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::{network::Fault, world::World};

/// How many orders are tried; `RIALTO_SEEDS` for more.
fn seeds() -> u64 {
    std::env::var("RIALTO_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60)
}

#[tokio::test(start_paused = true)]
async fn every_message_arrives_once_and_in_order_whatever_crashes() {
    for seed in 0..seeds() {
        let mut random = StdRng::seed_from_u64(seed);
        let mut world = World::new().await;
        let mut said = [Vec::new(), Vec::new()];
        for step in 0..30 {
            let side = random.random_range(0..2);
            let (from, to) = if side == 0 {
                (world.left.clone(), world.right.clone())
            } else {
                (world.right.clone(), world.left.clone())
            };
            let fault = match random.random_range(0..10) {
                0 => Some(Fault::LostAnswer),
                1 => Some(Fault::LostCall),
                2 => Some(Fault::Down),
                3 => Some(Fault::Wait(2)),
                _ => None,
            };
            to.fail_next(fault);
            let text = format!("{side}-{step}");
            let (_, event) = from.post("general", "ana", &text, None);
            said[side].push(format!("ana: {text}"));
            for _ in 0..random.random_range(1..3) {
                world.hear(side, &event).await;
            }
            let pause = random.random_range(0..400);
            for _ in 0..random.random_range(0..20) {
                tokio::task::yield_now().await;
            }
            if random.random_bool(0.3) {
                tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
            }
            if random.random_bool(0.15) {
                world.crash().await;
            }
        }
        world.settle().await;
        for (side, network) in [(0, &world.right), (1, &world.left)] {
            let mark = format!("ana: {side}-");
            let arrived: Vec<_> = network
                .read("general")
                .into_iter()
                .filter(|line| line.starts_with(&mark))
                .collect();
            assert_eq!(arrived, said[side], "seed {seed}: {:#?}", network.calls());
        }
        world.relay.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_post_that_a_platform_finishes_after_the_crash_is_not_made_twice() {
    let mut world = World::new().await;
    world.right.answer_after(std::time::Duration::from_secs(60));
    world.right.list_after(std::time::Duration::from_secs(1));
    let (_, event) = world.left.post("general", "ana", "one", None);
    world.hear(0, &event).await;
    while world.right.calls().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    world.crash().await;
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    assert_eq!(world.right.read("general"), ["ana: one"]);
}
