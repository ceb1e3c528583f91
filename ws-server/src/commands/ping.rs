//! `ping`: a sign of life.

use std::rc::Rc;

use protocol::frame::ServerFrame;

use crate::connection::Socket;
use crate::hub::Worker;

/// That the frame came was noted already; all that is left is the answer.
pub(super) fn answer(worker: &Rc<Worker>, socket: &Rc<Socket>, r#ref: Option<String>) {
    worker.reply(socket, &ServerFrame::Pong { r#ref });
}
