//! How much of what came may wait to be written: when the database is slow or locked, the rest is
//! refused at once, so that its sender keeps it.

use std::sync::atomic::{AtomicUsize, Ordering};

use rialto_store::NewInbound;

/// What may wait, in bytes.
const MOST: usize = 32 << 20;
/// What each webhook is taken to weigh besides its payload, in bytes: the call that brought it.
const WEBHOOK_WEIGHT: usize = 4_096;

/// What waits to be written.
#[derive(Default)]
pub(crate) struct Admission {
    waiting: AtomicUsize,
}

/// Something that may wait, for as long as this lives.
pub(crate) struct Admitted<'a> {
    waiting: &'a AtomicUsize,
    weight: usize,
}

impl Admission {
    /// Lets webhooks wait; `None` when too much waits already.
    pub(crate) fn admit(&self, rows: &[NewInbound]) -> Option<Admitted<'_>> {
        let weight = WEBHOOK_WEIGHT + rows.iter().map(|row| row.payload.len()).sum::<usize>();
        let before = self.waiting.fetch_add(weight, Ordering::Relaxed);
        let admitted = Admitted { waiting: &self.waiting, weight };
        (before + weight <= MOST).then_some(admitted)
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(self.weight, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rialto_model::ConnectionId;
    use uuid::Uuid;

    use super::*;

    fn webhook(bytes: usize) -> [NewInbound; 1] {
        [NewInbound {
            connection: ConnectionId::new(Uuid::from_u128(1)),
            conversation: "C1".into(),
            key: "1".into(),
            payload: vec![b'x'; bytes],
            received_at: Timestamp::UNIX_EPOCH,
            swept: false,
        }]
    }

    #[test]
    fn a_thousand_large_webhooks_may_wait_and_not_any_number_of_small_ones() {
        let (admission, row) = (Admission::default(), webhook(25_000));
        let waiting: Vec<_> = (0..1_024).map(|_| admission.admit(&row).unwrap()).collect();
        drop(waiting);
        let row = webhook(0);
        let waiting: Vec<_> = std::iter::from_fn(|| admission.admit(&row)).collect();
        assert_eq!(waiting.len(), MOST / WEBHOOK_WEIGHT);
        drop(waiting);
        assert!(admission.admit(&row).is_some(), "nothing waits any more");
    }
}
