//! Which bindings a socket needs, and which `ready` it is owed.
//!
//! Always in the same order: bind the user, then ask the API, then bind the groups, then say
//! `ready`. Bound first and read after, no event falls between the two. A socket whose groups may
//! have changed goes through it again; a new round takes the place of one under way, so that an
//! answer from before a change is never used after it. A client's own wish (`auth`) is no such change.

use std::collections::HashSet;
use std::rc::Rc;

use futures_util::future::join_all;
use protocol::control::Control;
use protocol::frame::{CloseCode, ReadyReason, ServerFrame};
use protocol::ids::{GroupId, UserId};
use protocol::internal::UserRoutes;
use protocol::routing::Route;
use tokio::task::AbortHandle;

use crate::bindings::Hold;
use crate::connection::Socket;
use crate::hub::Worker;
use crate::metrics;
use crate::workers::Command;

/// What a socket is bound to.
#[derive(Debug)]
pub struct Membership {
    user: Hold,
    groups: Vec<Hold>,
    /// Groups it hears and has not been told of.
    unannounced: Vec<GroupId>,
    /// The `ready` it waits for.
    owed: Option<ReadyReason>,
    /// The round under way.
    round: Option<AbortHandle>,
    /// Its socket has left: its place in the hub may be another's.
    left: bool,
}

impl Membership {
    /// Of a new socket: it is owed `ready connected`.
    #[must_use]
    pub fn new(user: Hold) -> Self {
        Self {
            user,
            groups: Vec::new(),
            unannounced: Vec::new(),
            owed: Some(ReadyReason::Connected),
            round: None,
            left: false,
        }
    }

    fn is_under_way(&self) -> bool {
        self.round
            .as_ref()
            .is_some_and(|round| !round.is_finished())
    }
}

/// Begins a round for a socket, in place of one under way: what that one has asked may be old.
pub fn begin(worker: &Rc<Worker>, socket: &Rc<Socket>) {
    let mut membership = socket.membership.borrow_mut();
    if membership.left {
        return;
    }
    let round = actix_web::rt::spawn(round(worker.clone(), socket.clone()));
    if let Some(old) = membership.round.replace(round.abort_handle()) {
        old.abort();
    }
}

/// Begins a round unless one is under way: a client that asks often must not keep it from its end.
pub fn begin_if_none(worker: &Rc<Worker>, socket: &Rc<Socket>) {
    if !socket.membership.borrow().is_under_way() {
        begin(worker, socket);
    }
}

/// Takes a socket off all its routes; its holds linger.
pub fn leave(worker: &Rc<Worker>, socket: &Rc<Socket>) {
    let (user, groups) = {
        let mut membership = socket.membership.borrow_mut();
        if let Some(round) = membership.round.take() {
            round.abort();
        }
        membership.left = true;
        membership.unannounced.clear();
        (
            membership.user.route(),
            std::mem::take(&mut membership.groups),
        )
    };
    let mut hub = worker.hub();
    hub.remove_route(user, socket);
    for group in &groups {
        hub.remove_route(group.route(), socket);
    }
}

async fn round(worker: Rc<Worker>, socket: Rc<Socket>) {
    let shared = &worker.shared;
    let bound = socket.membership.borrow().user.bound();
    tokio::pin!(bound);
    let slow = shared.config.bindings.slow_binding;
    if tokio::time::timeout(slow, &mut bound).await.is_err() {
        // The broker is away. Whether the session has ended, and who may be seen, does not wait.
        // Nor does losing a group; new ones are read when the binding is there.
        match shared.routes.ask(socket.session).await {
            Some(routes) if !note(&worker, &socket, &routes) => return,
            Some(routes) => keep_only(&worker, &socket, &wanted(&routes)),
            None => return,
        }
        bound.await;
    }
    let Some(routes) = shared.routes.ask(socket.session).await else {
        return;
    };
    if !note(&worker, &socket, &routes) {
        return;
    }
    join_all(apply(&worker, &socket, &routes)).await;
    announce(&worker, &socket);
}

/// Notes what else the answer says. False when the session has ended.
fn note(worker: &Rc<Worker>, socket: &Rc<Socket>, routes: &UserRoutes) -> bool {
    if routes.ended {
        worker.close(socket, CloseCode::SessionEnded);
        return false;
    }
    let shared = &worker.shared;
    let user = socket.session.user_id;
    if shared.roster.set_visible(user, !routes.hide_presence) && !routes.hide_presence {
        shared.online.came(user);
    }
    true
}

/// Makes the socket hear these groups and no others; returns what waits for their bindings.
fn apply(
    worker: &Rc<Worker>,
    socket: &Rc<Socket>,
    routes: &UserRoutes,
) -> Vec<impl Future<Output = ()> + use<>> {
    let wanted = wanted(routes);
    keep_only(worker, socket, &wanted);
    let mut hub = worker.hub();
    let mut membership = socket.membership.borrow_mut();
    let membership = &mut *membership;
    let known: HashSet<Route> = membership.groups.iter().map(Hold::route).collect();
    for route in wanted.difference(&known) {
        hub.add_route(*route, socket);
        membership.groups.push(worker.shared.bindings.hold(*route));
        if let Route::Group(group) = route {
            membership.unannounced.push(*group);
        }
    }
    membership.groups.shrink_to_fit();
    membership.groups.iter().map(Hold::bound).collect()
}

fn wanted(routes: &UserRoutes) -> HashSet<Route> {
    routes.groups.iter().copied().map(Route::Group).collect()
}

