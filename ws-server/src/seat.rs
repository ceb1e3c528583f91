//! A socket's life: its place in the hub and in the roster, from `hello` to the last line.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_web::rt::net::TcpStream;
use bytes::BytesMut;
use platform::token::Claims;
use protocol::frame::{CloseCode, ServerFrame};
use protocol::ids::ConnectionId;
use protocol::internal::SessionRef;
use protocol::routing::Route;
use protocol::time::Timestamp;
use tokio::time::Instant;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::app::Shared;
use crate::connection::{NewSocket, Socket};
use crate::handshake::token_deadline;
use crate::hub::Worker;
use crate::input::Input;
use crate::outbound::Bounds;
use crate::rate::Bucket;
use crate::roster::SocketAddress;
use crate::settle::Membership;
use crate::workers::Command;
use crate::{commands, metrics, settle};

/// A socket's life, ready when it is over. Written by hand: it is what an idle connection holds.
#[derive(Debug)]
pub struct Life {
    seat: Seat,
    input: Input,
}

impl Life {
    /// Says `hello`; `rest` came with the handshake.
    pub fn begin(seat: Seat, claims: &Claims, rest: BytesMut, request_id: &str) -> Self {
        let (worker, socket) = (&seat.worker, &seat.socket);
        tracing::info!(
            request_id,
            connection_id = %socket.address.id,
            user_id = %socket.session.user_id,
            session_id = %socket.session.session_id,
            "socket opened"
        );
        worker.reply(socket, &hello(&worker.shared, socket, claims));
        settle::begin(worker, socket);
        let mut input = Input::new(rest);
        input.decode_rest(worker, socket);
        Self { seat, input }
    }
}

impl Future for Life {
    type Output = ();

    /// Reads the connection until it is over.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Self { seat, input } = &mut *self;
        let (worker, socket) = (&seat.worker, &seat.socket);
        while ready!(socket.poll_readable(context)) {
            if !worker.read(|buffer| input.read(worker, socket, buffer)) {
                break;
            }
        }
        Poll::Ready(())
    }
}

fn hello(shared: &Shared, socket: &Socket, claims: &Claims) -> ServerFrame {
    let expires_at = chrono::DateTime::from_timestamp(claims.exp, 0).unwrap_or_default();
    let epoch = shared.epoch.load();
    ServerFrame::Hello {
        connection_id: socket.address.id,
        server_id: shared.server_id.clone(),
        user_id: claims.sub,
        heartbeat_ms: shared.config.socket.heartbeat.as_millis() as u64,
        expires_at: Timestamp::from(expires_at),
        epoch: epoch.as_deref().cloned().unwrap_or_default(),
    }
}

/// A socket's place in the hub and in the roster; dropping it is the one way out, however the
/// connection ends.
#[derive(Debug)]
pub struct Seat {
    worker: Rc<Worker>,
    socket: Rc<Socket>,
    /// A process that goes away waits for it; the last to go.
    _counted: TaskTrackerToken,
}

impl Seat {
    /// Takes a new connection in.
    pub fn take(
        worker: &Rc<Worker>,
        claims: &Claims,
        io: TcpStream,
        counted: TaskTrackerToken,
    ) -> Self {
        let shared = &worker.shared;
        let config = &shared.config;
        let session = SessionRef {
            user_id: claims.sub,
            session_id: claims.sid,
        };
        let limit = config
            .http
            .rate_limits
            .then_some(config.socket.frames_per_second);
        let route = Route::User(session.user_id);
        let new = NewSocket {
            io,
            session,
            expires_at: token_deadline(claims),
            bounds: Bounds {
                bytes: config.delivery.queue_bytes,
                frames: config.delivery.queue_frames,
            },
            bucket: Bucket::new(limit, Instant::now()),
            membership: Membership::new(shared.bindings.hold(route)),
        };
        let socket = {
            let mut hub = worker.hub();
            let socket = hub.join(|slot| {
                let address = SocketAddress {
                    worker: worker.index,
                    slot,
                    id: ConnectionId::new(),
                };
                Socket::new(address, new)
            });
            hub.add_route(route, &socket);
            socket
        };
        if let Some(oldest) = shared.roster.join(session.user_id, socket.address) {
            let code = CloseCode::TooManySockets;
            shared.workers.tell(oldest, Command::Close(oldest, code));
        }
        Self {
            worker: worker.clone(),
            socket,
            _counted: counted,
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let (worker, socket) = (&self.worker, &self.socket);
        let shared: &Arc<Shared> = &worker.shared;
        let watches = socket
            .pending
            .borrow()
            .as_ref()
            .is_some_and(|pending| pending.presence.made);
        if watches {
            shared.watches.unsubscribe(socket.address);
        }
        commands::receipts::pass_on_the_rest(worker, socket);
        settle::leave(worker, socket);
        worker.hub().leave(socket);
        if shared
            .roster
            .leave(socket.session.user_id, socket.address.id)
        {
            shared.last_seen.left(socket.session.user_id);
        }
        let code = socket.closing().map(|closing| closing.code);
        metrics::closed(code);
        tracing::info!(
            connection_id = %socket.address.id,
            user_id = %socket.session.user_id,
            code = code.map(|code| code.code()),
            lived_ms = socket.opened_at.elapsed().as_millis() as u64,
            "socket closed"
        );
    }
}
