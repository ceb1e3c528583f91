//! What `benches/` needs of a hub: sockets in one room, and its loop's turns at moments of their own.

use actix_web::rt::net::TcpStream;
use protocol::ids::{ConnectionId, GroupId, SessionId, UserId};
use protocol::internal::SessionRef;
use tokio::io::sink;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::*;
use crate::bindings::Bindings;
use crate::connection::NewSocket;
use crate::outbound::{Bounds, text_frame};
use crate::rate::Bucket;
use crate::settle::Membership;
use crate::workers::Delivery;

/// What may wait for a socket: more than any batch.
const BOUNDS: Bounds = Bounds {
    bytes: 1 << 20,
    frames: 2048,
};

/// A hub whose sockets are all in one group; their clients read whatever comes.
#[derive(Debug)]
pub struct Room {
    hub: Hub,
    group: Route,
    now: Instant,
    clients: JoinSet<()>,
}

impl Room {
    /// With so many sockets.
    ///
    /// # Errors
    /// The machine gives no more of them.
    pub async fn new(sockets: usize) -> std::io::Result<Self> {
        let config = DeliveryConfig {
            idle: Duration::from_millis(10),
            tick: Duration::from_millis(30),
            queue_bytes: BOUNDS.bytes,
            queue_frames: BOUNDS.frames,
            hand_over: 1,
            hand_over_patience: Duration::ZERO,
        };
        let mut room = Self {
            hub: Hub::new(&config, Arc::default()),
            group: Route::Group(GroupId::new()),
            now: Instant::now(),
            clients: JoinSet::new(),
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        for _ in 0..sockets {
            let mut client = TcpStream::connect(listener.local_addr()?).await?;
            let (io, _) = listener.accept().await?;
            io.set_nodelay(true)?;
            io.writable().await?;
            room.join(io);
            room.clients.spawn(async move {
                // Until the room ends.
                _ = tokio::io::copy(&mut client, &mut sink()).await;
            });
        }
        Ok(room)
    }

    fn join(&mut self, io: TcpStream) {
        let session = SessionRef {
            user_id: UserId::new(),
            session_id: SessionId::new(),
        };
        let hold = Bindings::new(Duration::ZERO).hold(Route::User(session.user_id));
        let new = NewSocket {
            io,
            session,
            expires_at: self.now + Duration::from_secs(900),
            bounds: BOUNDS,
            bucket: Bucket::new(None, self.now),
            membership: Membership::new(hold),
        };
        let socket = self.hub.join(|slot| {
            let address = SocketAddress {
                worker: 0,
                slot,
                id: ConnectionId::new(),
            };
            Socket::new(address, new)
        });
        self.hub.add_route(self.group, &socket);
    }

    /// Events for everyone, each with this text.
    #[must_use]
    pub fn batch(&self, events: usize, text: &str) -> Batch {
        let frame = text_frame(text.as_bytes());
        let delivery = || Delivery {
            routes: vec![self.group],
            frame: frame.clone(),
            kind: "message.created".to_owned(),
            message_id: None,
            request_id: None,
        };
        Batch {
            received_at: std::time::Instant::now(),
            deliveries: (0..events).map(|_| delivery()).collect(),
        }
    }

    /// Queues a batch and writes it to everyone, as if nothing had come for a second. Returns how
    /// many frames that were.
    pub fn fan_out(&mut self, batch: &Batch) -> usize {
        self.now += Duration::from_secs(1);
        let queued = self.hub.deliver(batch, self.now, self.now);
        self.hub.turn(self.now, false);
        while self.hub.is_busy() {
            self.hub.flush_slice(self.now);
        }
        queued
    }

    /// Sockets that did not keep up.
    #[must_use]
    pub fn closed(&self) -> usize {
        let sockets = self.hub.sockets();
        sockets
            .iter()
            .filter(|socket| socket.closing().is_some())
            .count()
    }
}
