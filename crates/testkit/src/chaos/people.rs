//! People on all sides: they do what was planned, and the truth is told of it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use jiff::Timestamp;
use tokio::{sync::Mutex, time::Instant};

use super::{
    acts::{Act, EMOJI, What, long, reacts},
    truth::{Said, Truth},
    words::{Shape, Words, marks_in},
};
use crate::{Channels, Side, World, id_of, sides::both};

/// How long people make do with what they saw on a screen.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Everybody in Acme.
pub(super) struct People {
    world: Arc<World>,
    syncs: Arc<[Channels]>,
    truth: Arc<Mutex<Truth>>,
    /// Copies that were seen, by message and side; when each screen was looked at last.
    seen: HashMap<(usize, Side), String>,
    looked: HashMap<(usize, Side), Instant>,
}

impl People {
    pub(super) fn new(world: Arc<World>, syncs: Arc<[Channels]>, truth: Arc<Mutex<Truth>>) -> Self {
        Self { world, syncs, truth, seen: HashMap::new(), looked: HashMap::new() }
    }

    fn now(&self) -> Timestamp {
        self.world.sandbox().core().clock.now()
    }

    /// Does all of it, each at its time.
    pub(super) async fn act_all(&mut self, acts: &[Act]) -> Result<()> {
        let start = Instant::now();
        for act in acts {
            tokio::time::sleep_until(start + act.at).await;
            self.act(act).await.with_context(|| format!("{act:?}"))?;
        }
        Ok(())
    }

    async fn act(&mut self, act: &Act) -> Result<()> {
        match act.what {
            What::Post(shape) => self.say(act, None, shape).await,
            What::Reply { pick, shape } => {
                // Few threads, and long ones.
                let root = |said: &Said| said.root.is_none() && said.number.is_multiple_of(4);
                let root = self.truth.lock().await.pick(pick, act.sync, root);
                match root {
                    Some(root) => self.say(act, Some(root), shape).await,
                    None => self.say(act, None, shape).await,
                }
            }
            What::Edit { pick } => self.edit(act, pick).await,
            What::Delete { pick } => self.delete(act, pick).await,
            What::React { pick, emoji } => self.react(act, pick, emoji).await,
        }
    }

    /// Who acts upon a message, and by which id: the one who was to, if the message can be seen
    /// there by now; else somebody where it was typed.
    async fn at_hand(&mut self, act: &Act, number: usize) -> Result<(Side, &'static str, String)> {
        let said = self.truth.lock().await.get(number).clone();
        if said.side == act.side {
            return Ok((act.side, act.person, said.id));
        }
        if let Some(copy) = self.copy_of(&said, act.side).await? {
            return Ok((act.side, act.person, copy));
        }
        let place = act.side.people().iter().position(|person| *person == act.person);
        Ok((said.side, said.side.people()[place.unwrap_or(0)], said.id))
    }

    /// The first message on another side's screen that shows this one.
    async fn copy_of(&mut self, said: &Said, there: Side) -> Result<Option<String>> {
        let looked = self.looked.get(&(said.sync, there));
        let fresh = looked.is_some_and(|at| at.elapsed() < LOOK_AGAIN);
        if !self.seen.contains_key(&(said.number, there)) && !fresh {
            let truth = self.truth.lock().await;
            for message in self.world.read(there, &self.syncs[said.sync]).await? {
                if message.deleted || truth.original(said.sync, there, &message.id).is_some() {
                    continue;
                }
                let names = message.files.iter().map(|file| file.name.as_str());
                let shown = [message.text.as_str()].into_iter().chain(names);
                for number in shown.flat_map(marks_in) {
                    self.seen.entry((number, there)).or_insert_with(|| message.id.clone());
                }
            }
            self.looked.insert((said.sync, there), Instant::now());
        }
        Ok(self.seen.get(&(said.number, there)).cloned())
    }

