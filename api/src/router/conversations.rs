//! Conversations, their messages, and healing a client's copy.

use actix_web::http::Method;
use actix_web::web;
use protocol::account::User;
use protocol::conversation::{
    Conversation, CreateConversationRequest, MemberReceipt, PatchViewRequest, ReceiptsRequest, View,
};
use protocol::ids::{ConversationId, UserId};
use protocol::limits;
use protocol::message::{
    EditMessageRequest, Found, Message, MessagePage, SeenBy, SendMessageRequest,
};
use protocol::problem::Code;
use protocol::sync::{Changes, SyncRequest, SyncResponse};
use protocol::time::Timestamp;
use serde_json::json;

use super::{EXAMPLE_ID, Endpoint, endpoint, reading};
use crate::domain::search::Has;
use crate::openapi::Doc;
use crate::routes::messages::delete::Whom;
use crate::routes::{conversations, messages, receipts, search, sync, views};

const REACTION: &str = "/v1/conversations/{id}/messages/{message_id}/reactions/{emoji}";

pub(super) fn conversation_routes() -> Vec<Endpoint> {
    let tag = "Conversations";
    let id = |doc: Doc| {
        doc.path_id("id", "The conversation.")
            .problems(&[Code::NotFound])
    };
    vec![
        endpoint(
            Method::POST,
            "/v1/conversations",
            "create_conversation",
            || web::post().to(conversations::create_conversation),
            Doc::new(tag, "Begin a direct chat, or find the one there is")
                .body::<CreateConversationRequest>(json!({"user_id": EXAMPLE_ID}))
                .answer::<Conversation>(201, "It has begun")
                .answer::<Conversation>(200, "It existed")
                .problems(&[Code::NotFound, Code::Blocked]),
        ),
        endpoint(
            Method::GET,
            "/v1/conversations",
            "list_conversations",
            || reading().to(conversations::list_conversations),
            Doc::new(
                tag,
                "The caller's conversations, pinned first, then by latest activity",
            )
            .query::<bool>("archived", "Those put aside, or the others (the default).")
            .paged()
            .page::<Conversation>(200, "A page of them"),
        ),
        endpoint(
            Method::GET,
            "/v1/conversations/{id}",
            "get_conversation",
            || reading().to(conversations::get_conversation),
            id(Doc::new(tag, "One conversation"))
                .answer::<Conversation>(200, "As the caller sees it"),
        ),
        endpoint(
            Method::DELETE,
            "/v1/conversations/{id}",
            "delete_conversation",
            || web::delete().to(views::delete_conversation),
            id(Doc::new(
                tag,
                "Take a direct chat off the caller's list, cleared, until a new message arrives",
            ))
            .empty(204, "Off the list; the other side keeps it")
            .problems(&[Code::Forbidden]),
        ),
        endpoint(
            Method::PATCH,
            "/v1/conversations/{id}/me",
            "patch_view",
            || web::patch().to(views::patch_view),
            id(Doc::new(tag, "Change the caller's own view"))
                .body::<PatchViewRequest>(
                    json!({"pinned": true, "muted_until": "2026-11-23T08:00:00.000Z"}),
                )
                .answer::<View>(200, "The view as it is now")
                .problems(&[Code::LimitReached]),
        ),
        endpoint(
            Method::POST,
            "/v1/conversations/{id}/clear",
            "clear_conversation",
            || web::post().to(views::clear_conversation),
            id(Doc::new(
                tag,
                "Make the messages so far vanish for the caller alone",
            ))
            .empty(204, "Cleared"),
        ),
        endpoint(
            Method::POST,
            "/v1/conversations/{id}/receipts",
            "post_receipts",
            || web::post().to(receipts::post_receipts),
            id(Doc::new(tag, "Move the caller's watermarks"))
                .body::<ReceiptsRequest>(json!({"read_seq": 12}))
                .empty(204, "Moved, and visible"),
        ),
        endpoint(
            Method::GET,
            "/v1/conversations/{id}/receipts",
            "list_receipts",
            || reading().to(receipts::list_receipts),
            id(Doc::new(tag, "Each member's watermarks"))
                .paged()
                .page::<MemberReceipt>(200, "A page of them"),
        ),
    ]
}

