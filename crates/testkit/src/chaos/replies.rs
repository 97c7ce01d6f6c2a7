//! Replies that tell of reactions where Rialto can make none, against the reactions that there are.

use std::collections::BTreeMap;

use super::{
    acts::{EMOJI, reacts},
    compare::{Comparison, Wrong},
    truth::Said,
};
use crate::{Message, Side};

/// What such a reply begins with.
const FIRST: &str = "Rialto reacts to this with ";

/// The emoji that such a reply tells of.
pub(super) fn emoji_of(message: &Message) -> Option<&str> {
    message.text.strip_prefix(FIRST).filter(|emoji| EMOJI.contains(emoji))
}

impl Comparison<'_> {
    /// In each thread there are as many as there are messages in it with reactions of other sides; none
    /// where nobody asked for them.
    pub(super) fn replies(&self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        for side in self.screens.sides().filter(|side| !reacts(*side)) {
            let mut told: BTreeMap<(String, &str), [usize; 3]> = BTreeMap::new();
            for message in self.screens.on(side).iter().filter(|message| !message.deleted) {
                if let Some(emoji) = emoji_of(message) {
                    let thread = message.thread.clone().unwrap_or_default();
                    told.entry((thread, emoji)).or_default()[0] += 1;
                }
            }
            if self.asks_for_replies {
                for (thread, emoji, is_deleted) in self.reacted(side) {
                    told.entry((thread, emoji)).or_default()[1 + usize::from(is_deleted)] += 1;
                }
            }
            let gone = self.gone_roots(side);
            for ((thread, emoji), [shown, expected, more]) in told {
                let is_well = (expected..=expected + more).contains(&shown);
                if !is_well && !gone.contains(&thread) {
                    let message = self.truth.original(self.sync, side, &thread);
                    let what = format!(
                        "{shown} replies and not {expected} below {thread} on {} tell of {emoji}",
                        side.name()
                    );
                    wrong.push(Wrong { message, what });
                }
            }
        }
        wrong
    }

    /// The thread and the emoji of each reaction of other sides, and whether its message was typed on this
    /// side and is deleted: what was told of it may stay.
    fn reacted(&self, side: Side) -> Vec<(String, &'static str, bool)> {
        let mut all = Vec::new();
        for said in self.truth.all().iter().filter(|it| it.sync == self.sync) {
            let thread = match said.root.filter(|_| said.deleted && said.side == side) {
                Some(root) => self.shown(self.truth.get(root), side),
                None if said.deleted => continue,
                None => self.shown(said, side),
            };
            let Some(thread) = thread.map(|it| it.thread.as_ref().unwrap_or(&it.id)) else {
                continue;
            };
            let there = (0..EMOJI.len()).filter(|index| said.is_reacted_beyond(side, *index));
            all.extend(there.map(|index| (thread.clone(), EMOJI[index], said.deleted)));
        }
        all
    }

    /// A message as a side shows it.
    fn shown(&self, said: &Said, side: Side) -> Option<&Message> {
        match said.side == side {
            true => self.screens.on(side).iter().find(|it| it.id == said.id),
            false => self.screens.copies(self.truth, said, side).first().copied(),
        }
    }

    /// Threads whose root is deleted: where replies go is not said.
    fn gone_roots(&self, side: Side) -> Vec<String> {
        let screen = self.screens.on(side);
        let threads = screen.iter().filter_map(|it| it.thread.clone());
        let stays = |thread: &String| screen.iter().any(|it| it.id == *thread && !it.deleted);
        threads.filter(|thread| !stays(thread)).collect()
    }
}
