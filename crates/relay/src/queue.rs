//! First-in first-out queues by conversation, each with at most one worker, bounded in memory.
//!
//! The database is the truth: what does not fit is not queued, and its worker reads it from there
//! when it gets to it. So memory stays bounded however much waits.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, btree_map::Entry},
    pin::pin,
    sync::Arc,
};

use parking_lot::Mutex;
use rialto_model::ConversationRef;
use tokio::sync::Notify;

/// The queues.
pub(crate) struct Queues<T> {
    state: Mutex<State<T>>,
    max_weight: usize,
    /// Something that was announced is queued now, or will never be.
    landed: Notify,
}

struct State<T> {
    queues: HashMap<ConversationRef, Queue<T>>,
    weight: usize,
    tickets: u64,
}

struct Queue<T> {
    items: BTreeMap<i64, Queued<T>>,
    /// Tickets of what is on its way to the database.
    announced: BTreeSet<u64>,
    has_worker: bool,
    /// The database holds items that are not in `items`, all later than those that are.
    spilled: bool,
    /// The database may hold items that are not in `items`, earlier ones too.
    stale: bool,
    /// What was another queue's goes on here once that one's worker has ended.
    after: Option<ConversationRef>,
}

struct Queued<T> {
    weight: usize,
    ticket: u64,
    item: Arc<T>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            items: BTreeMap::new(),
            announced: BTreeSet::new(),
            has_worker: false,
            spilled: false,
            stale: false,
            after: None,
        }
    }
}

/// Something on its way to the database, whose place in the order is not known yet: what was
/// announced after it waits until it is dropped.
pub(crate) struct Announced<'q, T> {
    queues: &'q Queues<T>,
    key: ConversationRef,
    ticket: u64,
}

impl<T> Announced<'_, T> {
    /// Queues an item that was announced and is in the database now. Whether a worker must be
    /// started for it.
    #[must_use]
    pub(crate) fn push(&self, seq: i64, weight: usize, item: T) -> bool {
        self.queues.land(&self.key, seq, weight, item, self.ticket)
    }
}

impl<T> Drop for Announced<'_, T> {
    fn drop(&mut self) {
        let mut state = self.queues.state.lock();
        if let Some(queue) = state.queues.get_mut(&self.key) {
            queue.announced.remove(&self.ticket);
            if queue.is_over() {
                state.queues.remove(&self.key);
            }
        }
        drop(state);
        self.queues.landed.notify_waiters();
    }
}

impl<T> Queue<T> {
    /// Nobody works on it, and nothing is known to come.
    fn is_over(&self) -> bool {
        !self.has_worker
            && !self.stale
            && !self.spilled
            && self.after.is_none()
            && self.items.is_empty()
            && self.announced.is_empty()
    }
}

/// What a worker does next.
pub(crate) enum Next<T> {
    /// This item, the first; it stays first until it is `done`.
    Item(i64, Arc<T>),
    /// Read from the database, then `refill`.
    Refill,
    /// End: nothing is left.
    End,
}

impl<T> Queues<T> {
    /// Queues that hold items of at most `max_weight` in all.
    pub(crate) fn new(max_weight: usize) -> Self {
        let state = State { queues: HashMap::new(), weight: 0, tickets: 0 };
        Self { state: Mutex::new(state), max_weight, landed: Notify::new() }
    }

