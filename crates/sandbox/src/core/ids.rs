//! Ids and secrets from one seeded generator: the same seed and the same calls give the same ids.

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};

/// A source of ids. Not for secrets that protect anything: the sandbox's tokens open nothing real.
pub struct Ids(Mutex<StdRng>);

impl Ids {
    /// Ids that follow from `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }

    /// `length` characters of `alphabet` (ASCII).
    pub fn of(&self, alphabet: &[u8], length: usize) -> String {
        let mut rng = self.0.lock();
        (0..length).map(|_| char::from(alphabet[rng.random_range(0..alphabet.len())])).collect()
    }

    /// Upper-case letters and digits, as in Slack's ids.
    pub fn upper(&self, length: usize) -> String {
        self.of(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", length)
    }

    /// Letters of both cases and digits, as in tokens.
    pub fn alnum(&self, length: usize) -> String {
        self.of(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", length)
    }

    /// Lower-case hexadecimal digits.
    pub fn hex(&self, length: usize) -> String {
        self.of(b"0123456789abcdef", length)
    }

    /// Decimal digits, the first not 0.
    pub fn digits(&self, length: usize) -> String {
        let mut text = self.of(b"123456789", length.min(1));
        text.push_str(&self.of(b"0123456789", length.saturating_sub(1)));
        text
    }

    /// A version 4 UUID, hyphenated.
    pub fn uuid(&self) -> String {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    /// Fills `bytes`.
    pub fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().fill_bytes(bytes);
    }
}
