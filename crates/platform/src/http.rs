//! HTTP as connectors need it: clients with time limits, and outcomes told apart.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap,
    header::{LOCATION, RETRY_AFTER},
};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use url::Url;

use crate::SendError;

/// Waiting for a connection, at most.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Waiting for the next bytes of an answer, at most: large files may take long, silence may not.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// A call, from its first byte to its answer's last, at most: an answer that comes in drops must not hold
/// up a conversation, or the renewal of a token, for ever.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// The same for a call that carries a file, which sets it by [`reqwest::RequestBuilder::timeout`]: 2 GB, the
/// most that a connector takes, at 5 Mbit a second.
pub const TRANSFER_TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// Bytes of an answer that is no file, at most.
const LARGEST_ANSWER: usize = 32 << 20;
/// Connections to a host that are kept for the next call: as many as calls are made at once, so that
/// none is thrown away that the next moment needs.
const IDLE_CONNECTIONS: usize = 512;
/// What is waited when a platform says *wait* and not how long, or longer than makes sense.
const DEFAULT_WAIT: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// The client for all calls to platforms.
///
/// # Errors
/// When the machine's certificate roots cannot be read.
pub fn client() -> reqwest::Result<reqwest::Client> {
    client_within(CALL_TIMEOUT)
}

fn client_within(limit: Duration) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .user_agent(concat!("Rialto/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .timeout(limit)
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .build()
}

/// Reads an answer that is no file, up to 32 MiB: a full page of 200 messages of 40 000 characters, the
/// longest that a platform keeps (Slack, *chat.postMessage*), which tells each twice, as text and as blocks,
/// has 16 MB. What is larger is no answer, and would only fill the memory.
///
/// # Errors
/// Why it cannot be read, in words and without the URL. What was asked for may have been done: a post is
/// looked up before it is sent again, a look is made again.
pub async fn body(response: reqwest::Response) -> Result<Bytes, String> {
    body_within(response, LARGEST_ANSWER).await
}

async fn body_within(mut response: reqwest::Response, most: usize) -> Result<Bytes, String> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| describe(&error))? {
        if body.len() + chunk.len() > most {
            return Err(format!("an answer too large to be one (more than {} MiB)", most >> 20));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

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
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    const LIMIT: Duration = Duration::from_millis(300);
    const DROP: Duration = Duration::from_millis(20);

    /// Somebody who answers a call with these bytes at once and with one more now and then, for ever.
    async fn dripping(at_once: String) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let _ = socket.read(&mut [0; 4096]).await;
            let mut next = at_once.into_bytes();
            while socket.write_all(&next).await.is_ok() {
                next = b"x".to_vec();
                tokio::time::sleep(DROP).await;
            }
        });
        format!("http://{address}/")
    }

    /// A call's answer, by a client with a limit; no end within thirty times that is a failure.
    async fn asked(url: String, limit: Option<Duration>) -> reqwest::Result<reqwest::Response> {
        let request = client_within(LIMIT).unwrap().post(url);
        let request = match limit {
            Some(limit) => request.timeout(limit),
            None => request,
        };
        let answer = tokio::time::timeout(LIMIT * 30, request.send()).await;
        answer.expect("the call ends")
    }

    #[tokio::test]
    async fn a_call_whose_answer_drips_ends_and_nobody_knows_whether_it_was_done() {
        let headers = dripping("HTTP/1.1 200 OK\r\nX-Drip: ".to_owned()).await;
        let error = asked(headers, None).await.expect_err("no end of headers is no answer");
        assert_eq!(call_failed(&error), SendError::Unknown(describe(&error)));
        assert!(describe(&error).starts_with("no answer in time"), "{error:?}");

        let content = dripping("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n".to_owned()).await;
        let answer = asked(content, None).await.unwrap();
        let read = tokio::time::timeout(LIMIT * 30, body(answer)).await.expect("the answer ends");
        assert!(read.unwrap_err().starts_with("no answer in time"));
    }

    #[tokio::test]
    async fn a_file_may_take_longer_than_a_call() {
        let length = 2 * LIMIT.as_millis() / DROP.as_millis();
        let file = dripping(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n")).await;
        let answer = asked(file, Some(TRANSFER_TIMEOUT)).await.unwrap();
        assert_eq!(body(answer).await.unwrap().len() as u128, length);
    }

    #[tokio::test]
    async fn an_answer_is_read_to_its_largest_size_and_no_further() {
        for (size, fits) in [(2 << 20, true), ((2 << 20) + 1, false)] {
            // What has no length is as large as it turns out to be.
            let answer = reqwest::Response::from(http::Response::new(reqwest::Body::wrap_stream(
                futures_util::stream::iter(
                    vec![b'x'; size]
                        .chunks(64 << 10)
                        .map(|it| std::io::Result::Ok(it.to_vec()))
                        .collect::<Vec<_>>(),
                ),
            )));
            match body_within(answer, 2 << 20).await {
                Ok(body) => assert!(fits && body.len() == size, "{size}"),
                Err(reason) => {
                    assert!(!fits, "{size}");
                    assert_eq!(reason, "an answer too large to be one (more than 2 MiB)");
                }
            }
        }
    }

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
