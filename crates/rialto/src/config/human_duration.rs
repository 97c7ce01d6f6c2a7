//! Durations as people write them: `7d`, `90 minutes`.

use std::{fmt, time::Duration};

use jiff::{Span, SpanRelativeTo};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A duration that is written `7d`, `90 minutes` or `1h 30m`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HumanDuration {
    text: String,
    /// The duration.
    pub duration: Duration,
}

impl HumanDuration {
    /// Reads one; days have 24 hours.
    ///
    /// # Errors
    /// In words, when it cannot be read or is negative.
    pub fn parse(text: &str) -> Result<Self, String> {
        let duration = text
            .trim()
            .parse::<Span>()
            .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()))
            .ok()
            .and_then(|duration| Duration::try_from(duration).ok())
            .ok_or_else(|| {
                format!("`{text}` is not a duration: write `30s`, `90m`, `12h` or `7d`")
            })?;
        Ok(Self { text: text.trim().into(), duration })
    }
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for HumanDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HumanDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("7d", Some(604_800)),
            ("90 minutes", Some(5_400)),
            ("1h 30m", Some(5_400)),
            ("0s", Some(0)),
            ("-5s", None),
            ("5", None),
            ("soon", None),
            ("", None),
        ] {
            let read = HumanDuration::parse(text).ok().map(|it| it.duration.as_secs());
            assert_eq!(read, seconds, "{text}");
        }
    }
}
