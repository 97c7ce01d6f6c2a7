//! Sweeps among several networks, with the limits that their kinds have.

use std::time::Duration;

use rialto_model::Direction;

use super::{LONG, pass};
use crate::{
    LEFT,
    network::{Illness, Kind},
    world::{Member, Members, World},
};

const SLACK: usize = 0;
const TEAMS: usize = 1;
const WEBEX: usize = 2;
const ZOOM: usize = 3;

/// One of each kind; Webex is only heard, Zoom only written to.
async fn four() -> World {
    let mut all = Kind::ALL.map(Member::new).to_vec();
    all[WEBEX].direction = Direction::In;
    all[ZOOM].direction = Direction::Out;
    World::of(&Members { all, paced: true }, None).await
}

/// What came from a side, in the order in which it reads on another.
fn arrived(world: &World, from: &str, on: usize) -> Vec<String> {
    let mark = format!("{from}: ");
    let read = world.networks[on].read("general").into_iter();
    read.filter(|line| line.trim_start_matches("⤷ ").starts_with(&mark)).collect()
}

#[tokio::test(start_paused = true)]
async fn what_was_said_on_each_of_four_while_rialto_was_down_reaches_all_who_shall_read_it() {
    let mut world = four().await;
    let (root, event) = world.networks[TEAMS].post("general", "tim", "root", None);
    world.hear(TEAMS, &event).await;
    let (wrong, event) = world.networks[SLACK].post("general", "sam", "wrong", None);
    world.hear(SLACK, &event).await;
    pass(&mut world, Duration::from_secs(60)).await;
    world.relay.stop().await;
    let copy = world.networks[SLACK].find("general", "root");
    world.networks[SLACK].post("general", "sam", "reply", Some(&copy));
    world.networks[SLACK].delete("general", &wrong);
    for (side, by) in [(SLACK, "sam"), (TEAMS, "tim"), (WEBEX, "wes"), (ZOOM, "zoe")] {
        for text in ["one", "two", "three"] {
            world.networks[side].post("general", by, text, None);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
    world.networks[TEAMS].edit("general", &root, "root, mended");
    world.networks[SLACK].react("general", &copy, "sam", "👍", true);
    world.crash().await;
    pass(&mut world, LONG).await;

    let of_sam = ["sam: wrong ✗", "⤷ sam: reply", "sam: one", "sam: two", "sam: three"];
    let of_tim = |root: &str| {
        vec![root.to_owned(), "tim: one".into(), "tim: two".into(), "tim: three".into()]
    };
    let of_wes = ["wes: one", "wes: two", "wes: three"];
    for on in [TEAMS, ZOOM] {
        assert_eq!(arrived(&world, "sam", on), of_sam, "on side {on}");
    }
    for (on, root) in [(SLACK, "tim: root, mended"), (ZOOM, "tim: root, mended [👍]")] {
        assert_eq!(arrived(&world, "tim", on), of_tim(root), "on side {on}");
    }
    for on in [SLACK, TEAMS, ZOOM] {
        assert_eq!(arrived(&world, "wes", on), of_wes, "on side {on}");
    }
    assert_eq!(world.networks[WEBEX].read("general"), of_wes, "nothing is said there");
    assert_eq!(arrived(&world, "tim", TEAMS)[0], "tim: root, mended [👍]");
    for on in [SLACK, TEAMS] {
        assert!(arrived(&world, "zoe", on).is_empty(), "on side {on}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_network_whose_past_cannot_be_read_keeps_no_other_waiting() {
    for illness in [Illness::Down, Illness::Slow, Illness::Limited, Illness::Revoked] {
        let all = Kind::ALL.map(Member::new).to_vec();
        let mut world = World::of(&Members { all, paced: true }, None).await;
        pass(&mut world, Duration::from_secs(60)).await;
        world.relay.stop().await;
        for (side, by) in [(SLACK, "sam"), (TEAMS, "tim"), (WEBEX, "wes"), (ZOOM, "zoe")] {
            world.networks[side].post("general", by, "missed", None);
        }
        world.networks[ZOOM].falls_ill(illness);
        world.crash().await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        for (from, by) in [(SLACK, "sam"), (TEAMS, "tim"), (WEBEX, "wes")] {
            for on in [SLACK, TEAMS, WEBEX].into_iter().filter(|on| *on != from) {
                let there = arrived(&world, by, on);
                assert_eq!(there, [format!("{by}: missed")], "{illness:?}, on side {on}");
            }
        }
        world.networks[ZOOM].is_well();
        world.connect_again(&[ZOOM]).await;
        pass(&mut world, LONG).await;
        for network in &world.networks {
            let mut read = network.read("general");
            read.sort();
            let all = ["sam: missed", "tim: missed", "wes: missed", "zoe: missed"];
            assert_eq!(read, all, "{illness:?}");
        }
        world.relay.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_shifts_while_it_is_read_deletes_nothing_that_is_there() {
    let all = [Kind::Zoom, Kind::Teams].map(Member::new).to_vec();
    let mut world = World::of(&Members { all, paced: true }, None).await;
    let mut said = Vec::new();
    for number in 1..=12 {
        let (id, event) = world.left.post("general", "ana", &format!("{number}"), None);
        world.hear(LEFT, &event).await;
        said.push(id);
    }
    pass(&mut world, Duration::from_secs(60)).await;
    world.crash().await;
    // Two pages of two are read each second, the newest first. As one that was on them goes away, the
    // next page begins one further: 8 is on none, and likewise when the list is read again.
    tokio::time::sleep(Duration::from_millis(500)).await;
    world.left.delete("general", &said[11]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.left.post("general", "ana", "13", None);
    tokio::time::sleep(Duration::from_secs(2)).await;
    world.left.delete("general", &said[10]);
    pass(&mut world, LONG).await;
    let mut expected: Vec<_> = (1..=10).map(|number| format!("ana: {number}")).collect();
    expected.extend(["ana: 11 ✗", "ana: 12 ✗", "ana: 13"].map(String::from));
    assert_eq!(world.right.read("general"), expected);
}

#[tokio::test(start_paused = true)]
async fn a_crash_while_four_are_swept_loses_and_doubles_nothing() {
    let sides = [(SLACK, "sam"), (TEAMS, "tim"), (WEBEX, "wes"), (ZOOM, "zoe")];
    for steps in 0..20 {
        let all = Kind::ALL.map(Member::new).to_vec();
        let mut world = World::of(&Members { all, paced: true }, None).await;
        world.relay.stop().await;
        for number in 0..3 {
            for (side, by) in sides {
                world.networks[side].post("general", by, &format!("{number}"), None);
            }
        }
        world.crash().await;
        tokio::time::sleep(Duration::from_millis(steps * 100)).await;
        for _ in 0..steps {
            tokio::task::yield_now().await;
        }
        world.crash().await;
        pass(&mut world, Duration::from_secs(60)).await;
        for (side, _) in sides {
            for (_, by) in sides {
                let said: Vec<_> = (0..3).map(|number| format!("{by}: {number}")).collect();
                assert_eq!(arrived(&world, by, side), said, "on side {side} after {steps} steps");
            }
        }
        world.relay.stop().await;
    }
}
