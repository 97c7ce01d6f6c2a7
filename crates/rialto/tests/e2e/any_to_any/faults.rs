//! A channel that fails, in the company of others that do not.

use rialto_testkit::{Message, Side};
use serde_json::{Value, json};

use crate::{four_in_step, posts};

const COUNT: usize = 12;

/// The numbers of what has this mark, in the order in which they are shown.
fn numbers(all: &[Message], mark: &str) -> Vec<usize> {
    let number = |it: &Message| {
        let rest = it.text.split_once(mark)?.1;
        rest.split(';').next()?.parse().ok()
    };
    all.iter().filter(|it| !it.deleted).filter_map(number).collect()
}

/// Breaks a side's API in this way; gives what mends it.
async fn broken(world: &rialto_testkit::World, side: Side, how: &Value) -> String {
    let mut fault = how.clone();
    fault["platform"] = json!(side.word());
    fault["target"] = json!("api");
    fault["method"] = json!(posts(side));
    let fault = world.control.post("/faults", fault).await.unwrap();
    format!("/faults/{}", fault["id"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_fails_delays_no_other_and_gets_all_in_order_afterwards() {
    let (world, channels) = four_in_step(&[("RIALTO_CANARY_EVERY", "0s")]).await;
    for failing in Side::ALL {
        for (word, how) in [
            ("down", json!({"kind": "status", "code": 503})),
            ("limited", json!({"kind": "status", "code": 429, "retry_after": 1})),
            ("silent", json!({"kind": "reset"})),
        ] {
            let mark = format!("{word}-{}-", failing.word());
            let mend = broken(&world, failing, &how).await;
            let from = channels.others(failing)[0];
            for number in 0..COUNT {
                world.say(from, &channels, &format!("{mark}{number:02};")).await.unwrap();
            }
            let all: Vec<usize> = (0..COUNT).collect();
            let in_order = |shown: &[Message]| (numbers(shown, &mark) == all).then_some(());
            for there in channels.others(failing).into_iter().filter(|it| *it != from) {
                let what = format!("all {mark} while {failing:?} fails");
                world.wait(there, &channels, &what, in_order).await.unwrap();
            }
            let there = world.read(failing, &channels).await.unwrap();
            assert_eq!(numbers(&there, &mark), [0; 0], "{failing:?} does not fail");
            world.control.call(reqwest::Method::DELETE, &mend, None).await.unwrap();
            let what = format!("all {mark} after the mend");
            world.wait(failing, &channels, &what, in_order).await.unwrap();
        }
    }
    world.stop().await;
}