    async fn say(&mut self, act: &Act, root: Option<usize>, shape: Shape) -> Result<()> {
        let (side, person, root_id) = match root {
            None => (act.side, act.person, None),
            Some(root) => {
                let (side, person, id) = self.at_hand(act, root).await?;
                (side, person, Some(id))
            }
        };
        // How long is too long depends on the side.
        let shape = match shape {
            Shape::Long { .. } => Shape::Long { lines: long(side, &self.syncs[act.sync]) },
            shape => shape,
        };
        let mut truth = self.truth.lock().await;
        let words = Words::new(truth.next(), 0, shape);
        let mut typed = words.typed(side);
        if let Some(root) = &root_id {
            typed = both(typed, side.of(root));
        }
        let what = if root_id.is_some() { "reply" } else { "post" };
        let channels = &self.syncs[act.sync];
        let done = self.world.act(side, channels, person, what, typed).await;
        let (Some(root), Err(_)) = (root, &done) else {
            let id = id_of(&done?)?;
            truth.say(act.sync, side, person, root, words, id, self.now());
            return Ok(());
        };
        // Its root went away on this side between the look and the reply: it is said by itself.
        let typed = words.typed(side);
        let done = self.world.act(side, channels, person, "post", typed).await;
        let done = done.with_context(|| format!("instead of a reply to {root}"))?;
        truth.say(act.sync, side, person, None, words, id_of(&done)?, self.now());
        Ok(())
    }

    async fn edit(&mut self, act: &Act, pick: u32) -> Result<()> {
        let mut truth = self.truth.lock().await;
        let now = self.now();
        let mine = |said: &Said| said.side == act.side && Truth::may_edit(said, now);
        // One message of each channel sync is edited again and again, more often than Webex lets it be.
        let is_first =
            |said: &&Said| (said.sync, said.root, said.deleted) == (act.sync, None, false);
        let favourite = truth.all().iter().find(is_first).filter(|_| pick.is_multiple_of(3));
        let favourite = favourite.filter(|said| Truth::may_edit(said, now)).map(|it| it.number);
        let number = favourite.or_else(|| truth.pick(pick, act.sync, mine));
        let Some(number) = number else { return Ok(()) };
        let (said, words) = (truth.get(number).clone(), truth.next_words(number));
        let mut typed = words.typed(said.side);
        if let Some(map) = typed.as_object_mut() {
            match words.new_files(said.side) {
                Some(files) => map.insert("files".into(), files),
                None => map.remove("files"),
            };
        }
        let typed = both(typed, said.side.of(&said.id));
        self.world.act(said.side, &self.syncs[said.sync], said.person, "edit", typed).await?;
        truth.edit(number, words, self.now());
        Ok(())
    }

    async fn delete(&mut self, act: &Act, pick: u32) -> Result<()> {
        let mut truth = self.truth.lock().await;
        let mine = |said: &Said| said.side == act.side;
        let Some(number) = truth.pick(pick, act.sync, mine) else { return Ok(()) };
        let said = truth.get(number).clone();
        let typed = said.side.of(&said.id);
        self.world.act(said.side, &self.syncs[said.sync], said.person, "delete", typed).await?;
        truth.delete(number, self.now());
        Ok(())
    }

    async fn react(&mut self, act: &Act, pick: u32, emoji: usize) -> Result<()> {
        let number = self.truth.lock().await.pick(pick, act.sync, |_| true);
        let Some(number) = number else { return Ok(()) };
        let (side, person, id) = self.at_hand(act, number).await?;
        if !reacts(side) {
            return Ok(());
        }
        let mut truth = self.truth.lock().await;
        let there = truth.has_reacted(number, side, person, emoji);
        let what = if there { "unreact" } else { "react" };
        let typed = side.reaction(&id, EMOJI[emoji]);
        let done = self.world.act(side, &self.syncs[act.sync], person, what, typed).await;
        match done {
            Ok(_) => truth.react(number, side, person, emoji, self.now()),
            // A copy may be replaced or gone by then, not an original.
            Err(error) if side == truth.get(number).side => return Err(error),
            Err(_) => {}
        }
        Ok(())
    }
}
