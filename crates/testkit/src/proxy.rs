//! A TCP proxy that breaks on demand.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

const CHUNK_BYTES: usize = 64 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Carries everything, this much later.
    Pass(Duration),
    /// Accepts, carries nothing, closes nothing.
    Stall,
    /// Accepts nothing; what was open is gone.
    Cut,
}

/// A proxy in front of one address. It ends when it is dropped, with all it carries.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    task: AbortHandle,
}

impl Proxy {
    /// Starts one on a free port of the loopback, which passes everything on to `target`.
    pub async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mode, watched) = watch::channel(Mode::Pass(Duration::ZERO));
        let task = tokio::spawn(serve(listener, address, target, watched)).abort_handle();
        Self {
            address,
            mode,
            task,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Drops every connection and refuses new ones.
    pub fn cut(&self) {
        self.mode.send_replace(Mode::Cut);
    }

    /// Keeps connections, and takes new ones, but carries nothing: a peer that has gone silent.
    pub fn stall(&self) {
        self.mode.send_replace(Mode::Stall);
    }

    /// Carries every chunk this much later.
    pub fn delay(&self, delay: Duration) {
        self.mode.send_replace(Mode::Pass(delay));
    }

    /// Carries everything at once again.
    pub fn restore(&self) {
        self.mode.send_replace(Mode::Pass(Duration::ZERO));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    listener: TcpListener,
    address: SocketAddr,
    target: SocketAddr,
    mut mode: watch::Receiver<Mode>,
) {
    let mut listener = Some(listener);
    // Dropping it aborts every connection.
    let mut open = JoinSet::new();
    loop {
        let now = *mode.borrow_and_update();
        if now == Mode::Cut {
            open.shutdown().await;
            listener = None;
        } else if listener.is_none() {
            listener = Some(listen_again(address));
        }
        let accept = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = mode.changed() => if changed.is_err() { return },
            accepted = accept => if let Ok((client, _)) = accepted {
                open.spawn(carry(client, target, mode.clone()));
            },
            Some(_ended) = open.join_next() => {}
        }
    }
}

fn listen_again(address: SocketAddr) -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    // Connections that were just dropped still hold the port.
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket.listen(1024).unwrap()
}

async fn carry(client: TcpStream, target: SocketAddr, mode: watch::Receiver<Mode>) {
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    for stream in [&client, &server] {
        // Small frames must not wait for each other here; a socket that is gone needs no option.
        _ = stream.set_nodelay(true);
    }
    let (client_reads, client_writes) = client.into_split();
    let (server_reads, server_writes) = server.into_split();
    tokio::join!(
        pump(client_reads, server_writes, mode.clone()),
        pump(server_reads, client_writes, mode),
    );
}

/// One direction, until its source ends; the end is passed on as well.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut mode: watch::Receiver<Mode>) {
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        // Not read while stalled: the sender shall feel that nobody takes its bytes.
        let Ok(delay) = passing(&mut mode).await else {
            return;
        };
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            // Look at the new mode first.
            _ = mode.changed() => continue,
        };
        let Ok(count) = read else { return };
        sleep(delay).await;
        if passing(&mut mode).await.is_err() {
            return;
        }
        let passed_on = match buffer.get(..count) {
            Some(chunk) if count > 0 => to.write_all(chunk).await,
            _ => to.shutdown().await,
        };
        if passed_on.is_err() || count == 0 {
            return;
        }
    }
}

/// Waits while the mode carries nothing; then the delay.
async fn passing(mode: &mut watch::Receiver<Mode>) -> Result<Duration, watch::error::RecvError> {
    let now = *mode.wait_for(|mode| *mode != Mode::Stall).await?;
    match now {
        Mode::Pass(delay) => Ok(delay),
        // `serve` is about to end this connection.
        Mode::Stall | Mode::Cut => std::future::pending().await,
    }
}
