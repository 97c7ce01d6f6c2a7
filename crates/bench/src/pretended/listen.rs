//! What the pretended APIs share: a port, a server that holds no answer back, JSON.

use anyhow::Result;
use axum::{
    Router,
    extract::Query,
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use tokio::net::TcpListener;

/// A free port, and its address.
///
/// # Errors
/// When none is free.
pub(super) async fn listen() -> Result<(TcpListener, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

/// Answers in the background, for as long as the process runs.
pub(super) fn serve(listener: TcpListener, router: Router) {
    tokio::spawn(async move { axum::serve(NoDelay(listener), router).await });
}

/// Answers are small: none may wait to be joined by others.
struct NoDelay(TcpListener);

impl axum::serve::Listener for NoDelay {
    type Io = tokio::net::TcpStream;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            if let Ok((stream, address)) = self.0.accept().await
                && stream.set_nodelay(true).is_ok()
            {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// An answer that is read by machines.
pub(super) fn json_answer(status: StatusCode, value: &Value) -> Response {
    text_answer(status, value.to_string())
}

/// The same, written already: what is asked for with each message is not made of values first.
pub(super) fn text_answer(status: StatusCode, json: String) -> Response {
    (status, [("content-type", "application/json")], json).into_response()
}

/// The text after a name, in JSON without spaces.
pub(super) fn field<'a>(body: &'a [u8], name: &[u8]) -> Option<&'a str> {
    let from = memchr::memmem::find(body, name)? + name.len();
    let length = memchr::memchr(b'"', &body[from..])?;
    std::str::from_utf8(&body[from..from + length]).ok()
}

/// A parameter of an address; empty when it is not there.
pub(super) fn parameter(uri: &Uri, name: &str) -> String {
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri).map(|Query(pairs)| pairs);
    let found = pairs.unwrap_or_default().into_iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value).unwrap_or_default()
}

/// How many a page may have, as asked for.
pub(super) fn page_size(asked: &str, default: usize, most: usize) -> usize {
    asked.parse().unwrap_or(default).clamp(1, most)
}
