//! How a command fails: in words, and with an exit code that tells scripts the kind.

use std::{fmt, io, process::ExitCode};

use crate::config::ConfigError;

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    exit: u8,
    words: String,
}

impl Failure {
    /// 1: it was understood and did not work.
    pub fn failed(words: impl Into<String>) -> Self {
        Self { exit: 1, words: words.into() }
    }

    /// 2: the command or the configuration is wrong. (clap's own code, too.)
    pub fn usage(words: impl Into<String>) -> Self {
        Self { exit: 2, words: words.into() }
    }

    /// 3: the server does not answer.
    pub fn unreachable(words: impl Into<String>) -> Self {
        Self { exit: 3, words: words.into() }
    }

    /// 4: the server wants another token.
    pub fn unauthorized(words: impl Into<String>) -> Self {
        Self { exit: 4, words: words.into() }
    }

    /// Whether it is that the server does not answer.
    pub fn is_unreachable(&self) -> bool {
        self.exit == 3
    }

    /// Says it, once.
    #[expect(clippy::print_stderr, reason = "the one place that tells why a command failed")]
    pub fn report(&self) -> ExitCode {
        if !self.words.is_empty() {
            eprintln!("rialto: {}", self.words);
        }
        ExitCode::from(self.exit)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // Whoever read the output has seen enough: `rialto channels | head`.
            io::ErrorKind::BrokenPipe => Self { exit: 0, words: String::new() },
            _ => Self::failed(error.to_string()),
        }
    }
}
