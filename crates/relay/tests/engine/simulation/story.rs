//! What people said and did, and what each side must therefore read.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use rand::{RngExt, rngs::StdRng};
use rialto_model::{RemoteId, RichText};
use rialto_platform::split::split;

use super::setting::{Setting, Trouble};
use crate::{
    network::{Network, Seen},
    world::World,
};

/// Who says things, by side.
const AUTHORS: [&str; 4] = ["ana", "bea", "cem", "dov"];

/// What takes longer than this to get there says when it was said.
const LATE: SignedDuration = SignedDuration::from_mins(2);
/// How long a post may take from its turn until it is there.
const AT_WORK: SignedDuration = SignedDuration::from_mins(1);

/// A message as its author has it.
struct Said {
    side: usize,
    id: RemoteId,
    /// Each line is a post of its own: two do not fit into one.
    lines: Vec<String>,
    /// What it is a reply to.
    root: Option<usize>,
    deleted: bool,
    edits: u32,
    /// Who reacted to it, on which side.
    reactors: BTreeSet<(usize, &'static str)>,
}

/// What people did.
pub struct Story {
    setting: Setting,
    said: Vec<Said>,
    number: usize,
}

/// A webhook: from which side, and what it says.
pub type Webhook = (usize, Vec<u8>);

impl Story {
    pub fn new(setting: &Setting) -> Self {
        Self { setting: setting.clone(), said: Vec::new(), number: 0 }
    }

    /// Somebody does something, at one of these sides; gives the webhook that tells of it.
    pub fn act(&mut self, world: &World, sides: &[usize], random: &mut StdRng) -> Webhook {
        // Equal texts stay as they are: nobody could tell which of them was changed.
        let alive: Vec<_> = (0..self.said.len())
            .filter(|at| !self.said[*at].deleted && !self.said[*at].lines[0].starts_with("same"))
            .filter(|at| sides.contains(&self.said[*at].side))
            .collect();
        if alive.is_empty() {
            return self.say(world, random, sides[0], None);
        }
        if self.setting.insists
            && random.random_bool(0.6)
            && let Some(at) = alive.iter().find(|at| self.may_edit(world, **at))
        {
            return self.edit(world, random, *at);
        }
        let mut at = alive[random.random_range(0..alive.len())];
        let side = sides[random.random_range(0..sides.len())];
        // What is read is what people answer to; the more places there are, the later it is there.
        if sides.len() > 2 {
            let is_read = |at: &usize| self.place(world, *at, side).is_some();
            let read: Vec<_> = alive.into_iter().filter(is_read).collect();
            if !read.is_empty() {
                at = read[random.random_range(0..read.len())];
            }
        }
        let here = self.place(world, at, side);
        match (random.random_range(0..10), here) {
            (0, _) if self.may_edit(world, at) => self.edit(world, random, at),
            // A reply to what was deleted before it went stands for itself, and says so.
            (1, _) if !self.said.iter().any(|said| said.root == Some(at)) => {
                let said = &mut self.said[at];
                said.deleted = true;
                (said.side, world.networks[said.side].delete("general", &said.id))
            }
            (2 | 3, Some(id)) if world.networks[side].kind.reacts() => {
                let by = ["ana", "bob"][random.random_range(0..2)];
                let reactors = &mut self.said[at].reactors;
                let present = !reactors.remove(&(side, by));
                if present {
                    reactors.insert((side, by));
                }
                (side, world.networks[side].react("general", &id, by, "👍", present))
            }
            // A reply to what was refused stands for itself, and says so.
            (4, Some(id))
                if self.said[at].root.is_none() && self.setting.trouble != Trouble::Refusals =>
            {
                self.say(world, random, side, Some((at, id)))
            }
            _ => self.say(world, random, side, None),
        }
    }

    fn may_edit(&self, world: &World, at: usize) -> bool {
        let said = &self.said[at];
        world.networks[said.side].kind.max_edits().is_none_or(|most| said.edits < most)
    }

    fn edit(&mut self, world: &World, random: &mut StdRng, at: usize) -> Webhook {
        let lines = self.lines(random);
        let said = &mut self.said[at];
        said.lines = lines;
        said.edits += 1;
        let text = said.lines.join("\n");
        (said.side, world.networks[said.side].edit("general", &said.id, &text))
    }

    fn lines(&mut self, random: &mut StdRng) -> Vec<String> {
        self.number += 1;
        let line = |part| format!("{}{part} of what somebody has to say", self.number);
        let parts: &[_] = if random.random_bool(0.15) { &["a", "b", "c"] } else { &["a"] };
        parts.iter().map(line).collect()
    }

    fn say(
        &mut self,
        world: &World,
        random: &mut StdRng,
        side: usize,
        root: Option<(usize, RemoteId)>,
    ) -> Webhook {
        let lines = match random.random_bool(0.1) && root.is_none() {
            true => vec![format!("same from {side}")],
            false => self.lines(random),
        };
        let (text, thread) = (lines.join("\n"), root.as_ref().map(|(_, id)| id));
        let (id, event) = world.networks[side].post("general", AUTHORS[side], &text, thread);
        let root = root.map(|(at, _)| at);
        let reactors = BTreeSet::new();
        self.said.push(Said { side, id, lines, root, deleted: false, edits: 0, reactors });
        (side, event)
    }

