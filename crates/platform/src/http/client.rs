//! The client, and how long calls and how large answers may be.

use std::{ops::Deref, time::Duration};

use bytes::{Bytes, BytesMut};
use http::Method;
use url::Url;

use super::describe;

/// Waiting for a connection, at most.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Waiting for the next bytes of an answer, at most: large files may take long, silence may not.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// A call, from its first byte to its answer's last, at most: an answer that comes in drops must not hold
/// up a conversation, or the renewal of a token, for ever.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// The same for a call whose answer is a file, or that carries a large one: 2 GB, the most that a connector
/// takes, at 5 Mbit a second.
const TRANSFER_TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// Bytes of a file that are sent in a second, at least (1 Mbit).
const SLOWEST_UPLOAD: u64 = 125_000;
/// Bytes of an answer that is no file, at most.
const LARGEST_ANSWER: usize = 32 << 20;
/// Connections to a host that are kept for the next call: as many as calls are made at once, so that
/// none is thrown away that the next moment needs.
const IDLE_CONNECTIONS: usize = 512;

/// The client for all calls to platforms: a [`reqwest::Client`] for those that have to do with no file, and
/// ways to make the others.
#[derive(Clone, Debug)]
pub struct Http {
    calls: reqwest::Client,
    /// Waits for an answer while a file goes out: in `reqwest` silence counts from the call's beginning.
    uploads: reqwest::Client,
}

/// The client for all calls to platforms.
///
/// # Errors
/// When the machine's certificate roots cannot be read.
pub fn client() -> reqwest::Result<Http> {
    client_within(CALL_TIMEOUT, READ_TIMEOUT)
}

fn client_within(limit: Duration, silence: Duration) -> reqwest::Result<Http> {
    Ok(Http {
        calls: builder().timeout(limit).read_timeout(silence).build()?,
        uploads: builder().timeout(limit).build()?,
    })
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("Rialto/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
}

impl Http {
    /// A call whose answer is a file: it may take an hour, but for 30 s of silence.
    pub fn download(&self, url: Url) -> reqwest::RequestBuilder {
        self.calls.get(url).timeout(TRANSFER_TIMEOUT)
    }

    /// A call that carries a file of so many bytes: it may take as long as any call, and as long as they
    /// take at 1 Mbit a second, an hour at most.
    pub fn upload(&self, method: Method, url: Url, bytes: u64) -> reqwest::RequestBuilder {
        let limit = CALL_TIMEOUT + Duration::from_secs(bytes / SLOWEST_UPLOAD);
        self.uploads.request(method, url).timeout(limit.min(TRANSFER_TIMEOUT))
    }
}

impl Deref for Http {
    type Target = reqwest::Client;

    fn deref(&self) -> &Self::Target {
        &self.calls
    }
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

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;
    use crate::{SendError, http::call_failed};

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

    fn hasty() -> Http {
        client_within(LIMIT, LIMIT).unwrap()
    }

    /// A call's answer; no end within thirty times the limit is a failure.
    async fn asked(request: reqwest::RequestBuilder) -> reqwest::Result<reqwest::Response> {
        let answer = tokio::time::timeout(LIMIT * 30, request.send()).await;
        answer.expect("the call ends")
    }

    #[tokio::test]
    async fn a_call_whose_answer_drips_ends_and_nobody_knows_whether_it_was_done() {
        let headers = dripping("HTTP/1.1 200 OK\r\nX-Drip: ".to_owned()).await;
        let error = asked(hasty().post(headers)).await.expect_err("no end of headers is no answer");
        assert_eq!(call_failed(&error), SendError::Unknown(describe(&error)));
        assert!(describe(&error).starts_with("no answer in time"), "{error:?}");

        let content = dripping("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n".to_owned()).await;
        let answer = asked(hasty().post(content)).await.unwrap();
        let read = tokio::time::timeout(LIMIT * 30, body(answer)).await.expect("the answer ends");
        assert!(read.unwrap_err().starts_with("no answer in time"));
    }

    #[tokio::test]
    async fn a_file_may_take_longer_than_a_call() {
        let length = 2 * LIMIT.as_millis() / DROP.as_millis();
        let file = dripping(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n")).await;
        let answer = asked(hasty().download(file.parse().unwrap())).await.unwrap();
        assert_eq!(body(answer).await.unwrap().len() as u128, length);
    }

    #[tokio::test]
    async fn a_file_may_be_sent_for_longer_than_an_answer_may_be_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let (mut seen, mut bytes) = (Vec::new(), [0; 4096]);
            while !seen.ends_with(b"end") {
                let length = socket.read(&mut bytes).await.unwrap();
                seen.extend_from_slice(&bytes[..length]);
            }
            socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        });
        let drops = 2 * LIMIT.as_millis() / DROP.as_millis();
        let slow = futures_util::stream::unfold(0, move |sent| async move {
            tokio::time::sleep(DROP).await;
            let next = if sent < drops { "x" } else { "end" };
            (sent <= drops).then_some((std::io::Result::Ok(next), sent + 1))
        });
        let length = drops as u64 + 3;
        let call = hasty().upload(Method::PUT, url, length);
        let call = call.header("content-length", length).body(reqwest::Body::wrap_stream(slow));
        assert_eq!(asked(call).await.unwrap().status(), 200);
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
}
