//! Random bytes as choices, so that what is shrunk is what was chosen.

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

/// Choices that are read off bytes. After the last byte every choice is the first.
#[derive(Debug)]
pub struct Choices<'a> {
    bytes: &'a [u8],
}

impl<'a> Choices<'a> {
    /// Reads choices off these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Whether nothing is left to choose from.
    pub fn is_over(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Any byte.
    pub fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    /// As many bytes as this, or as there are.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.bytes.split_at(count.min(self.bytes.len()));
        self.bytes = rest;
        taken
    }

    /// A number from 0 up to, but without, `end`; 0 when there is none.
    pub fn below(&mut self, end: usize) -> usize {
        let wide =
            usize::from(self.byte()) << 8 | usize::from(if end > 256 { self.byte() } else { 0 });
        let number = if end > 256 { wide } else { wide >> 8 };
        number.checked_rem(end).unwrap_or(0)
    }

    /// Yes or no.
    pub fn yes(&mut self) -> bool {
        self.below(2) == 1
    }

    /// One of them.
    ///
    /// # Panics
    ///
    /// When there are none.
    pub fn one_of<'o, T>(&mut self, options: &'o [T]) -> &'o T {
        &options[self.below(options.len())]
    }

    /// What a property test would try.
    ///
    /// # Panics
    ///
    /// When the strategy refuses all that it makes.
    pub fn of<S: Strategy>(&mut self, strategy: &S) -> S::Value {
        let mut seed = [0; 32];
        let given = self.take(seed.len());
        seed[..given.len()].copy_from_slice(given);
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        strategy.new_tree(&mut runner).expect("a strategy that makes something").current()
    }
}