pub(super) fn message_routes() -> Vec<Endpoint> {
    let tag = "Messages";
    let id = |doc: Doc| {
        doc.path_id("id", "The conversation.")
            .problems(&[Code::NotFound])
    };
    vec![
        endpoint(
            Method::POST,
            "/v1/conversations/{id}/messages",
            "send_message",
            || web::post().to(messages::send::send_message),
            id(Doc::new(
                tag,
                "Send a message; repeat it with the same client_id until it is answered",
            ))
            .body::<SendMessageRequest>(
                json!({"client_id": EXAMPLE_ID, "body": "Shall we meet at nine?"}),
            )
            .answer::<Message>(201, "Committed")
            .answer::<Message>(200, "It was committed before")
            .problems(&[Code::Blocked, Code::ClientIdReused, Code::LimitReached]),
        ),
        endpoint(
            Method::GET,
            "/v1/conversations/{id}/messages",
            "list_messages",
            || reading().to(messages::read::list_messages),
            id(Doc::new(
                tag,
                "A page of the timeline; the newest if no place is given",
            ))
            .query::<i64>(
                "before",
                "Messages below this seq. At most one of the three.",
            )
            .query::<i64>("after", "Messages above this seq.")
            .query::<i64>("around", "Messages on both sides of this seq, and itself.")
            .limited()
            .answer::<MessagePage>(200, "By ascending seq"),
        ),
        endpoint(
            Method::GET,
            "/v1/conversations/{id}/changes",
            "list_changes",
            || reading().to(sync::list_changes),
            id(Doc::new(
                tag,
                "What happened in a conversation since a revision",
            ))
            .query_from("since", "The revision the client has applied.", 0)
            .required()
            .limited()
            .answer::<Changes>(200, "By ascending rev, from one snapshot"),
        ),
        endpoint(
            Method::GET,
            "/v1/search",
            "search_messages",
            || reading().to(search::search_messages),
            Doc::new(
                tag,
                "Messages by their words, newest first, in what the caller may read",
            )
            .query_text(
                "q",
                "Words; `\"a phrase\"`, `or` and `-without` as on the web.",
                limits::SEARCH_CHARS,
            )
            .required()
            .query::<ConversationId>("conversation_id", "In this conversation only.")
            .query::<UserId>("from", "By this person only.")
            .query::<Timestamp>("before", "Committed before this moment.")
            .query::<Timestamp>("after", "Committed after this moment.")
            .query::<Has>("has", "With a file only.")
            .paged()
            .page::<Found>(200, "A page of them; empty if `q` has no word"),
        ),
        endpoint(
            Method::POST,
            "/v1/sync",
            "sync",
            || web::post().to(sync::sync),
            Doc::new(tag, "Make a client's copy whole")
                .body::<SyncRequest>(json!({"known": {EXAMPLE_ID: {"rev": 41, "me_version": 3}}}))
                .answer::<SyncResponse>(200, "What differs, from one snapshot"),
        ),
    ]
}

