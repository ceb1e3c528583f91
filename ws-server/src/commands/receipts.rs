//! `delivered` and `read`: watermarks, gathered on the socket and passed on to the API.
//!
//! A ws-server does not know whether a conversation is a direct chat or a channel, and does not
//! read events to find out. What tells them apart here is how often they move: a watermark of a
//! conversation that was quiet for a second waits 250 ms for more, one of a busy conversation until
//! a second has passed since its last. So a direct chat's ticks turn in a quarter of a second, and
//! no conversation costs more than one update a second and socket.
//!
//! A watermark is kept until the broker has confirmed it, and only then acknowledged.

mod post;
mod watermarks;

use std::rc::Rc;

use platform::broker::publisher::Outcome;
use protocol::command::{ReceiptCommand, ReceiptCommands};
use protocol::problem::Code;
use tokio::sync::oneshot;
use tokio::time::Instant;

pub use self::post::Post;
pub use self::watermarks::{Full, Mark, Waits, Watermarks};
use super::{acknowledge, refuse};
use crate::connection::Socket;
use crate::hub::Worker;
use crate::metrics;

fn waits(worker: &Worker) -> Waits {
    let config = &worker.shared.config.commands;
    Waits {
        quiet: config.receipts_quiet,
        busy: config.receipts_busy,
        retry: config.receipts_retry,
        patience: config.receipts_patience,
    }
}

/// Takes a watermark of a client.
pub(super) fn take(worker: &Rc<Worker>, socket: &Rc<Socket>, mark: Mark, r#ref: Option<String>) {
    if mark.delivered_seq < 0 {
        return refuse(worker, socket, Code::Invalid, "seq is not negative", r#ref);
    }
    let (now, waits) = (Instant::now(), waits(worker));
    let taken = socket.pending(|pending| {
        let watermarks = &mut pending.receipts;
        watermarks.put(mark, r#ref.clone(), now, waits)?;
        if watermarks.attendant.is_none() {
            let task = actix_web::rt::spawn(attend_to(worker.clone(), socket.clone()));
            watermarks.attendant = Some(task.abort_handle());
        }
        Ok(())
    });
    if taken == Err(Full) {
        let detail = "too many watermarks wait; send it again later";
        refuse(worker, socket, Code::Unavailable, detail, r#ref);
    }
}

/// Passes on what the socket's client has said last, without waiting for more: the client is gone.
pub fn pass_on_the_rest(worker: &Rc<Worker>, socket: &Rc<Socket>) {
    let Some(mut pending) = socket.pending.borrow_mut().take() else {
        return;
    };
    let watermarks = &mut pending.receipts;
    if let Some(attendant) = watermarks.attendant.take() {
        attendant.abort();
    }
    let now = Instant::now();
    watermarks.expedite(now);
    let items = watermarks.take(now, waits(worker));
    if !items.is_empty() {
        // Nobody is left who could say them again.
        drop(pass_on(worker, socket, items));
    }
}

/// Looks after a socket's watermarks while it has any.
async fn attend_to(worker: Rc<Worker>, socket: Rc<Socket>) {
    let waits = waits(&worker);
    loop {
        let next = {
            let mut pending = socket.pending.borrow_mut();
            // Gone: the socket has left, and what waited was passed on.
            let Some(pending) = pending.as_mut() else {
                return;
            };
            let next = pending.receipts.next(waits);
            if next.is_none() {
                pending.receipts.attendant = None;
            }
            next
        };
        let Some(next) = next else {
            return;
        };
        tokio::time::sleep_until(next).await;
        flush(&worker, &socket, waits).await;
    }
}

async fn flush(worker: &Rc<Worker>, socket: &Rc<Socket>, waits: Waits) {
    let now = Instant::now();
    let (items, overdue) = {
        let mut pending = socket.pending.borrow_mut();
        let Some(pending) = pending.as_mut() else {
            return;
        };
        let watermarks = &mut pending.receipts;
        (watermarks.take(now, waits), watermarks.overdue(now, waits))
    };
    for r#ref in overdue {
        let detail = "not stored yet; it is tried again";
        refuse(worker, socket, Code::Unavailable, detail, Some(r#ref));
    }
    if items.is_empty() {
        return;
    }
    let outcome = pass_on(worker, socket, items.clone()).await;
    let confirmed = outcome == Ok(Outcome::Confirmed);
    metrics::receipts(items.len(), confirmed);
    let acknowledged = {
        let mut pending = socket.pending.borrow_mut();
        let Some(pending) = pending.as_mut() else {
            return;
        };
        if confirmed {
            pending.receipts.confirmed(&items, now)
        } else {
            pending.receipts.failed(items, Instant::now(), waits);
            Vec::new()
        }
    };
    for r#ref in acknowledged {
        acknowledge(worker, socket, Some(r#ref));
    }
}

fn pass_on(
    worker: &Worker,
    socket: &Socket,
    items: Vec<ReceiptCommand>,
) -> oneshot::Receiver<Outcome> {
    worker.shared.receipts.pass_on(ReceiptCommands {
        user_id: socket.session.user_id,
        items,
    })
}