    /// Says that something is on its way to the database: it is pushed through the answer.
    pub(crate) fn announce(&self, key: &ConversationRef) -> Announced<'_, T> {
        let mut state = self.state.lock();
        state.tickets += 1;
        let ticket = state.tickets;
        state.queues.entry(key.clone()).or_default().announced.insert(ticket);
        Announced { queues: self, key: key.clone(), ticket }
    }

    /// Queues an item that is in the database. Whether a worker must be started for it.
    #[must_use]
    pub(crate) fn push(&self, key: &ConversationRef, seq: i64, weight: usize, item: T) -> bool {
        self.land(key, seq, weight, item, 0)
    }

    fn land(&self, key: &ConversationRef, seq: i64, weight: usize, item: T, ticket: u64) -> bool {
        let mut state = self.state.lock();
        let fits = state.weight + weight <= self.max_weight;
        let queue = state.queues.entry(key.clone()).or_default();
        let start = !std::mem::replace(&mut queue.has_worker, true);
        if queue.stale || queue.spilled || !fits {
            queue.spilled = true;
        } else {
            let queued = Queued { weight, ticket, item: Arc::new(item) };
            let before = queue.items.insert(seq, queued).map_or(0, |before| before.weight);
            state.weight = state.weight + weight - before;
        }
        start
    }

    /// Says that the database may hold items of this queue. Whether a worker must be started.
    #[must_use]
    pub(crate) fn wake(&self, key: &ConversationRef) -> bool {
        let mut state = self.state.lock();
        let queue = state.queues.entry(key.clone()).or_default();
        queue.stale = true;
        !std::mem::replace(&mut queue.has_worker, true)
    }

    /// Says that `to` goes on with what is in the database for `from`: not both at once.
    pub(crate) fn hand_over(&self, from: &ConversationRef, to: &ConversationRef) {
        let mut state = self.state.lock();
        let State { queues, weight, .. } = &mut *state;
        if let Some(old) = queues.get_mut(from) {
            *weight -= std::mem::take(&mut old.items).values().map(|it| it.weight).sum::<usize>();
            old.stale = true;
        }
        let queue = queues.entry(to.clone()).or_default();
        queue.after = Some(from.clone());
        queue.stale = true;
    }

    /// What the worker of a queue does next, once it is known which item is the first.
    pub(crate) async fn next(&self, key: &ConversationRef) -> Next<T> {
        loop {
            let mut landed = pin!(self.landed.notified());
            landed.as_mut().enable();
            if let Some(next) = self.next_now(key) {
                return next;
            }
            landed.await;
        }
    }

    /// `None` while something that was announced before may yet turn out to be the first, or another
    /// queue's worker is still at it.
    fn next_now(&self, key: &ConversationRef) -> Option<Next<T>> {
        let mut state = self.state.lock();
        if let Some(from) = state.queues.get(key).and_then(|queue| queue.after.as_ref())
            && state.queues.get(from).is_some_and(|queue| queue.has_worker)
        {
            return None;
        }
        let Some(queue) = state.queues.get_mut(key) else { return Some(Next::End) };
        queue.after = None;
        if queue.stale || (queue.spilled && queue.items.is_empty()) {
            // From here on new items are queued again: those kept before are seen by the read that
            // follows, those kept later are pushed, and the map makes one of both.
            queue.stale = false;
            queue.spilled = false;
            return Some(Next::Refill);
        }
        match queue.items.first_key_value() {
            Some((_, first)) if queue.announced.first().is_some_and(|it| *it < first.ticket) => {
                None
            }
            Some((seq, first)) => Some(Next::Item(*seq, first.item.clone())),
            None => {
                queue.has_worker = false;
                if queue.is_over() {
                    state.queues.remove(key);
                }
                self.landed.notify_waiters();
                Some(Next::End)
            }
        }
    }

    /// How many of `most` items a worker does well to read: the less fits, the fewer, so that what is
    /// read is not read for nothing.
    pub(crate) fn room_for(&self, most: u32) -> u32 {
        let free = self.max_weight.saturating_sub(self.weight());
        let share = free.saturating_mul(most as usize) / self.max_weight.max(1);
        u32::try_from(share).map_or(most, |share| share.clamp(1, most))
    }

    /// Takes what the worker read: the first always, so that it gets on, and then what fits. `more`:
    /// the database holds later ones.
    pub(crate) fn refill(
        &self,
        key: &ConversationRef,
        items: impl IntoIterator<Item = (i64, usize, T)>,
        mut more: bool,
    ) {
        let mut state = self.state.lock();
        let State { queues, weight, .. } = &mut *state;
        let Some(queue) = queues.get_mut(key) else { return };
        let came_meanwhile = std::mem::take(&mut queue.items);
        *weight -= came_meanwhile.values().map(|queued| queued.weight).sum::<usize>();
        let mut last = None;
        for (seq, item_weight, item) in items {
            if last.is_some() && *weight + item_weight > self.max_weight {
                more = true;
                break;
            }
            // It was in the database before whatever is on its way there.
            let queued = Queued { weight: item_weight, ticket: 0, item: Arc::new(item) };
            queue.items.insert(seq, queued);
            *weight += item_weight;
            last = Some(seq);
        }
        for (seq, queued) in came_meanwhile {
            let is_later = last.is_none_or(|last| seq > last);
            more |= is_later && *weight + queued.weight > self.max_weight;
            if is_later && more {
                // Whatever came after what was read stays in the database until its turn.
                break;
            }
            if let Entry::Vacant(place) = queue.items.entry(seq) {
                *weight += queued.weight;
                place.insert(queued);
            }
        }
        queue.spilled |= more;
    }

    /// The first item is done with.
    pub(crate) fn done(&self, key: &ConversationRef, seq: i64) {
        let mut state = self.state.lock();
        let State { queues, weight, .. } = &mut *state;
        if let Some(queued) = queues.get_mut(key).and_then(|queue| queue.items.remove(&seq)) {
            *weight -= queued.weight;
        }
    }

    /// The worker waits for long, and reads again afterwards: what waits meanwhile is on disk alone.
    pub(crate) fn let_go(&self, key: &ConversationRef) {
        self.forget(key, true);
    }

    /// The worker ends although items are left; `wake`, or the next item, starts another.
    pub(crate) fn leave(&self, key: &ConversationRef) {
        self.forget(key, false);
    }

    fn forget(&self, key: &ConversationRef, has_worker: bool) {
        let mut state = self.state.lock();
        let State { queues, weight, .. } = &mut *state;
        if let Some(queue) = queues.get_mut(key) {
            *weight -= queue.items.values().map(|queued| queued.weight).sum::<usize>();
            let (announced, after) = (std::mem::take(&mut queue.announced), queue.after.take());
            *queue = Queue { stale: true, has_worker, announced, after, ..Queue::default() };
        }
        self.landed.notify_waiters();
    }

    /// How much is queued.
    pub(crate) fn weight(&self) -> usize {
        self.state.lock().weight
    }
}

