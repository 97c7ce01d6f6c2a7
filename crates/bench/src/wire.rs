//! One kept-alive connection that speaks HTTP/1.1: written by hand, so that the generator is cheaper
//! than whatever it measures.

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A connection.
pub struct Wire {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Wire {
    /// Connects to a port of this machine.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(4096) })
    }

    /// Sends a whole request and reads its answer; gives the status.
    ///
    /// # Errors
    /// When the connection breaks, or the answer is none that this understands.
    pub async fn call(&mut self, request: &[u8]) -> Result<u16> {
        self.stream.write_all(request).await?;
        self.read.clear();
        loop {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                bail!("the server closed the connection");
            }
            let Some(end) = memchr::memmem::find(&self.read, b"\r\n\r\n") else { continue };
            let (status, length) = head(&self.read[..end + 2])?;
            while self.read.len() < end + 4 + length {
                if self.stream.read_buf(&mut self.read).await? == 0 {
                    bail!("the server closed the connection within an answer");
                }
            }
            return Ok(status);
        }
    }
}

/// Status and length of the body.
fn head(bytes: &[u8]) -> Result<(u16, usize)> {
    let text = std::str::from_utf8(bytes).context("the answer's head is no text")?;
    let status = text.get(9..12).and_then(|it| it.parse().ok()).context("no status")?;
    let mut length = 0;
    for line in text.lines().skip(1) {
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().context("content-length")?;
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            bail!("an answer in chunks");
        }
    }
    Ok((status, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_length_are_read_from_an_answers_head() {
        let plain = head(b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\ndate: now\r\n").unwrap();
        assert_eq!(plain, (200, 17));
        assert_eq!(head(b"HTTP/1.1 503 Service Unavailable\r\n").unwrap(), (503, 0));
        assert!(head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n").is_err());
    }
}
