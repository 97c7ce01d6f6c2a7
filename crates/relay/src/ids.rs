//! New ids, from the clock and the randomness that were passed in.

use rialto_platform::Toolkit;
use uuid::{Builder, Uuid};

/// A version 7 UUID: ids sort by the time they were made at.
pub(crate) fn new_uuid(toolkit: &Toolkit) -> Uuid {
    let mut random = [0; 10];
    toolkit.random.fill(&mut random);
    let millis = u64::try_from(toolkit.clock.now().as_millisecond()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}