#[cfg(test)]
mod tests {
    use rialto_model::ConnectionId;
    use uuid::Uuid;

    use super::*;

    fn key() -> ConversationRef {
        ConversationRef {
            connection: ConnectionId::new(Uuid::from_u128(1)),
            conversation: "C1".into(),
        }
    }

    fn now(queues: &Queues<i64>) -> Next<i64> {
        queues.next_now(&key()).unwrap()
    }

    fn take(queues: &Queues<i64>) -> Option<i64> {
        match now(queues) {
            Next::Item(seq, item) => {
                assert_eq!(seq, *item);
                queues.done(&key(), seq);
                Some(seq)
            }
            Next::Refill => panic!("nothing was spilled"),
            Next::End => None,
        }
    }

    #[test]
    fn items_come_in_order_and_one_worker_is_started() {
        let queues = Queues::new(100);
        assert!(queues.push(&key(), 2, 1, 2));
        assert!(!queues.push(&key(), 1, 1, 1));
        assert_eq!([take(&queues), take(&queues), take(&queues)], [Some(1), Some(2), None]);
        assert!(queues.push(&key(), 3, 1, 3), "the worker ended, so another one is started");
    }

    #[test]
    fn an_item_that_is_queued_and_read_weighs_what_it_weighed_last() {
        let queues = Queues::new(100);
        let _ = queues.push(&key(), 1, 5, 1);
        let _ = queues.wake(&key());
        assert!(matches!(now(&queues), Next::Refill));
        queues.refill(&key(), [(1, 3, 1), (2, 3, 2)], false);
        assert_eq!(queues.weight(), 6);
        let _ = queues.push(&key(), 2, 7, 2);
        assert_eq!(queues.weight(), 10);
        assert_eq!([take(&queues), take(&queues), take(&queues)], [Some(1), Some(2), None]);
        assert_eq!(queues.weight(), 0);
    }

    #[test]
    fn what_does_not_fit_is_read_from_the_database_in_its_turn() {
        let queues = Queues::new(2);
        for seq in 1..=5 {
            let _ = queues.push(&key(), seq, 1, seq);
        }
        assert_eq!([take(&queues), take(&queues)], [Some(1), Some(2)]);
        assert!(matches!(now(&queues), Next::Refill));
        // One more comes while the worker reads; the read saw it too, or not.
        let _ = queues.push(&key(), 6, 1, 6);
        queues.refill(&key(), [(3, 1, 3), (4, 1, 4)], true);
        assert_eq!([take(&queues), take(&queues)], [Some(3), Some(4)]);
        assert!(matches!(now(&queues), Next::Refill), "6 must not overtake 5");
        queues.refill(&key(), [(5, 1, 5), (6, 1, 6)], false);
        assert_eq!([take(&queues), take(&queues), take(&queues)], [Some(5), Some(6), None]);
        assert_eq!(queues.weight(), 0);
    }

