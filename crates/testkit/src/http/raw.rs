//! Bytes that no HTTP client would send.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A server that has said nothing more for so long has answered, and keeps the connection.
const QUIET: Duration = Duration::from_secs(3);

/// What came back.
#[derive(Clone, Debug)]
pub struct RawReply {
    /// The status of the first answer; `None` if the server said nothing that begins like one.
    pub status: Option<u16>,
    /// Everything that came, as text.
    pub text: String,
    /// Whether the server closed the connection.
    pub closed: bool,
}

/// Sends bytes to `host:port`, as they are, and reads until the server closes or falls silent.
pub async fn send_raw(address: &str, bytes: &[u8]) -> RawReply {
    let mut stream = TcpStream::connect(address)
        .await
        .unwrap_or_else(|error| panic!("{address}: {error}"));
    // A server may answer and close before it has read everything: its answer counts.
    _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    let closed = loop {
        match timeout(QUIET, stream.read(&mut chunk)).await {
            Ok(Ok(0) | Err(_)) => break true,
            Ok(Ok(count)) => answer.extend(chunk.iter().take(count)),
            Err(_elapsed) => break false,
        }
    };
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1))
        .and_then(|status| status.parse().ok());
    RawReply {
        status,
        text,
        closed,
    }
}
