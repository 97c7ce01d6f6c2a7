//! Answers to those who asked, a batch at a time.
//!
//! An answer wakes the thread of whoever waits for it, and where there is one core that thread takes
//! the writer's place. Given one by one, both would go back and forth for each of them; so every
//! runtime is woken once, and hands out by itself what belongs to its tasks.

use tokio::runtime::Handle;

use super::writer::Verb;
use crate::StoreError;

/// A verb and how it ended.
pub(super) type Ended = (Box<dyn Verb>, Result<(), StoreError>);

/// Answers all.
pub(super) fn give(ends: impl Iterator<Item = Ended>) {
    let mut runtimes: Vec<(Handle, Vec<Ended>)> = Vec::with_capacity(2);
    for ended in ends {
        let asker = ended.0.asker();
        match runtimes.iter_mut().find(|(runtime, _)| runtime.id() == asker.id()) {
            Some((_, theirs)) => theirs.push(ended),
            None => runtimes.push((asker.clone(), vec![ended])),
        }
    }
    for (runtime, ends) in runtimes {
        runtime.spawn(async move { ends.into_iter().for_each(|(verb, end)| verb.answer(end)) });
    }
}
