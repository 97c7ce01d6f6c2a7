//! What people do, from a seed: who, where, when, and what. What it is done to is chosen by number
//! among what has been said by then.

use std::time::Duration;

use rand::{RngExt as _, rngs::StdRng};

use super::words::Shape;
use crate::{Channels, Side};

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

/// So many acts within a time, in these channel syncs.
pub(super) fn plan(
    rng: &mut StdRng,
    count: usize,
    syncs: &[Channels],
    within: Duration,
) -> Vec<Act> {
    let mut times: Vec<Duration> =
        (0..count).map(|_| within.mul_f64(rng.random::<f64>())).collect();
    times.sort_unstable();
    let act = |at| {
        let sync = rng.random_range(0..syncs.len());
        let places = &syncs[sync].places;
        let side = places[rng.random_range(0..places.len())].side;
        let people = side.people();
        let person = people[rng.random_range(0..people.len())];
        Act { at, sync, side, person, what: what(rng) }
    };
    times.into_iter().map(act).collect()
}

fn what(rng: &mut StdRng) -> What {
    let pick = rng.random();
    match rng.random_range(0..100) {
        0..42 => What::Post(shape(rng)),
        42..60 => What::Reply { pick, shape: shape(rng) },
        60..74 => What::Edit { pick },
        74..94 => What::React { pick, emoji: rng.random_range(0..EMOJI.len()) },
        _ => What::Delete { pick },
    }
}

fn shape(rng: &mut StdRng) -> Shape {
    match rng.random_range(0..100) {
        0..66 => Shape::Plain { words: rng.random() },
        66..69 => Shape::Styled,
        69..71 => Shape::Struck,
        71..76 => Shape::Link,
        76..80 => Shape::Quote,
        80..84 => Shape::Code,
        84..87 => Shape::Long { lines: 0 },
        87..95 => Shape::File { bytes: rng.random_range(1..20_000) },
        _ => Shape::OnlyFile { bytes: rng.random_range(1..20_000) },
    }
}

/// Lines that a side takes in one message, and another one of the channel sync does not, if there is
/// such a number: nobody takes less than Zoom.
pub(super) fn long(side: Side, channels: &Channels) -> usize {
    match side {
        // Between the two, Teams takes almost as much as Slack does.
        Side::Slack if channels.others(side) == [Side::Teams] => 720,
        Side::Slack | Side::Teams => 240,
        Side::Webex => 100,
        Side::Zoom => 20,
    }
}

/// Whether Rialto hears of people's reactions there: Webex tells apps of none.
pub(super) fn reacts(side: Side) -> bool {
    side != Side::Webex
}

/// How often people there can edit one message.
pub(super) fn most_edits(side: Side) -> usize {
    if side == Side::Webex { 10 } else { usize::MAX }
}
