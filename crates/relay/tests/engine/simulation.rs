//! Two networks, people who talk on both, and everything that goes wrong: afterwards each side reads
//! what the other said. A seed tells which people, which faults, and at which step the process dies.

use std::{collections::BTreeSet, ops::Range, time::Duration};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use rialto_model::{DeliveryState, RemoteId};
use rialto_store::{ConnectionState, DeliveryFilter};

use crate::{
    network::{Fault, Network},
    watched::Broken,
    world::{World, connection},
};

/// Which seeds are tried: the first 300, or as `RIALTO_SEEDS` says, `20000` or `93..94`.
fn seeds() -> Range<u64> {
    let text = std::env::var("RIALTO_SEEDS").unwrap_or_default();
    let (from, to) = text.split_once("..").unwrap_or(("0", &text));
    from.parse().unwrap_or(0)..to.parse().unwrap_or(300)
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// Calls fail in ways that pass, and answers are lost.
    Calls,
    /// Besides, an authorization is withdrawn and given again.
    Access,
    /// Besides, calls are refused for good, and what was parked is retried.
    Refusals,
    /// Webhooks are lost, late, and out of order.
    Webhooks,
}

impl Trouble {
    fn of(seed: u64) -> Self {
        [Self::Calls, Self::Access, Self::Refusals, Self::Webhooks][(seed % 4) as usize]
    }

    fn fault(self, random: &mut StdRng) -> Option<Fault> {
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
    fn keeps_order(self) -> bool {
        matches!(self, Self::Calls | Self::Access)
    }
}

/// A message as its author has it.
struct Said {
    side: usize,
    id: RemoteId,
    /// Each line is a post of its own: two do not fit into one.
    lines: Vec<String>,
    /// What it is a reply to.
    root: Option<usize>,
    deleted: bool,
    /// Who reacted to it, on which side.
    reactors: BTreeSet<(usize, &'static str)>,
}

/// What people did.
struct Story {
    said: Vec<Said>,
    number: usize,
}

fn network(world: &World, side: usize) -> Network {
    if side == 0 { world.left.clone() } else { world.right.clone() }
}

impl Story {
    /// Somebody does something; gives the webhook that tells of it.
    fn act(&mut self, world: &World, trouble: Trouble, random: &mut StdRng) -> (usize, Vec<u8>) {
        // Equal texts stay as they are: nobody could tell which of them was changed.
        let alive: Vec<_> = (0..self.said.len())
            .filter(|at| !self.said[*at].deleted && !self.said[*at].lines[0].starts_with("same"))
            .collect();
        if alive.is_empty() {
            return self.say(world, random, 0, None);
        }
        let at = alive[random.random_range(0..alive.len())];
        let side = random.random_range(0..2);
        let here = self.place(world, at, side);
        match (random.random_range(0..10), here) {
            (0, _) => {
                let lines = self.lines(random);
                let said = &mut self.said[at];
                said.lines = lines;
                let text = said.lines.join("\n");
                (said.side, network(world, said.side).edit("general", &said.id, &text))
            }
            // A reply to what was deleted before it went stands for itself, and says so.
            (1, _) if !self.said.iter().any(|said| said.root == Some(at)) => {
                let said = &mut self.said[at];
                said.deleted = true;
                (said.side, network(world, said.side).delete("general", &said.id))
            }
            (2 | 3, Some(id)) => {
                let by = ["ana", "bob"][random.random_range(0..2)];
                let reactors = &mut self.said[at].reactors;
                let present = !reactors.remove(&(side, by));
                if present {
                    reactors.insert((side, by));
                }
                (side, network(world, side).react("general", &id, by, "👍", present))
            }
            // A reply to what was refused stands for itself, and says so.
            (4, Some(id)) if self.said[at].root.is_none() && trouble != Trouble::Refusals => {
                self.say(world, random, side, Some((at, id)))
            }
            _ => self.say(world, random, side, None),
        }
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
    ) -> (usize, Vec<u8>) {
        let lines = match random.random_bool(0.1) && root.is_none() {
            true => vec![format!("same from {side}")],
            false => self.lines(random),
        };
        let (text, thread) = (lines.join("\n"), root.as_ref().map(|(_, id)| id));
        let (id, event) = network(world, side).post("general", "ana", &text, thread);
        let root = root.map(|(at, _)| at);
        self.said.push(Said { side, id, lines, root, deleted: false, reactors: BTreeSet::new() });
        (side, event)
    }

