//! The opening handshake (RFC 6455, section 4).

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The key of RFC 6455, section 1.3, and its answer: nothing here is kept from a cache.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
/// No answer to an upgrade is longer.
const MAX_HEAD: usize = 4096;

/// Connects and upgrades; also returns what came behind the answer.
///
/// # Errors
/// The server refuses, or does not speak the protocol.
pub async fn upgrade(
    address: SocketAddr,
    path: &str,
    token: Option<&str>,
) -> Result<(TcpStream, Vec<u8>)> {
    let mut stream = TcpStream::connect(address).await.context("connect")?;
    stream.set_nodelay(true)?;
    let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{}\r\n",
        authorization.unwrap_or_default()
    );
    let sent = stream.write_all(request.as_bytes()).await;
    sent.context("upgrade")?;
    let mut head = Vec::new();
    let end = loop {
        if let Some(end) = memchr::memmem::find(&head, b"\r\n\r\n") {
            break end + 4;
        }
        if head.len() > MAX_HEAD {
            bail!("the answer to the upgrade has no end");
        }
        if stream.read_buf(&mut head).await.context("upgrade")? == 0 {
            bail!("closed during the upgrade");
        }
    };
    let rest = head.split_off(end);
    let head = String::from_utf8_lossy(&head);
    if !head.starts_with("HTTP/1.1 101") || !head.contains(ACCEPT) {
        bail!("refused: {}", head.lines().next().unwrap_or_default());
    }
    Ok((stream, rest))
}
