//! Finding a post again where none of our metadata travels along.
//!
//! It is ours if the service user wrote it, where it belongs, not before it was begun, and it reads
//! like what was begun. Two that are alike cannot be told apart and need not be: the engine takes the
//! oldest that is nobody's copy yet, so that they are counted and never merged.

use jiff::{SignedDuration, Timestamp};
use rialto_model::{Begun, Fingerprint, RemoteId};

use crate::SendError;

/// A platform's clock may be behind ours by so much.
const SKEW: SignedDuration = SignedDuration::from_secs(60);
/// Pages that are looked through, of fifty messages or more each.
const MOST_PAGES: usize = 100;

/// A message as a platform lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: RemoteId,
    /// When it was posted, by the platform's clock; `None` when it does not say.
    pub created: Option<Timestamp>,
    /// Whether the service user wrote it.
    pub own: bool,
    /// The root of its thread.
    pub thread: Option<RemoteId>,
    /// What it reads like.
    pub fingerprint: Fingerprint,
    /// Whether it has the files that it was to have.
    pub has_files: bool,
}

/// A search for a post that was begun.
#[derive(Debug)]
pub struct Search<'a> {
    since: Timestamp,
    thread: Option<RemoteId>,
    fingerprint: &'a Fingerprint,
    found: Vec<(Option<Timestamp>, RemoteId)>,
    pages: usize,
}

impl<'a> Search<'a> {
    /// For what reads so, in the thread of `thread`.
    pub fn new(begun: &Begun, thread: Option<RemoteId>, fingerprint: &'a Fingerprint) -> Self {
        let since = begun.at().checked_sub(SKEW).unwrap_or(begun.at());
        Self { since, thread, fingerprint, found: Vec::new(), pages: 0 }
    }

    /// What was posted before cannot be it.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// Looks at a page; says whether any of it is young enough, so that there may be more on the next.
    ///
    /// # Errors
    /// [`SendError::Unknown`] when more was said since than is looked through: then nobody knows.
    pub fn look(&mut self, page: impl IntoIterator<Item = Listed>) -> Result<bool, SendError> {
        self.pages += 1;
        if self.pages > MOST_PAGES {
            let why = "too much was said since to find out whether it was posted";
            return Err(SendError::Unknown(why.into()));
        }
        let mut goes_on = false;
        for listed in page {
            let young = listed.created.is_none_or(|at| at >= self.since);
            goes_on |= young;
            if young
                && listed.own
                && listed.has_files
                && listed.thread == self.thread
                && listed.fingerprint == *self.fingerprint
            {
                self.found.push((listed.created, listed.id));
            }
        }
        Ok(goes_on)
    }

    /// What it may be, oldest first, each once.
    pub fn found(mut self) -> Vec<RemoteId> {
        self.found.sort();
        self.found.dedup();
        self.found.into_iter().map(|(_, id)| id).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::{collection::vec, prelude::*, sample::Index};
    use rialto_model::{DeliveryId, PartKey};
    use uuid::Uuid;

    use super::*;

    /// Who wrote a message, which the platform does not tell.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum By {
        /// Rialto, through the service user.
        Rialto,
        /// A human, with the service user's account.
        Account,
        Somebody,
    }

    #[derive(Clone, Debug)]
    struct Message {
        listed: Listed,
        by: By,
        deleted: bool,
    }

