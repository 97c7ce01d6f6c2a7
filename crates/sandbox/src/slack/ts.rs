//! Slack's timestamps: a message's id within its channel, `seconds.micros`.

use std::fmt;
use std::str::FromStr;

/// Microseconds since 1970. Ordered as Slack orders messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ts(pub(crate) u64);

impl Ts {
    pub(crate) fn seconds(self) -> u64 {
        self.0 / 1_000_000
    }
}

impl fmt::Display for Ts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

impl FromStr for Ts {
    type Err = ();

    /// Slack also accepts whole seconds and fewer digits, as in `oldest=1512085950`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (seconds, micros) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if seconds.is_empty() || !digits(seconds) || !digits(micros) || micros.len() > 6 {
            return Err(());
        }
        let seconds: u64 = seconds.parse().map_err(|_| ())?;
        let micros: u64 = format!("{micros:0<6}").parse().map_err(|_| ())?;
        seconds.checked_mul(1_000_000).and_then(|s| s.checked_add(micros)).map(Ts).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_slack_reads() {
        for (text, micros) in [
            ("1512085950.000216", Some(1_512_085_950_000_216)),
            ("1512085950", Some(1_512_085_950_000_000)),
            ("0", Some(0)),
            ("1512085950.5", Some(1_512_085_950_500_000)),
            ("", None),
            ("x", None),
            ("1.2.3", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(text.parse().ok(), micros.map(Ts), "{text}");
        }
        assert_eq!(Ts(1_512_085_950_000_216).to_string(), "1512085950.000216");
    }
}
