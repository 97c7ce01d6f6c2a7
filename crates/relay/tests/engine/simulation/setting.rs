//! Which networks a seed has, and what goes wrong in it.

use std::ops::Range;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use rialto_model::Direction;

use crate::{
    network::{Fault, Illness, Kind},
    world::{Member, Members},
};

/// How often somebody does something.
pub const ACTS: usize = 24;

/// What goes wrong everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Calls fail in ways that pass, and answers are lost.
    Calls,
    /// Besides, an authorization is withdrawn and given again.
    Access,
    /// Besides, calls are refused for good, and what was parked is retried.
    Refusals,
    /// Webhooks are lost, late, and out of order.
    Webhooks,
    /// Nothing: one network is ill, and all others must not feel it.
    Nothing,
}

impl Trouble {
    pub fn fault(self, random: &mut StdRng) -> Option<Fault> {
        match random.random_range(0..16) {
            0 | 1 => Some(Fault::LostAnswer),
            2 => Some(Fault::LostCall),
            3 => Some(Fault::Down),
            4 => Some(Fault::Wait(2)),
            5 if self == Self::Access => Some(Fault::Revoked),
            5 if self == Self::Refusals => Some(Fault::Never),
            _ => None,
        }
    }

    /// Whether what a person says arrives in the order in which they said it.
    pub fn keeps_order(self) -> bool {
        matches!(self, Self::Calls | Self::Access | Self::Nothing)
    }
}

/// A network that is ill for a while.
#[derive(Clone, Debug)]
pub struct Ill {
    pub side: usize,
    pub with: Illness,
    /// During these acts.
    pub during: Range<usize>,
}

/// A seed's setting.
#[derive(Clone, Debug)]
pub struct Setting {
    pub members: Members,
    pub trouble: Trouble,
    pub ill: Option<Ill>,
    /// Whether somebody corrects one message more often than some networks allow.
    pub insists: bool,
    /// How long the longest pause between two acts is, in milliseconds.
    pub pause: u64,
}

impl Setting {
    /// Two networks that can do everything.
    pub fn of_two(seed: u64) -> Self {
        let troubles = [Trouble::Calls, Trouble::Access, Trouble::Refusals, Trouble::Webhooks];
        let trouble = troubles[usize::try_from(seed % 4).unwrap()];
        Self { members: Members::two(), trouble, ill: None, insists: false, pause: 400 }
    }

    /// Two to four networks of any kinds, also several of one, that are heard, written to, or both.
    pub fn of_many(seed: u64) -> Self {
        // Not the stream that the story has: it may change without changing this.
        let random = &mut StdRng::seed_from_u64(!seed);
        let trouble = match seed % 5 {
            0 => Trouble::Calls,
            1 => Trouble::Access,
            2 => Trouble::Refusals,
            3 => Trouble::Webhooks,
            _ => Trouble::Nothing,
        };
        // Where one is ill, there are two to see whether they feel it.
        let others = if trouble == Trouble::Nothing { 2 } else { 0 };
        let count = random.random_range(others.max(1) + 1..=4);
        let mut all: Vec<_> = (0..count).map(|_| member(random)).collect();
        // Somebody is heard somewhere else.
        all[0].direction = Direction::Both;
        all[1].direction = Direction::Both;
        let is_one_ill = trouble == Trouble::Nothing || random.random_bool(0.3);
        let ill = is_one_ill.then(|| ill(others..count, random));
        let pause = [400, 3_000][random.random_range(0..2)];
        let has_enough = |it: &Member| it.kind.max_edits().is_some() && it.direction.writes();
        let insists = all.iter().any(has_enough) && random.random_bool(0.35);
        Self { members: Members { all, paced: true }, trouble, ill, insists, pause }
    }
}

fn member(random: &mut StdRng) -> Member {
    let direction = match random.random_range(0..6) {
        0 => Direction::In,
        1 => Direction::Out,
        _ => Direction::Both,
    };
    Member { kind: Kind::ALL[random.random_range(0..4)], direction }
}

fn ill(sides: Range<usize>, random: &mut StdRng) -> Ill {
    let illnesses = [Illness::Down, Illness::Slow, Illness::Limited, Illness::Revoked];
    let from = random.random_range(0..ACTS / 2);
    Ill {
        side: random.random_range(sides),
        with: illnesses[random.random_range(0..4)],
        during: from..random.random_range(from + 4..ACTS),
    }
}
