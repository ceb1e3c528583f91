//! `auth`: a fresh token of the same session, before the old one ends.

use std::rc::Rc;

use platform::token::{Claims, TokenError};
use protocol::frame::CloseCode;
use protocol::problem::Code;

use crate::connection::Socket;
use crate::hub::Worker;
use crate::{handshake, settle};

/// Puts the token in the place of the old one, and reads the user's groups again.
pub(super) fn renew(
    worker: &Rc<Worker>,
    socket: &Rc<Socket>,
    token: String,
    r#ref: Option<String>,
) {
    match worker.shared.verifier.verify(&token) {
        Ok(claims) => accept(worker, socket, &claims, r#ref),
        // A new key may have been published: rare, so only then a task of its own.
        Err(TokenError::UnknownKey(_)) => {
            let (worker, socket) = (worker.clone(), socket.clone());
            actix_web::rt::spawn(async move {
                match handshake::verify(&worker.shared, &token).await {
                    Ok(claims) => accept(&worker, &socket, &claims, r#ref),
                    Err(_refused) => refuse(&worker, &socket, r#ref),
                }
            });
        }
        Err(_refused) => refuse(worker, socket, r#ref),
    }
}

fn accept(worker: &Rc<Worker>, socket: &Rc<Socket>, claims: &Claims, r#ref: Option<String>) {
    let session = socket.session;
    if claims.sub != session.user_id || claims.sid != session.session_id {
        return worker.close(socket, CloseCode::SessionEnded);
    }
    if socket.closing().is_some() {
        return;
    }
    let deadline = handshake::token_deadline(claims);
    // An older token than the one it has takes nothing away.
    socket.expires_at.set(socket.expires_at.get().max(deadline));
    settle::begin_if_none(worker, socket);
    super::acknowledge(worker, socket, r#ref);
}

fn refuse(worker: &Rc<Worker>, socket: &Rc<Socket>, r#ref: Option<String>) {
    let detail = "the token is not valid";
    super::refuse(worker, socket, Code::Unauthenticated, detail, r#ref);
}
