//! Webhooks: what all platforms' have in common.

use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

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