    /// Where a message is on a side, as far as it reads there as it should.
    fn place(&self, world: &World, at: usize, side: usize) -> Option<RemoteId> {
        let said = &self.said[at];
        if said.side == side {
            return Some(said.id.clone());
        }
        let seen = network(world, side).seen("general");
        let copy =
            seen.into_iter().find(|it| it.is_copy() && !it.deleted && it.text == said.lines[0]);
        copy.map(|copy| copy.id)
    }

    /// What is wrong on a side; nothing when all is as it was said.
    fn wrong(&self, world: &World, side: usize, in_order: bool) -> Option<String> {
        let network = network(world, side);
        let seen = network.seen("general");
        let text_of = |id: &RemoteId| {
            let found = seen.iter().find(|it| it.id == *id);
            found.map_or("nothing", |it| it.text.lines().next().unwrap_or_default())
        };
        let read = |thread: Option<&str>, text: &str, reacted: bool| {
            let reply = thread.map(|root| format!("⤷ {root} ⤷ ")).unwrap_or_default();
            format!("{reply}{text}{}", if reacted { " 👍" } else { "" })
        };
        let visible = seen.iter().filter(|it| !it.deleted);
        let mut there: Vec<_> = visible
            .clone()
            .filter(|it| it.is_copy())
            .map(|it| read(it.thread.as_ref().map(text_of), &it.text, it.reactions == ["👍"]))
            .collect();
        let mut expected = Vec::new();
        for said in self.said.iter().filter(|said| said.side != side && !said.deleted) {
            let root = said.root.map(|root| self.said[root].lines[0].as_str());
            for (part, line) in said.lines.iter().enumerate() {
                let reacted = part == 0 && said.reactors.iter().any(|(at, _)| *at != side);
                expected.push(read(root, line, reacted));
            }
        }
        // What an edit added stands where it was added.
        if !in_order || self.said.iter().any(|said| said.lines.len() > 1) {
            there.sort();
            expected.sort();
        }
        if there != expected {
            return Some(format!("there is    {there:#?}\nbut it should {expected:#?}"));
        }
        for original in visible.filter(|it| !it.is_copy()) {
            let said = self.said.iter().find(|said| said.side == side && said.id == original.id);
            let theirs = said.is_some_and(|said| said.reactors.iter().any(|(at, _)| *at != side));
            let expected: &[&str] = if theirs { &["👍"] } else { &[] };
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
        (!told.is_empty()).then(|| format!("these notices were not taken back: {told:#?}"))
    }
}

/// Plays a seed. What is wrong in the end.
async fn play(seed: u64, broken: Option<Broken>) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(seed);
    let trouble = Trouble::of(seed);
    let mut world = World::broken(broken).await;
    let mut story = Story { said: Vec::new(), number: 0 };
    let mut late: Vec<(usize, Vec<u8>)> = Vec::new();
    for _ in 0..24 {
        let fault = trouble.fault(&mut random);
        network(&world, random.random_range(0..2)).fail_next(fault);
        if random.random_bool(0.25) {
            world.process.die_after(random.random_range(1..60));
        }
        let (side, event) = story.act(&world, trouble, &mut random);
        match random.random_range(0..6) {
            0 if trouble == Trouble::Webhooks => {}
            1 | 2 if trouble == Trouble::Webhooks => late.push((side, event)),
            3 => {
                tell(&mut world, side, &event).await;
                late.push((side, event));
            }
            _ => tell(&mut world, side, &event).await,
        }
        if !late.is_empty() && random.random_bool(0.3) {
            let (side, event) = late.swap_remove(random.random_range(0..late.len()));
            tell(&mut world, side, &event).await;
        }
        for side in 0..2 {
            for event in network(&world, side).own_events() {
                late.push((side, event));
            }
        }
        for _ in 0..random.random_range(0..20) {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_millis(random.random_range(1..400))).await;
        if world.process.is_dead() {
            world.crash().await;
        }
    }
    for (side, event) in late {
        tell(&mut world, side, &event).await;
    }
    mend(&mut world).await;
    // Long enough for sweeps, and for what comes too often.
    let mut quiet = 0;
    let mut wrong = None;
    for _ in 0..240 {
        tokio::time::sleep(Duration::from_secs(30)).await;
        for side in 0..2 {
            for event in network(&world, side).own_events() {
                tell(&mut world, side, &event).await;
            }
        }
        retry_what_is_parked(&world).await;
        wrong = (0..2).find_map(|side| {
            let wrong = story.wrong(&world, side, trouble.keeps_order());
            wrong.map(|wrong| format!("seed {seed}, {trouble:?}, on side {side}: {wrong}"))
        });
        quiet = if wrong.is_none() { quiet + 1 } else { 0 };
        if quiet > 50 {
            break;
        }
    }
    let calls = [world.left.calls(), world.right.calls()];
    let _ = tokio::time::timeout(Duration::from_secs(1), world.relay.stop()).await;
    wrong.map_or(Ok(()), |wrong| Err(format!("{wrong}\ncalls: {calls:#?}")))
}

/// A webhook comes, again and again until somebody takes it.
async fn tell(world: &mut World, side: usize, event: &[u8]) {
    loop {
        let heard = tokio::time::timeout(Duration::from_secs(3), world.hear(side, event)).await;
        if heard.is_ok() {
            return;
        }
        world.crash().await;
    }
}

/// All is well from now on.
async fn mend(world: &mut World) {
    if world.process.is_dead() {
        world.crash().await;
    }
    world.process.die_after(u64::MAX / 2);
    for side in 0..2 {
        network(world, side).is_well();
    }
    for side in 0..2 {
        let active = ConnectionState::Active;
        world.store.set_connection_state(connection(side), active).await.unwrap();
    }
    world.relay.changed(&[connection(0), connection(1)]).await.unwrap();
}

async fn retry_what_is_parked(world: &World) {
    let state = Some(DeliveryState::Parked);
    let parked = DeliveryFilter { state, limit: 500, ..DeliveryFilter::default() };
    for delivery in world.store.deliveries(&parked).await.unwrap() {
        let retried = world.store.retry(delivery.id).await.unwrap();
        world.relay.wake_lane(&retried.to);
    }
}

#[tokio::test(start_paused = true)]
async fn each_side_reads_what_the_other_said_whatever_goes_wrong() {
    for seed in seeds() {
        if let Err(wrong) = play(seed, None).await {
            panic!("{wrong}");
        }
    }
}

/// Far out, and each a defect once: notices of one message taken for each other; a reply that a sweep
/// found before its root, which the list that it read had left out.
#[tokio::test(start_paused = true)]
async fn what_was_wrong_once_is_right() {
    for seed in [1478, 8150, 11355, 12571] {
        if let Err(wrong) = play(seed, None).await {
            panic!("{wrong}");
        }
    }
}

async fn is_noticed(broken: Broken) {
    for seed in 0..100 {
        if play(seed, Some(broken)).await.is_err() {
            return;
        }
    }
    panic!("an engine without {broken:?} passed 100 seeds");
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_does_not_write_down_what_it_begins_is_noticed() {
    is_noticed(Broken::Begin).await;
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_does_not_know_its_own_posts_is_noticed() {
    is_noticed(Broken::EchoCheck).await;
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_takes_what_it_knows_for_new_is_noticed() {
    is_noticed(Broken::Dedupe).await;
}