    /// What becomes of a call.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Fate {
        Answered,
        AnswerLost,
        CallLost,
        /// Its answer is lost and it is given up, so that nobody looks for it.
        GivenUp,
    }

    #[derive(Clone, Debug)]
    enum Act {
        /// A message is delivered: a text of as many parts that read alike.
        Deliver { text: u8, thread: bool, fate: Fate, parts: u8, meanwhile: Vec<u8> },
        /// Somebody says the same.
        Say { text: u8, thread: bool, by_account: bool },
        /// A message of the service user reads otherwise now.
        Edit { which: Index, text: u8 },
        /// One is gone.
        Delete { which: Index },
    }

    fn act() -> impl Strategy<Value = Act> {
        let text = || 0..3_u8;
        let fate = prop_oneof![
            2 => Just(Fate::Answered),
            3 => Just(Fate::AnswerLost),
            3 => Just(Fate::CallLost),
            1 => Just(Fate::GivenUp),
        ];
        let deliver = (text(), any::<bool>(), fate, 1..4_u8, vec(text(), 0..12)).prop_map(
            |(text, thread, fate, parts, meanwhile)| Act::Deliver {
                text,
                thread,
                fate,
                parts,
                meanwhile,
            },
        );
        prop_oneof![
            6 => deliver,
            2 => (text(), any::<bool>(), any::<bool>())
                .prop_map(|(text, thread, by_account)| Act::Say { text, thread, by_account }),
            1 => (any::<Index>(), text()).prop_map(|(which, text)| Act::Edit { which, text }),
            1 => any::<Index>().prop_map(|which| Act::Delete { which }),
        ]
    }

    /// A conversation on a platform, and what the engine knows of it.
    struct World {
        /// By our clock, in seconds.
        now: i64,
        /// How far the platform's clock is ahead.
        ahead: i64,
        messages: Vec<Message>,
        copies: BTreeSet<RemoteId>,
        given_up: usize,
        delivered: usize,
    }

    impl World {
        fn post(&mut self, text: u8, thread: bool, by: By) -> RemoteId {
            let id = RemoteId::from(format!("m{}", self.messages.len()));
            let listed = Listed {
                id: id.clone(),
                created: Timestamp::from_second(self.now + self.ahead).ok(),
                own: by != By::Somebody,
                thread: thread.then(|| "root".into()),
                fingerprint: fingerprint(text),
                has_files: true,
            };
            self.messages.push(Message { listed, by, deleted: false });
            id
        }

        /// Looks for what was begun, as connector and engine do together.
        fn look_up(&self, text: u8, thread: bool, begun: &Begun) -> Option<RemoteId> {
            let fingerprint = fingerprint(text);
            let mut search = Search::new(begun, thread.then(|| "root".into()), &fingerprint);
            // Newest first, six to a page; each page shows the last of the one before once more.
            let listed: Vec<&Message> =
                self.messages.iter().rev().filter(|message| !message.deleted).collect();
            for start in (0..listed.len()).step_by(5) {
                let page = listed[start..].iter().take(6).map(|message| message.listed.clone());
                if !search.look(page).unwrap() {
                    break;
                }
            }
            search.found().into_iter().find(|id| !self.copies.contains(id))
        }

        /// Delivers one part: written down as begun, then posted, and looked for when nobody answered.
        fn deliver(&mut self, text: u8, thread: bool, fate: Fate, meanwhile: &[u8]) {
            let delivery = DeliveryId::new(Uuid::from_u128(1));
            let now = Timestamp::from_second(self.now).unwrap();
            let begun = Begun::committed(delivery, PartKey::Text(0), now);
            let made = match fate {
                Fate::CallLost => None,
                _ => Some(self.post(text, thread, By::Rialto)),
            };
            match fate {
                Fate::GivenUp => {
                    self.given_up += 1;
                    return;
                }
                Fate::Answered => {
                    self.copies.extend(made);
                    self.delivered += 1;
                    return;
                }
                Fate::AnswerLost | Fate::CallLost => {}
            }
            for text in meanwhile {
                self.now += 2;
                self.post(*text, thread, By::Somebody);
            }
            let found = self.look_up(text, thread, &begun);
            assert!(made.is_none() || found.is_some(), "what was posted is found");
            let copy = match found {
                Some(found) => found,
                None => self.post(text, thread, By::Rialto),
            };
            let claimed = self.messages.iter().find(|it| it.listed.id == copy).unwrap();
            assert_eq!(claimed.by, By::Rialto, "nobody else's message is taken for ours");
            assert!(!claimed.deleted);
            let reads = (&claimed.listed.thread, &claimed.listed.fingerprint);
            assert_eq!(reads, (&thread.then(|| "root".into()), &fingerprint(text)));
            assert!(self.copies.insert(copy), "one message is one copy");
            self.delivered += 1;
        }

        fn act(&mut self, act: &Act) {
            match act {
                Act::Deliver { text, thread, fate, parts, meanwhile } => {
                    for _ in 0..*parts {
                        self.deliver(*text, *thread, *fate, meanwhile);
                        self.now += 1;
                    }
                }
                // Whoever types with the service user's account while the same is being posted cannot
                // be told from us.
                Act::Say { text, thread, by_account: true } => {
                    self.post(*text, *thread, By::Account);
                    self.now += 2 * SKEW.as_secs() + self.ahead.max(0) + 1;
                }
                Act::Say { text, thread, by_account: false } => {
                    self.post(*text, *thread, By::Somebody);
                }
                // What is given up and changed by hand afterwards is the human's.
                Act::Edit { which, text } => {
                    let copies = &self.copies;
                    let ours = self.messages.iter_mut().filter(|it| copies.contains(&it.listed.id));
                    let mut ours: Vec<&mut Message> = ours.collect();
                    if !ours.is_empty() {
                        let count = ours.len();
                        ours[which.index(count)].listed.fingerprint = fingerprint(*text);
                    }
                }
                Act::Delete { which } if !self.messages.is_empty() => {
                    let at = which.index(self.messages.len());
                    self.messages[at].deleted |= self.copies.contains(&self.messages[at].listed.id);
                }
                Act::Delete { .. } => {}
            }
            self.now += 3;
        }
    }

    fn fingerprint(text: u8) -> Fingerprint {
        Fingerprint(text.to_string())
    }

    proptest! {
        #[test]
        fn equal_texts_are_counted_and_never_merged(acts in vec(act(), 1..24), ahead in -60..600_i64) {
            let mut world = World {
                now: 1_800_000_000,
                ahead,
                messages: Vec::new(),
                copies: BTreeSet::new(),
                given_up: 0,
                delivered: 0,
            };
            acts.iter().for_each(|act| world.act(act));
            prop_assert_eq!(world.copies.len(), world.delivered, "one copy for each delivery");
            let ours = world.messages.iter().filter(|message| message.by == By::Rialto).count();
            // Something given up may have been posted, and stand for a later one that reads the same.
            prop_assert!(ours <= world.delivered + world.given_up, "nothing is posted twice");
            prop_assert!(ours >= world.delivered, "nothing is taken to be posted that is not");
        }
    }

    #[test]
    fn a_search_that_does_not_come_to_an_end_knows_nothing() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let begun = Begun::committed(DeliveryId::new(Uuid::from_u128(1)), PartKey::Text(0), now);
        let fingerprint = fingerprint(1);
        let mut search = Search::new(&begun, None, &fingerprint);
        let other = Listed {
            id: "m1".into(),
            created: None,
            own: false,
            thread: None,
            fingerprint: fingerprint.clone(),
            has_files: true,
        };
        for _ in 0..MOST_PAGES {
            assert_eq!(search.look([other.clone()]), Ok(true));
        }
        assert!(matches!(search.look([other]), Err(SendError::Unknown(_))));
    }
}