    #[test]
    fn what_is_read_for_many_conversations_fits_too() {
        const ROWS: i64 = 64;
        let queues = Queues::new(100);
        let keys: Vec<_> = (0..10)
            .map(|number| ConversationRef { conversation: format!("C{number}").into(), ..key() })
            .collect();
        for (number, key) in (0..).zip(&keys) {
            let _ = queues.wake(key);
            assert!(matches!(queues.next_now(key), Some(Next::Refill)));
            assert_eq!(queues.room_for(64), if number == 0 { 64 } else { 1 });
            queues.refill(key, (0..ROWS).map(|seq| (seq, 10, seq)), false);
        }
        // Ten fit, all of the first queue; the others have the one that they need to get on.
        assert_eq!(queues.weight(), 10 * 10 + 9 * 10);
        for key in keys {
            let mut came = Vec::new();
            loop {
                match queues.next_now(&key) {
                    Some(Next::Item(seq, _)) => {
                        came.push(seq);
                        queues.done(&key, seq);
                    }
                    Some(Next::Refill) => {
                        let first = came.last().map_or(0, |last| last + 1);
                        let rest = first..ROWS;
                        queues.refill(&key, rest.map(|seq| (seq, 10, seq)), false);
                    }
                    Some(Next::End) => break,
                    None => panic!("nothing was announced"),
                }
            }
            assert_eq!(came, Vec::from_iter(0..ROWS), "all, in order");
        }
        assert_eq!(queues.weight(), 0);
    }

    #[test]
    fn a_worker_that_waits_keeps_nothing_and_its_place() {
        let queues = Queues::new(100);
        let _ = queues.push(&key(), 1, 60, 1);
        queues.let_go(&key());
        assert_eq!((queues.weight(), queues.room_for(64)), (0, 64));
        assert!(!queues.push(&key(), 2, 60, 2), "its worker comes back");
        assert!(matches!(now(&queues), Next::Refill), "2 must not overtake 1");
        queues.refill(&key(), [(1, 60, 1), (2, 60, 2)], false);
        assert_eq!(queues.room_for(64), 25);
        assert_eq!(take(&queues), Some(1));
    }

    #[test]
    fn a_worker_that_leaves_is_started_again_by_waking() {
        let queues = Queues::new(100);
        let _ = queues.push(&key(), 1, 1, 1);
        queues.leave(&key());
        assert_eq!(queues.weight(), 0);
        assert!(queues.wake(&key()));
        assert!(matches!(now(&queues), Next::Refill));
    }

    #[test]
    fn what_comes_after_a_worker_left_does_not_overtake_what_it_left() {
        let queues = Queues::new(100);
        let _ = queues.push(&key(), 1, 1, 1);
        queues.leave(&key());
        assert!(queues.push(&key(), 2, 1, 2));
        assert!(matches!(now(&queues), Next::Refill));
        queues.refill(&key(), [(1, 1, 1), (2, 1, 2)], false);
        assert_eq!([take(&queues), take(&queues), take(&queues)], [Some(1), Some(2), None]);
    }

    #[tokio::test]
    async fn what_was_announced_first_is_waited_for() {
        let queues = Queues::new(100);
        let (first, second) = (queues.announce(&key()), queues.announce(&key()));
        // Their places are given in this order; the later one is queued first.
        assert!(second.push(2, 1, 2));
        drop(second);
        assert!(queues.next_now(&key()).is_none(), "1 may still come");
        assert!(!first.push(1, 1, 1));
        drop(first);
        assert_eq!([take(&queues), take(&queues), take(&queues)], [Some(1), Some(2), None]);
        // What never comes is not waited for.
        let never = queues.announce(&key());
        let comes = queues.announce(&key());
        assert!(comes.push(3, 1, 3));
        let key = key();
        let (next, ()) = tokio::join!(queues.next(&key), async { drop(never) });
        assert!(matches!(next, Next::Item(3, _)));
    }

    #[tokio::test]
    async fn what_is_handed_over_waits_for_who_is_at_it() {
        let queues = Queues::new(100);
        let (old, new) = (key(), ConversationRef { conversation: "C2".into(), ..key() });
        assert!(queues.push(&old, 1, 1, 1));
        assert!(!queues.push(&old, 3, 1, 3));
        assert!(matches!(now(&queues), Next::Item(1, _)));
        queues.hand_over(&old, &new);
        assert!(queues.push(&new, 2, 1, 2), "what is new wakes a worker");
        assert!(queues.next_now(&new).is_none(), "1 is under way");
        queues.leave(&new);
        assert!(queues.wake(&new));
        assert!(queues.next_now(&new).is_none(), "it still is");
        queues.done(&old, 1);
        let ends = async {
            assert!(matches!(queues.next(&old).await, Next::Refill), "nothing is queued there now");
            queues.refill(&old, [], false);
            assert!(matches!(queues.next(&old).await, Next::End));
        };
        let (next, ()) = tokio::join!(queues.next(&new), ends);
        assert!(matches!(next, Next::Refill), "2 must not overtake what waits in the database");
        queues.refill(&new, [(2, 1, 2)], false);
        assert!(matches!(queues.next_now(&new), Some(Next::Item(2, _))));
    }
}
