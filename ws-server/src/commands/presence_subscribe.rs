//! `presence.subscribe`: whom a socket watches from now on.

use std::rc::Rc;

use protocol::ids::UserId;
use protocol::limits::PRESENCE_SUBSCRIPTIONS;
use protocol::problem::Code;

use crate::connection::Socket;
use crate::hub::Worker;
use crate::watch::Subscription;

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
    let subscription = Subscription {
        socket: socket.address,
        user_id: socket.session.user_id,
        user_ids,
        r#ref: r#ref.clone(),
    };
    if worker.shared.watches.subscribe(subscription) {
        socket.pending(|pending| pending.watches = true);
    } else {
        let detail = "too many subscriptions are being made; try again";
        super::refuse(worker, socket, Code::Unavailable, detail, r#ref);
    }
}
