//! What a client must know of a frame, found without reading all of it.
//!
//! A name in quotes cannot occur inside a JSON string, where its quotes would be escaped; so the
//! first place where it stands is the field. Messages of a load test answer no other, hence there
//! is one `seq`.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use uuid::Uuid;

/// An event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A message.
    Message(Heard),
    /// The first frame.
    Hello,
    /// Live events flow.
    Ready,
    /// Events may have been missed.
    Restored,
    /// The socket is about to be closed.
    Draining,
    /// Someone's presence.
    Presence {
        /// Whether they are there.
        online: bool,
    },
    /// Watermarks moved.
    Receipts,
    /// The server refused a frame.
    Refused,
    /// Anything else.
    Other,
}

/// A message that came live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Where.
    pub conversation_id: Uuid,
    /// The conversation's revision.
    pub rev: i64,
    /// The message's place.
    pub seq: i64,
    /// The sender's name for it.
    pub client_id: Uuid,
}

type Field = LazyLock<Finder<'static>>;

static CONVERSATION_ID: Field = LazyLock::new(|| Finder::new("\"conversation_id\":\""));
static CLIENT_ID: Field = LazyLock::new(|| Finder::new("\"client_id\":\""));
static SEQ: Field = LazyLock::new(|| Finder::new("\"seq\":"));
static REV: Field = LazyLock::new(|| Finder::new("\"rev\":"));

/// Reads a text frame. `None`: it is not what the contract says.
#[must_use]
pub fn read(text: &[u8]) -> Option<Event> {
    let kind = text.strip_prefix(b"{\"type\":\"")?;
    let kind = kind.get(..kind.iter().position(|byte| *byte == b'"')?)?;
    Some(match kind {
        b"message.created" => Event::Message(Heard {
            conversation_id: id(text, &CONVERSATION_ID)?,
            rev: number(text, &REV)?,
            seq: number(text, &SEQ)?,
            client_id: id(text, &CLIENT_ID)?,
        }),
        b"hello" => Event::Hello,
        b"ready" if text.windows(10).any(|part| part == b"\"restored\"") => Event::Restored,
        b"ready" => Event::Ready,
        b"draining" => Event::Draining,
        b"presence" => Event::Presence {
            online: text.windows(8).any(|part| part == b"\"online\""),
        },
        b"receipt" | b"receipts" => Event::Receipts,
        b"error" => Event::Refused,
        _ => Event::Other,
    })
}

fn after<'a>(text: &'a [u8], field: &Field) -> Option<&'a [u8]> {
    text.get(field.find(text)? + field.needle().len()..)
}

fn id(text: &[u8], field: &Field) -> Option<Uuid> {
    Uuid::try_parse_ascii(after(text, field)?.get(..36)?).ok()
}

fn number(text: &[u8], field: &Field) -> Option<i64> {
    let digits = after(text, field)?
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    digits
        .map(|digit| i64::from(digit - b'0'))
        .try_fold(None, |number, digit| {
            let number: i64 = number.unwrap_or(0);
            Some(Some(number.checked_mul(10)?.checked_add(digit)?))
        })?
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONVERSATION: &str = "019ab0c0-0000-7000-8000-000000000001";
    const CLIENT: &str = "019ab0c0-0000-7000-8000-000000000002";

    #[test]
    fn a_message_is_found_whatever_its_text_looks_like() {
        let frame = serde_json::json!({
            "conversation_id": CONVERSATION,
            "message": {
                "client_id": CLIENT,
                "body": "\"seq\":9,\"rev\":8,\"client_id\":\"x\"",
                "seq": 41, "rev": 57,
            },
            "rev": 57,
        });
        let frame = frame.to_string();
        let rest = frame.strip_prefix('{').unwrap();
        let text = format!("{{\"type\":\"message.created\",{rest}");
        assert_eq!(
            read(text.as_bytes()),
            Some(Event::Message(Heard {
                conversation_id: CONVERSATION.parse().unwrap(),
                rev: 57,
                seq: 41,
                client_id: CLIENT.parse().unwrap(),
            }))
        );
    }

    #[test]
    fn what_is_missing_is_not_made_up() {
        for text in [
            "",
            "{}",
            r#"{"type":"message.created"}"#,
            r#"{"type":"message.created","conversation_id":"019ab0c0-0000-7000-8000-000000000001","seq":,"rev":1,"client_id":"019ab0c0-0000-7000-8000-000000000002"}"#,
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_others_are_told_apart() {
        for (text, event) in [
            (r#"{"type":"hello","server_id":"a"}"#, Event::Hello),
            (r#"{"type":"ready","reason":"connected"}"#, Event::Ready),
            (r#"{"type":"ready","reason":"restored"}"#, Event::Restored),
            (r#"{"type":"error","code":"malformed"}"#, Event::Refused),
            (r#"{"type":"pong"}"#, Event::Other),
        ] {
            assert_eq!(read(text.as_bytes()), Some(event), "{text}");
        }
    }
}
