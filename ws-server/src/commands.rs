//! What clients say: reading a frame, and one file for each kind.

use std::rc::Rc;

use protocol::frame::{ClientFrame, CloseCode, ServerFrame};
use protocol::limits::{MALFORMED_FRAMES, REF_CHARS};
use protocol::problem::Code;
use serde::Deserialize;

use crate::connection::Socket;
use crate::hub::Worker;
use crate::metrics;

mod auth;
mod ping;
mod presence_subscribe;
pub mod receipts;
mod typing;

/// What a socket asked for and is not done. Made when it is first needed.
#[derive(Debug, Default)]
pub struct Pending {
    /// Watermarks.
    pub receipts: receipts::Watermarks,
    /// What it passed on lately of who types.
    pub typing: typing::Throttle,
    /// Whose presence it watches.
    pub presence: presence_subscribe::Subscriptions,
}

impl Socket {
    /// Works on what the socket asked for.
    fn pending<T>(&self, work: impl FnOnce(&mut Pending) -> T) -> T {
        work(self.pending.borrow_mut().get_or_insert_default())
    }
}

/// Reads a text message and does what it says.
pub fn receive(worker: &Rc<Worker>, socket: &Rc<Socket>, text: &[u8]) {
    let frame = match parse(text) {
        Ok(frame) => frame,
        Err(fault) => {
            metrics::FRAMES_IN.malformed.increment(1);
            return malformed(worker, socket, &fault);
        }
    };
    match frame {
        ClientFrame::Ping { r#ref } => {
            metrics::FRAMES_IN.ping.increment(1);
            ping::answer(worker, socket, r#ref);
        }
        ClientFrame::Delivered {
            conversation_id,
            seq,
            r#ref,
        } => {
            metrics::FRAMES_IN.delivered.increment(1);
            let mark = receipts::Mark::delivered(conversation_id, seq);
            receipts::take(worker, socket, mark, r#ref);
        }
        ClientFrame::Read {
            conversation_id,
            seq,
            r#ref,
        } => {
            metrics::FRAMES_IN.read.increment(1);
            let mark = receipts::Mark::read(conversation_id, seq);
            receipts::take(worker, socket, mark, r#ref);
        }
        ClientFrame::Typing {
            conversation_id,
            typing,
            r#ref,
        } => {
            metrics::FRAMES_IN.typing.increment(1);
            typing::pass_on(worker, socket, conversation_id, typing);
            acknowledge(worker, socket, r#ref);
        }
        ClientFrame::PresenceSubscribe { user_ids, r#ref } => {
            metrics::FRAMES_IN.presence_subscribe.increment(1);
            presence_subscribe::replace(worker, socket, user_ids, r#ref);
        }
        ClientFrame::Auth { token, r#ref } => {
            metrics::FRAMES_IN.auth.increment(1);
            auth::renew(worker, socket, token, r#ref);
        }
    }
}

/// A binary message: only text is understood.
pub fn refuse_binary(worker: &Rc<Worker>, socket: &Rc<Socket>) {
    metrics::FRAMES_IN.binary.increment(1);
    let fault = Fault {
        detail: "frames are text".to_owned(),
        r#ref: None,
    };
    malformed(worker, socket, &fault);
}

/// Says that a frame was taken, if its sender wants to know.
fn acknowledge(worker: &Rc<Worker>, socket: &Rc<Socket>, r#ref: Option<String>) {
    if let Some(r#ref) = r#ref {
        worker.reply(socket, &ServerFrame::Ack { r#ref });
    }
}

/// Says that a frame was refused.
fn refuse(
    worker: &Rc<Worker>,
    socket: &Rc<Socket>,
    code: Code,
    detail: impl Into<String>,
    r#ref: Option<String>,
) {
    let error = ServerFrame::Error {
        code,
        detail: detail.into(),
        r#ref,
    };
    worker.reply(socket, &error);
}

fn malformed(worker: &Rc<Worker>, socket: &Rc<Socket>, fault: &Fault) {
    let count = socket.malformed.get() + 1;
    socket.malformed.set(count);
    if count > MALFORMED_FRAMES {
        return worker.close(socket, CloseCode::Malformed);
    }
    let (detail, r#ref) = (fault.detail.as_str(), fault.r#ref.clone());
    refuse(worker, socket, Code::Malformed, detail, r#ref);
}

/// Why a frame cannot be read.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    detail: String,
    /// The frame's `ref`, when at least that could be read.
    r#ref: Option<String>,
}

fn parse(text: &[u8]) -> Result<ClientFrame, Fault> {
    let Ok(text) = std::str::from_utf8(text) else {
        return Err(Fault {
            detail: "frames are UTF-8".to_owned(),
            r#ref: None,
        });
    };
    let fault = |detail: String| Fault {
        detail,
        r#ref: read_ref(text),
    };
    let frame: ClientFrame = serde_json::from_str(text).map_err(|error| fault(describe(&error)))?;
    let (ClientFrame::Ping { r#ref }
    | ClientFrame::Delivered { r#ref, .. }
    | ClientFrame::Read { r#ref, .. }
    | ClientFrame::Typing { r#ref, .. }
    | ClientFrame::PresenceSubscribe { r#ref, .. }
    | ClientFrame::Auth { r#ref, .. }) = &frame;
    if r#ref.as_ref().is_some_and(|text| !is_fit(text)) {
        return Err(fault(format!("ref holds at most {REF_CHARS} characters")));
    }
    Ok(frame)
}

/// What is wrong, without repeating what was sent: it may be long, or secret.
fn describe(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    match error.classify() {
        Category::Data => "the frame has an unknown type, or an unknown, missing or wrong field",
        Category::Syntax | Category::Eof | Category::Io => "the frame is not JSON",
    }
    .to_owned()
}

/// The `ref` of a frame that is otherwise no good.
fn read_ref(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct OnlyRef {
        r#ref: Option<String>,
    }
    let OnlyRef { r#ref } = serde_json::from_str(text).ok()?;
    r#ref.filter(|text| is_fit(text))
}

fn is_fit(r#ref: &str) -> bool {
    r#ref.chars().count() <= REF_CHARS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &[u8]) -> Fault {
        parse(text).unwrap_err()
    }

    #[test]
    fn a_fault_repeats_the_ref_when_it_can_be_read() {
        for text in [
            r#"{"type":"nonsense","ref":"r1"}"#,
            r#"{"type":"ping","extra":1,"ref":"r1"}"#,
            r#"{"type":"read","conversation_id":"no","seq":1,"ref":"r1"}"#,
            r#"{"type":"read","seq":"1","ref":"r1"}"#,
            r#"{"ref":"r1"}"#,
            r#"{"type":7,"ref":"r1"}"#,
        ] {
            assert_eq!(
                fault(text.as_bytes()).r#ref.as_deref(),
                Some("r1"),
                "{text}"
            );
        }
        for text in [
            &b"{"[..],
            b"",
            b"[]",
            b"null",
            b"\"ping\"",
            b"{\"type\":\"ping\",\"ref\":7}",
            b"{\"type\":\"ping\"}x",
            b"\xff\xfe",
            b"{\"type\":\"ping\",\"ref\":\"\xc3\x28\"}",
        ] {
            assert_eq!(fault(text).r#ref, None, "{text:?}");
        }
    }

    #[test]
    fn a_long_ref_is_refused_and_not_repeated() {
        let frame = |length| format!(r#"{{"type":"ping","ref":"{}"}}"#, "ä".repeat(length));
        assert!(parse(frame(64).as_bytes()).is_ok());
        assert_eq!(fault(frame(65).as_bytes()).r#ref, None);
    }

    #[test]
    fn deep_nesting_is_a_fault_and_no_more() {
        let deep = "[".repeat(10_000);
        for text in [
            deep.clone(),
            format!(r#"{{"type":"ping","x":{deep}"#),
            format!(r#"{{"x":{}{},"type":"ping"}}"#, deep, "]".repeat(10_000)),
            format!(r#"{{"type":"ping","ref":{}"#, r#"{"a":"#.repeat(5_000)),
        ] {
            assert_eq!(fault(text.as_bytes()).r#ref, None);
        }
    }

    #[test]
    fn a_fault_never_repeats_what_was_sent() {
        let fault = fault(br#"{"type":"auth","token":{"secret":1}}"#);
        assert!(!fault.detail.contains("secret"), "{}", fault.detail);
    }
}