/// Drops every group that is not among these.
fn keep_only(worker: &Rc<Worker>, socket: &Rc<Socket>, wanted: &HashSet<Route>) {
    let mut hub = worker.hub();
    let mut membership = socket.membership.borrow_mut();
    let membership = &mut *membership;
    membership.groups.retain(|hold| {
        let keep = wanted.contains(&hold.route());
        if !keep {
            hub.remove_route(hold.route(), socket);
        }
        keep
    });
    membership
        .unannounced
        .retain(|group| wanted.contains(&Route::Group(*group)));
}

/// Everything is bound: says so.
fn announce(worker: &Rc<Worker>, socket: &Rc<Socket>) {
    let (owed, joined) = {
        let mut membership = socket.membership.borrow_mut();
        membership.round = None;
        (
            membership.owed.take(),
            std::mem::take(&mut membership.unannounced),
        )
    };
    match owed {
        Some(reason) => {
            if reason == ReadyReason::Connected {
                metrics::ready_after(socket.opened_at.elapsed());
            }
            let ready = ServerFrame::Ready {
                reason,
                group_id: None,
            };
            worker.reply(socket, &ready);
        }
        None => {
            for group in joined {
                let ready = ServerFrame::Ready {
                    reason: ReadyReason::Joined,
                    group_id: Some(group),
                };
                worker.reply(socket, &ready);
            }
        }
    }
}

/// Does what the process tells this worker.
pub fn obey(worker: &Rc<Worker>, command: Command) {
    match command {
        Command::Control(control) => look_again(worker, &control),
        Command::MemberRemoved(member) => ask_again(worker, member.user_id, member.group_id),
        Command::Restored => restore_all(worker),
        Command::Overflowed => sync_all(worker),
        Command::Close(address, code) => {
            let socket = worker.hub().find(address);
            if let Some(socket) = socket {
                worker.close(&socket, code);
            }
        }
        Command::Send(frames) => {
            for (address, frame) in frames {
                let socket = worker.hub().find(address);
                if let Some(socket) = socket {
                    worker.enqueue(&socket, frame);
                }
            }
        }
    }
}

fn look_again(worker: &Rc<Worker>, control: &Control) {
    match control {
        Control::SessionEnded {
            user_id,
            session_id,
        } => {
            for socket in sockets_of(worker, *user_id) {
                if socket.session.session_id == *session_id {
                    worker.close(&socket, CloseCode::SessionEnded);
                }
            }
        }
        Control::RoutesChanged { user_id } => {
            for socket in sockets_of(worker, *user_id) {
                begin(worker, &socket);
            }
        }
        Control::MemberRemoved { user_id, group_id } => {
            remove_member(worker, *user_id, *group_id);
        }
        Control::GroupRemoved { group_id } => {
            let route = Route::Group(*group_id);
            let sockets = worker.hub().on_route(route);
            for socket in sockets {
                drop_group(worker, &socket, route);
            }
        }
        // The process's watches are filtered again; no socket is concerned.
        Control::VisibilityChanged { .. } => {}
    }
}

/// Drops the group at once, then asks what is true now: messages may come in the wrong order.
fn remove_member(worker: &Rc<Worker>, user: UserId, group: GroupId) {
    for socket in sockets_of(worker, user) {
        let dropped = drop_group(worker, &socket, Route::Group(group));
        let asking = socket.membership.borrow().round.is_some();
        if dropped || asking {
            begin(worker, &socket);
        }
    }
}

/// Asks whether the user is still a member. The list of removals repeats itself for a while, so a
/// member who has come back meanwhile must not be dropped first.
fn ask_again(worker: &Rc<Worker>, user: UserId, group: GroupId) {
    for socket in sockets_of(worker, user) {
        let concerned = {
            let membership = socket.membership.borrow();
            let route = Route::Group(group);
            membership.round.is_some() || membership.groups.iter().any(|hold| hold.route() == route)
        };
        if concerned {
            begin(worker, &socket);
        }
    }
}

fn drop_group(worker: &Rc<Worker>, socket: &Rc<Socket>, route: Route) -> bool {
    let mut membership = socket.membership.borrow_mut();
    let Some(place) = membership
        .groups
        .iter()
        .position(|hold| hold.route() == route)
    else {
        return false;
    };
    membership.groups.swap_remove(place);
    membership
        .unannounced
        .retain(|group| Route::Group(*group) != route);
    worker.hub().remove_route(route, socket);
    true
}

/// Events may be missing, and the groups may have changed: everyone goes through a round.
pub fn restore_all(worker: &Rc<Worker>) {
    metrics::restored();
    let sockets = worker.hub().sockets();
    for socket in sockets {
        if socket.closing().is_some() {
            continue;
        }
        socket
            .membership
            .borrow_mut()
            .owed
            .get_or_insert(ReadyReason::Restored);
        begin(worker, &socket);
    }
}

/// Events are missing, the bindings are in place: who is ready is told to sync.
fn sync_all(worker: &Rc<Worker>) {
    metrics::restored();
    let frame = crate::outbound::text_frame(
        ServerFrame::Ready {
            reason: ReadyReason::Restored,
            group_id: None,
        }
        .encode()
        .as_bytes(),
    );
    let sockets = worker.hub().sockets();
    for socket in sockets {
        // Who is still owed a `ready` syncs then.
        if socket.membership.borrow().owed.is_none() {
            worker.enqueue(&socket, frame.clone());
        }
    }
}

fn sockets_of(worker: &Rc<Worker>, user: UserId) -> Vec<Rc<Socket>> {
    worker.hub().on_route(Route::User(user))
}