    /// Where a message is on a side, as far as it reads there as it should.
    fn place(&self, world: &World, at: usize, side: usize) -> Option<RemoteId> {
        let said = &self.said[at];
        if said.side == side {
            return Some(said.id.clone());
        }
        let first = pieces(said, &world.networks[side]).swap_remove(0);
        let seen = world.networks[side].seen("general");
        let copy = seen.into_iter().find(|it| it.is_copy() && !it.deleted && it.reads() == first);
        copy.map(|copy| copy.id)
    }

    fn hears(&self, side: usize) -> bool {
        self.setting.members.all[side].direction.hears()
    }

    fn writes(&self, side: usize) -> bool {
        self.setting.members.all[side].direction.writes()
    }

    /// Whether a reaction of ours belongs on a message, on a side.
    fn is_reacted(&self, world: &World, said: &Said, side: usize) -> bool {
        world.networks[side].kind.reacts()
            && self.writes(side)
            && (said.side == side || self.hears(said.side))
            && said.reactors.iter().any(|(at, _)| *at != side && self.hears(*at))
    }

    /// What is wrong on a side; nothing when all is as it was said.
    pub fn wrong(&self, world: &World, side: usize) -> Option<String> {
        let network = &world.networks[side];
        let seen = network.seen("general");
        let text_of = |id: &RemoteId| {
            let found = seen.iter().find(|it| it.id == *id);
            found.map_or("nothing", |it| it.reads().lines().next().unwrap_or_default())
        };
        let read = |thread: Option<&str>, text: &str, reacted: bool| {
            let reply = thread.map(|root| format!("⤷ {root} ⤷ ")).unwrap_or_default();
            format!("{reply}{text}{}", if reacted { " 👍" } else { "" })
        };
        let visible = seen.iter().filter(|it| !it.deleted);
        let mut there: Vec<_> = visible
            .clone()
            .filter(|it| it.is_copy())
            .map(|it| {
                let root = it.thread.as_ref().map(text_of);
                (it.by.as_str(), read(root, it.reads(), it.reactions == ["👍"]))
            })
            .collect();
        let mut expected = Vec::new();
        let crosses = |said: &&Said| {
            self.writes(side) && self.hears(said.side) && said.side != side && !said.deleted
        };
        for said in self.said.iter().filter(crosses) {
            let root = said.root.map(|root| {
                let root = &self.said[root];
                let first = || pieces(root, network).swap_remove(0);
                if root.side == side { root.lines[0].clone() } else { first() }
            });
            for (part, piece) in pieces(said, network).iter().enumerate() {
                let reacted = part == 0 && self.is_reacted(world, said, side);
                expected.push((AUTHORS[said.side], read(root.as_deref(), piece, reacted)));
            }
        }
        // What an edit added stands where it was added.
        let in_order = self.setting.trouble.keeps_order()
            && self.said.iter().all(|said| said.lines.len() == 1);
        // There is an order among what comes from one place, unless a sweep left something out there.
        let order = |(by, text): &(&str, String)| {
            let from = AUTHORS.iter().position(|author| author == by);
            let shifted = from.is_some_and(|from| world.networks[from].has_shifted());
            (from, if in_order && !shifted { String::new() } else { text.clone() })
        };
        there.sort_by_cached_key(order);
        expected.sort_by_cached_key(order);
        if there != expected {
            return Some(format!("there is    {there:#?}\nbut it should {expected:#?}"));
        }
        if let Some(wrong) = self.tells_time_wrongly(world, side, &seen) {
            return Some(wrong);
        }
        for original in visible.filter(|it| !it.is_copy()) {
            let said = self.said.iter().find(|said| said.side == side && said.id == original.id);
            let reacted = said.is_some_and(|said| self.is_reacted(world, said, side));
            let expected: &[&str] = if reacted { &["👍"] } else { &[] };
            if original.reactions != expected {
                return Some(format!("{original:?} should have {expected:?}"));
            }
        }
        let told: Vec<_> = network
            .conversations()
            .into_iter()
            .filter(|name| name != "general")
            .flat_map(|name| network.seen(&name))
            .filter(|notice| !notice.deleted)
            .collect();
        if !told.is_empty() {
            return Some(format!("these notices were not taken back: {told:#?}"));
        }
        let too_fast = network.too_fast();
        (!too_fast.is_empty()).then(|| format!("{too_fast:#?}"))
    }
}

impl Story {
    /// What came late says when it was said, and only that.
    fn tells_time_wrongly(&self, world: &World, side: usize, seen: &[Seen]) -> Option<String> {
        let crossed = self.said.iter().filter(|said| said.side != side && !said.deleted);
        for said in crossed {
            let first = pieces(said, &world.networks[side]).swap_remove(0);
            let copy = seen.iter().find(|it| {
                it.is_copy() && !it.deleted && it.reads() == first && it.by == AUTHORS[said.side]
            });
            let there = world.networks[said.side].seen("general");
            let original = there.iter().find(|it| it.id == said.id);
            let (Some(copy), Some(original)) = (copy, original) else { continue };
            let took = copy.posted_at.duration_since(original.posted_at);
            let right = match copy.says {
                Some(says) => says == original.posted_at && took > LATE,
                None => took <= LATE + AT_WORK,
            };
            if !right {
                return Some(format!("{copy:?} of {original:?} came after {took:#}"));
            }
        }
        None
    }
}

/// The posts that a message is made of, on a network.
fn pieces(said: &Said, network: &Network) -> Vec<String> {
    let longest = network.kind.longest();
    let text = RichText::plain(&said.lines.join("\n"));
    let pieces = split(&text, &|piece| piece.plain_text().chars().count() <= longest);
    pieces.iter().map(RichText::plain_text).collect()
}
