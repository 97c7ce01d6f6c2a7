//! What people do, from a seed: who, where, when, and what. What it is done to is chosen by number
//! among what has been said by then.

use std::time::Duration;

use rand::{RngExt as _, rngs::StdRng};

use super::words::Shape;
use crate::Side;

/// The two sides whose channels are in step.
pub(super) const SIDES: [Side; 2] = [Side::Slack, Side::Teams];

/// The other one of the two.
pub(super) fn across(side: Side) -> Side {
    if side == SIDES[0] { SIDES[1] } else { SIDES[0] }
}

/// Which of the two a platform's word means.
pub(super) fn side_of(platform: &serde_json::Value) -> Side {
    if platform == SIDES[0].word() { SIDES[0] } else { SIDES[1] }
}

/// What people react with.
pub(super) const EMOJI: [&str; 4] = ["🎉", "👀", "🚀", "👍"];

/// One deed.
#[derive(Clone, Debug)]
pub(super) struct Act {
    /// When, from the beginning.
    pub(super) at: Duration,
    /// In which channel sync.
    pub(super) sync: usize,
    pub(super) side: Side,
    pub(super) person: &'static str,
    pub(super) what: What,
}

/// `pick` chooses among what there is.
#[derive(Clone, Debug)]
pub(super) enum What {
    Post(Shape),
    Reply {
        pick: u32,
        shape: Shape,
    },
    Edit {
        pick: u32,
    },
    Delete {
        pick: u32,
    },
    /// Takes the reaction back when it is there already.
    React {
        pick: u32,
        emoji: usize,
    },
}

/// So many acts within a time, in so many channel syncs.
pub(super) fn plan(rng: &mut StdRng, count: usize, syncs: usize, within: Duration) -> Vec<Act> {
    let mut times: Vec<Duration> =
        (0..count).map(|_| within.mul_f64(rng.random::<f64>())).collect();
    times.sort_unstable();
    let act = |at| {
        let side = SIDES[usize::from(!rng.random::<bool>())];
        let people = side.people();
        let person = people[rng.random_range(0..people.len())];
        Act { at, sync: rng.random_range(0..syncs), side, person, what: what(rng, side) }
    };
    times.into_iter().map(act).collect()
}

fn what(rng: &mut StdRng, side: Side) -> What {
    let pick = rng.random();
    match rng.random_range(0..100) {
        0..42 => What::Post(shape(rng, side)),
        42..60 => What::Reply { pick, shape: shape(rng, side) },
        60..74 => What::Edit { pick },
        74..94 => What::React { pick, emoji: rng.random_range(0..EMOJI.len()) },
        _ => What::Delete { pick },
    }
}

fn shape(rng: &mut StdRng, side: Side) -> Shape {
    match rng.random_range(0..100) {
        0..66 => Shape::Plain { words: rng.random() },
        66..71 => Shape::Styled,
        71..76 => Shape::Link,
        76..80 => Shape::Quote,
        80..84 => Shape::Code,
        84..87 => Shape::Long { lines: long(side) },
        87..95 => Shape::File { bytes: rng.random_range(1..20_000) },
        _ => Shape::OnlyFile { bytes: rng.random_range(1..20_000) },
    }
}

/// Lines that this side takes in one message, and the other does not.
pub(super) fn long(side: Side) -> usize {
    if side == Side::Slack { 720 } else { 240 }
}
