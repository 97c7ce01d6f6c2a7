//! HTTP as connectors need it: a client with limits, and outcomes told apart.

mod client;

use http::{
    HeaderMap,
    header::{LOCATION, RETRY_AFTER},
};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use url::Url;

use crate::SendError;

pub use self::client::{Http, body, client};

/// What is waited when a platform says *wait* and not how long, or longer than makes sense.
const DEFAULT_WAIT: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// An address below another one; each segment is escaped.
pub fn below<S: AsRef<str>>(base: &Url, path: &[S]) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

/// Where an answer leads; `None` where it does not.
pub fn moved(response: &reqwest::Response) -> Option<Url> {
    let to = response.headers().get(LOCATION)?.to_str().ok()?;
    response.status().is_redirection().then(|| response.url().join(to).ok()).flatten()
}

/// When `Retry-After` says to come back: seconds, or a date as RFC 9110 writes it, or (as Zoom does for
/// a day's limit) as ISO 8601 does.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Timestamp {
    let wait = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| {
            let text = text.trim();
            text.parse::<f64>()
                .ok()
                .and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok())
                .or_else(|| {
                    let date = rfc2822::parse(text).map(|date| date.timestamp());
                    Some(date.or_else(|_| text.parse()).ok()?.duration_since(now))
                })
        })
        .unwrap_or(DEFAULT_WAIT)
        .clamp(SignedDuration::ZERO, LONGEST_WAIT);
    now.checked_add(wait).unwrap_or(now)
}

/// What a failed call that may have changed something means: nothing was done if no connection came
/// about, otherwise nobody knows.
pub fn call_failed(error: &reqwest::Error) -> SendError {
    let reason = describe(error);
    if error.is_connect() || error.is_builder() {
        SendError::Transient(reason)
    } else {
        SendError::Unknown(reason)
    }
}

/// The error in words, without the URL: it may carry secrets.
pub fn describe(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else if error.is_decode() {
        "an answer that is not what it should be"
    } else if error.is_body() {
        "the transfer broke off"
    } else {
        "the connection broke off"
    };
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    match cause {
        Some(cause) => format!("{kind}: {cause}"),
        None => kind.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_addresses_are_escaped() {
        let base = Url::parse("https://api.example/v2/").unwrap();
        let url = below(&base, &["chat", "files", "a/b+c=?"]);
        assert_eq!(url.as_str(), "https://api.example/v2/chat/files/a%2Fb+c=%3F");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_never_absurd() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        for (value, expected) in [
            (Some("30"), "2026-11-22T10:00:30Z"),
            (Some("1.5"), "2026-11-22T10:00:01.5Z"),
            (Some("Sun, 22 Nov 2026 10:01:00 GMT"), "2026-11-22T10:01:00Z"),
            (Some("Sun, 22 Nov 2026 09:00:00 GMT"), "2026-11-22T10:00:00Z"),
            (Some("2026-11-23T00:00:00Z"), "2026-11-23T00:00:00Z"),
            (Some("-7"), "2026-11-22T10:00:00Z"),
            (Some("999999999"), "2026-11-23T10:00:00Z"),
            (Some("soon"), "2026-11-22T10:00:05Z"),
            (Some("NaN"), "2026-11-22T10:00:05Z"),
            (None, "2026-11-22T10:00:05Z"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(RETRY_AFTER, value.parse().unwrap());
            }
            assert_eq!(retry_after(&headers, now).to_string(), expected, "{value:?}");
        }
    }
}
