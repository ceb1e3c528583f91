//! Every frame has an example that reads back as itself, and `docs/asyncapi.yaml` describes it.
//!
//! The example of a frame is `golden/<side>/<type>.json`; a further one is `<type>.<what>.json`.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics says where it failed"
)]

use std::collections::BTreeSet;
use std::path::Path;

use protocol::frame::{ClientFrame, ServerFrame};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The types of a side, and which one a frame is: a new variant does not compile before it is here,
/// and has no example before there is a file.
macro_rules! kinds {
    ($frame:ident: $($variant:ident = $kind:literal),+ $(,)?) => {
        impl Kinds for $frame {
            const ALL: &'static [&'static str] = &[$($kind),+];

            fn kind(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $kind),+ }
            }
        }
    };
}

trait Kinds: DeserializeOwned + Serialize {
    const ALL: &'static [&'static str];

    fn kind(&self) -> &'static str;
}

kinds! { ServerFrame:
    Hello = "hello",
    Ready = "ready",
    Draining = "draining",
    MessageCreated = "message.created",
    MessageUpdated = "message.updated",
    MessageDeleted = "message.deleted",
    MessageHidden = "message.hidden",
    Receipt = "receipt",
    Receipts = "receipts",
    Typing = "typing",
    Presence = "presence",
    ConversationCreated = "conversation.created",
    ConversationUpdated = "conversation.updated",
    ConversationRemoved = "conversation.removed",
    ConversationMe = "conversation.me",
    GroupUpdated = "group.updated",
    GroupRemoved = "group.removed",
    MemberJoined = "member.joined",
    MemberUpdated = "member.updated",
    MemberLeft = "member.left",
    FriendRequest = "friend_request",
    FriendRequestRemoved = "friend_request.removed",
    Friend = "friend",
    FriendRemoved = "friend.removed",
    Contact = "contact",
    ContactRemoved = "contact.removed",
    Block = "block",
    BlockRemoved = "block.removed",
    UserUpdated = "user.updated",
    Ack = "ack",
    Error = "error",
    Pong = "pong",
}

kinds! { ClientFrame:
    Ping = "ping",
    Delivered = "delivered",
    Read = "read",
    Typing = "typing",
    PresenceSubscribe = "presence.subscribe",
    Auth = "auth",
}

fn golden(side: &str) -> Vec<(String, Value)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(side);
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            (name, serde_json::from_str(&text).unwrap())
        })
        .collect()
}

fn reads_back_as_itself<F: Kinds>(side: &str) {
    let mut seen = BTreeSet::new();
    for (name, value) in golden(side) {
        let frame: F = serde_json::from_value(value.clone())
            .unwrap_or_else(|error| panic!("{side}/{name}: {error}"));
        assert_eq!(
            serde_json::to_value(&frame).unwrap(),
            value,
            "{side}/{name}"
        );
        assert_eq!(value["type"], frame.kind(), "{side}/{name}");
        let named = name == frame.kind() || name.starts_with(&format!("{}.", frame.kind()));
        assert!(named, "{side}/{name} holds a {}", frame.kind());
        seen.insert(frame.kind());
    }
    let all: BTreeSet<_> = F::ALL.iter().copied().collect();
    assert_eq!(seen, all);
}

#[test]
fn every_server_frame_has_an_example_that_reads_back_as_itself() {
    reads_back_as_itself::<ServerFrame>("server");
}

#[test]
fn every_client_frame_has_an_example_that_reads_back_as_itself() {
    reads_back_as_itself::<ClientFrame>("client");
}

fn asyncapi() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/asyncapi.yaml");
    serde_yaml_ng::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The messages of one direction by their frame's type: name in the document, and schema.
fn described(document: &Value, operation: &str) -> Vec<(String, String, Value)> {
    let messages = document["operations"][operation]["messages"]
        .as_array()
        .unwrap();
    messages
        .iter()
        .map(|message| {
            let in_channel = message["$ref"].as_str().unwrap().trim_start_matches('#');
            // A name may hold a dot but no slash, so the pointer needs no escapes.
            let component = document.pointer(in_channel).unwrap()["$ref"]
                .as_str()
                .unwrap();
            let message = document.pointer(component.trim_start_matches('#')).unwrap();
            let name = component.rsplit('/').next().unwrap().to_owned();
            let kind = &message["payload"]["properties"]["type"]["const"];
            (
                kind.as_str().unwrap().to_owned(),
                name,
                message["payload"].clone(),
            )
        })
        .collect()
}

fn fits_its_description<F: Kinds>(side: &str, operation: &str) {
    let document = asyncapi();
    let described = described(&document, operation);
    let kinds: BTreeSet<_> = described.iter().map(|(kind, ..)| kind.as_str()).collect();
    assert_eq!(kinds, F::ALL.iter().copied().collect(), "{operation}");
    for (name, value) in golden(side) {
        let (_, message, mut schema) = described
            .iter()
            .find(|(kind, ..)| value["type"] == *kind)
            .cloned()
            .unwrap();
        // References lead into the document's components.
        schema["components"] = document["components"].clone();
        let validator = jsonschema::validator_for(&schema).unwrap();
        if let Err(error) = validator.validate(&value) {
            panic!("{side}/{name} does not fit the message {message}: {error}");
        }
        // And it is no description that everything fits.
        let mut other = value.clone();
        other["unheard_of"] = json!(1);
        assert!(!validator.is_valid(&other), "{message} allows any field");
        for required in schema["required"].as_array().unwrap() {
            let mut other = value.clone();
            other
                .as_object_mut()
                .unwrap()
                .remove(required.as_str().unwrap());
            assert!(
                !validator.is_valid(&other),
                "{message} does not need {required}"
            );
        }
    }
}

#[test]
fn asyncapi_describes_what_a_server_says() {
    fits_its_description::<ServerFrame>("server", "receive");
}

#[test]
fn asyncapi_describes_what_a_client_says() {
    fits_its_description::<ClientFrame>("client", "say");
}

#[test]
fn asyncapi_lists_every_close_code() {
    use protocol::frame::CloseCode;
    let document = asyncapi();
    let text = document["info"]["description"].as_str().unwrap();
    for code in [
        CloseCode::GoingAway,
        CloseCode::ProtocolError,
        CloseCode::TooBig,
        CloseCode::Malformed,
        CloseCode::TokenExpired,
        CloseCode::SessionEnded,
        CloseCode::Silent,
        CloseCode::TooManySockets,
        CloseCode::RateLimited,
        CloseCode::SlowReader,
    ] {
        assert!(text.contains(&format!("| {} |", code.code())), "{code:?}");
    }
}