pub(super) fn operation_routes() -> Vec<Endpoint> {
    let tag = "Messages";
    let message = |doc: Doc| {
        doc.path_id("id", "The conversation.")
            .path_id("message_id", "The message.")
            .problems(&[Code::NotFound])
    };
    vec![
        endpoint(
            Method::PATCH,
            "/v1/conversations/{id}/messages/{message_id}",
            "edit_message",
            || web::patch().to(messages::edit::edit_message),
            message(Doc::new(
                tag,
                "Give one's own message another text, for a while",
            ))
            .body::<EditMessageRequest>(json!({"body": "Shall we meet at ten?"}))
            .answer::<Message>(200, "As it is now")
            .problems(&[
                Code::Forbidden,
                Code::Blocked,
                Code::EditWindowOver,
                Code::Deleted,
                Code::LimitReached,
            ]),
        ),
        endpoint(
            Method::DELETE,
            "/v1/conversations/{id}/messages/{message_id}",
            "delete_message",
            || web::delete().to(messages::delete::delete_message),
            message(Doc::new(
                tag,
                "Delete a message for oneself, or for everyone",
            ))
            .query::<Whom>(
                "for",
                "`me`, the default; `everyone` is for its author and the group's admins.",
            )
            .empty(204, "It is gone; for everyone, a tombstone is left")
            .problems(&[Code::Forbidden]),
        ),
        endpoint(
            Method::PUT,
            "/v1/conversations/{id}/messages/{message_id}/pin",
            "pin_message",
            || web::put().to(messages::pins::pin_message),
            message(Doc::new(tag, "Pin a message in its conversation"))
                .empty(204, "It is pinned")
                .problems(&[Code::Blocked, Code::Deleted]),
        ),
        endpoint(
            Method::DELETE,
            "/v1/conversations/{id}/messages/{message_id}/pin",
            "unpin_message",
            || web::delete().to(messages::pins::unpin_message),
            message(Doc::new(tag, "Unpin a message"))
                .empty(204, "It is not pinned")
                .problems(&[Code::Blocked]),
        ),
        endpoint(
            Method::GET,
            "/v1/conversations/{id}/pins",
            "list_pins",
            || reading().to(messages::pins::list_pins),
            Doc::new(
                tag,
                "What is pinned in a conversation, the newest pin first",
            )
            .path_id("id", "The conversation.")
            .problems(&[Code::NotFound])
            .paged()
            .page::<Message>(200, "A page of them"),
        ),
        endpoint(
            Method::GET,
            "/v1/conversations/{id}/files",
            "list_files",
            || reading().to(messages::files::list_files),
            Doc::new(
                tag,
                "The messages of a conversation that hold files, the newest first",
            )
            .path_id("id", "The conversation.")
            .problems(&[Code::NotFound])
            .paged()
            .page::<Message>(200, "A page of them"),
        ),
        endpoint(
            Method::GET,
            "/v1/conversations/{id}/messages/{message_id}/receipts",
            "list_seen_by",
            || reading().to(messages::seen_by::list_seen_by),
            message(Doc::new(
                tag,
                "Who has received and read a message, but for its sender",
            ))
            .paged()
            .page::<SeenBy>(200, "A page of them"),
        ),
    ]
}

pub(super) fn reaction_routes() -> Vec<Endpoint> {
    let tag = "Messages";
    let spot = |doc: Doc| {
        doc.path_id("id", "The conversation.")
            .path_id("message_id", "The message.")
            .path_emoji("emoji", "The emoji.")
            .problems(&[Code::NotFound])
    };
    vec![
        endpoint(
            Method::PUT,
            REACTION,
            "add_reaction",
            || web::put().to(messages::reactions::add_reaction),
            spot(Doc::new(tag, "Put an emoji under a message"))
                .empty(204, "It is there")
                .problems(&[Code::Blocked, Code::Deleted, Code::LimitReached]),
        ),
        endpoint(
            Method::DELETE,
            REACTION,
            "remove_reaction",
            || web::delete().to(messages::reactions::remove_reaction),
            spot(Doc::new(tag, "Take one's emoji back"))
                .empty(204, "It is not there")
                .problems(&[Code::Blocked]),
        ),
        endpoint(
            Method::GET,
            REACTION,
            "list_reactions",
            || reading().to(messages::reactions::list_reactions),
            spot(Doc::new(tag, "Who chose an emoji, newest first"))
                .paged()
                .page::<User>(200, "A page of them"),
        ),
    ]
}
