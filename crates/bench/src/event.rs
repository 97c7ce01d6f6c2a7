//! Webhooks: what all platforms' have in common.

use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use jiff::Timestamp;

use crate::clock;

/// So many people write.
pub const PEOPLE: u64 = 200;

/// Makes webhooks for one address.
pub trait Events: Send + Sync {
    /// Whether the platform knows yet whom to tell, and how.
    fn is_heard(&self) -> bool {
        true
    }

    /// A whole request: somebody wrote message `number` in a channel.
    fn message(&self, number: u64, channel: usize) -> Vec<u8>;
}

/// Moments of which no two are the same.
#[derive(Default)]
pub struct Moments(AtomicU64);

impl Moments {
    /// Now, in units of which a second has `per_second`; later, if that moment was given already.
    pub fn next(&self, per_second: u64) -> u64 {
        let now = clock::unix_micros() / (1_000_000 / per_second);
        let mut newest = self.0.load(Relaxed);
        loop {
            let moment = now.max(newest + 1);
            match self.0.compare_exchange(newest, moment, Relaxed, Relaxed) {
                Ok(_) => return moment,
                Err(other) => newest = other,
            }
        }
    }
}

/// A message that somebody wrote, as an id says it: number, channel and milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// Which message.
    pub number: u64,
    /// Where.
    pub channel: usize,
    /// When.
    pub millis: u64,
}

impl Spoken {
    /// Written now.
    pub fn now(number: u64, channel: usize) -> Self {
        Self { number, channel, millis: clock::unix_micros() / 1_000 }
    }

    /// All of it as a UUID, which no other message has.
    pub fn uuid(&self) -> String {
        let Self { number, channel, millis } = self;
        format!("{number:08x}-{channel:04x}-4000-8000-{millis:012x}")
    }

    /// Reads such a UUID.
    pub fn of(uuid: &str) -> Option<Self> {
        let mut parts = uuid.split('-').map(|part| u64::from_str_radix(part, 16).ok());
        let (number, channel) = (parts.next()??, parts.next()??);
        Some(Self { number, channel: usize::try_from(channel).ok()?, millis: parts.nth(2)?? })
    }

    /// When, as JSON has it.
    pub fn at(&self) -> Timestamp {
        let millis = i64::try_from(self.millis).ok();
        millis.and_then(|it| Timestamp::from_millisecond(it).ok()).unwrap_or_default()
    }
}

/// A whole request.
pub fn request(path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut request = String::with_capacity(512 + body.len());
    // A text takes whatever is written to it.
    let _ = write!(
        request,
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: */*\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        let _ = write!(request, "{name}: {value}\r\n");
    }
    request.push_str("\r\n");
    request.push_str(body);
    request.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_which_message_it_is() {
        let spoken = Spoken { number: 1_234_567, channel: 9_999, millis: 1_795_669_200_123 };
        assert_eq!(Spoken::of(&spoken.uuid()), Some(spoken));
        assert_eq!(spoken.at().to_string(), "2026-11-26T05:00:00.123Z");
        for other in ["", "post-1", "00000001-0001-4000"] {
            assert_eq!(Spoken::of(other), None, "{other}");
        }
    }
}
