//! `presence.subscribe`: whom a socket watches from now on.
//!
//! Each costs the API a question about hundreds of users. So a socket that asks often waits, and of
//! what waits only the newest is made.

use std::rc::Rc;
use std::time::Duration;

use protocol::ids::UserId;
use protocol::limits::PRESENCE_SUBSCRIPTIONS;
use protocol::problem::Code;
use tokio::time::Instant;

use crate::connection::Socket;
use crate::hub::Worker;
use crate::rate::Bucket;
use crate::watch::Subscription;

/// How many a socket may make, and as many at once.
const PER_SECOND: u32 = 2;

/// What a socket has subscribed to.
#[derive(Debug, Default)]
pub struct Subscriptions {
    /// It watches someone's presence.
    pub made: bool,
    bucket: Option<Bucket>,
    /// The newest that came too early.
    next: Option<Set>,
}

#[derive(Debug)]
struct Set {
    user_ids: Vec<UserId>,
    r#ref: Option<String>,
}

/// Puts this set in the place of the old one.
pub(super) fn replace(
    worker: &Rc<Worker>,
    socket: &Rc<Socket>,
    mut user_ids: Vec<UserId>,
    r#ref: Option<String>,
) {
    if user_ids.len() > PRESENCE_SUBSCRIPTIONS {
        let detail = format!("user_ids holds at most {PRESENCE_SUBSCRIPTIONS}");
        return super::refuse(worker, socket, Code::Invalid, detail, r#ref);
    }
    user_ids.sort_unstable();
    user_ids.dedup();
    let set = Set { user_ids, r#ref };
    let limited = worker.shared.config.http.rate_limits;
    let now = Instant::now();
    let turn = socket.pending(|pending| {
        let Subscriptions { bucket, next, .. } = &mut pending.presence;
        let bucket = bucket.get_or_insert_with(|| Bucket::new(limited.then_some(PER_SECOND), now));
        if next.is_none() && bucket.take(now) {
            return Turn::Now(set);
        }
        next.replace(set).map_or(Turn::Later, Turn::InsteadOf)
    });
    match turn {
        Turn::Now(set) => subscribe(worker, socket, set),
        Turn::Later => {
            actix_web::rt::spawn(subscribe_later(worker.clone(), socket.clone()));
        }
        // Never made; its sender still hears that it was taken.
        Turn::InsteadOf(older) => super::acknowledge(worker, socket, older.r#ref),
    }
}

enum Turn {
    Now(Set),
    Later,
    InsteadOf(Set),
}

/// Makes the newest one when its time has come.
async fn subscribe_later(worker: Rc<Worker>, socket: Rc<Socket>) {
    loop {
        tokio::time::sleep(Duration::from_secs(1) / PER_SECOND).await;
        let due = {
            let mut pending = socket.pending.borrow_mut();
            // Gone: the socket has left.
            let Some(pending) = pending.as_mut() else {
                return;
            };
            let Subscriptions { bucket, next, .. } = &mut pending.presence;
            let allowed = bucket
                .as_mut()
                .is_none_or(|bucket| bucket.take(Instant::now()));
            if allowed { next.take() } else { None }
        };
        if let Some(set) = due {
            return subscribe(&worker, &socket, set);
        }
    }
}

fn subscribe(worker: &Rc<Worker>, socket: &Rc<Socket>, Set { user_ids, r#ref }: Set) {
    let subscription = Subscription {
        socket: socket.address,
        user_id: socket.session.user_id,
        user_ids,
        r#ref: r#ref.clone(),
    };
    if worker.shared.watches.subscribe(subscription) {
        socket.pending(|pending| pending.presence.made = true);
    } else {
        let detail = "too many subscriptions are being made; try again";
        super::refuse(worker, socket, Code::Unavailable, detail, r#ref);
    }
}
