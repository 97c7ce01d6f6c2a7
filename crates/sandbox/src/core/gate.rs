//! What happens to an API call before the emulator looks at it: latency, refusals, dropped connections.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;

use super::Core;
use super::faults::{Kind, Target};

/// The outcome of the faults that struck a call.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gate {
    /// Refuse with this status, in the vendor's shape; `Retry-After` in seconds.
    pub refuse: Option<(u16, Option<u64>)>,
    /// The refusal's words quote what was sent.
    pub quotes: bool,
    /// Drop the connection now: answer with [`drop_connection`].
    pub reset: bool,
    /// Do the act, then answer with [`drop_connection`].
    pub lose_answer: bool,
    /// Expire the caller's access token first.
    pub expire_token: bool,
    /// What struck, for the journal.
    pub struck: Vec<String>,
}

impl Core {
    /// Asks the fault rules about a call; sleeps through its latency.
    pub async fn gate(&self, platform: &str, operation: &str) -> Gate {
        let mut gate = Gate::default();
        for kind in self.faults.strike(platform, Target::Api, operation) {
            gate.struck.push(kind.to_string());
            match kind {
                Kind::Latency { ms } => tokio::time::sleep(Duration::from_millis(ms)).await,
                Kind::Status { code, retry_after, quotes } => {
                    let retry_after = retry_after.or((code == 429).then_some(1));
                    gate.refuse = Some((code, retry_after));
                    gate.quotes = quotes;
                }
                Kind::Reset => gate.reset = true,
                Kind::LoseAnswer => gate.lose_answer = true,
                Kind::ExpireTokens => gate.expire_token = true,
                Kind::Double { .. }
                | Kind::Delay { .. }
                | Kind::Reorder { .. }
                | Kind::Drop
                | Kind::Special { .. } => {}
            }
        }
        gate
    }
}

impl Gate {
    /// A refusal's words: the emulator's own, or such as quote what was sent.
    pub async fn words(&self, own: &str, sent: Body) -> String {
        const MOST: usize = 8 * 1024 * 1024;
        if !self.quotes {
            return own.to_owned();
        }
        let sent = axum::body::to_bytes(sent, MOST).await.unwrap_or_default();
        format!("{own} It was sent: {}", String::from_utf8_lossy(&sent))
    }
}

/// An answer that is none: its body fails before the first byte, at which the server closes the connection
/// without having sent anything.
pub fn drop_connection() -> Response {
    let broken = futures_util::stream::once(async {
        Err::<Bytes, _>(std::io::Error::other("dropped by a fault"))
    });
    Response::new(Body::from_stream(broken))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test]
    async fn a_dropped_connection_sends_not_a_byte() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router =
            axum::Router::new().fallback(|_: axum::body::Bytes| async { super::drop_connection() });
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream
            .write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}")
            .await
            .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, b"");
    }
}
