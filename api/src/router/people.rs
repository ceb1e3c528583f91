//! People, and what they are to each other.

use actix_web::http::Method;
use actix_web::web;
use protocol::account::User;
use protocol::limits;
use protocol::people::{Contact, CreateFriendRequest, FriendRequest, PutContactRequest};
use protocol::presence::Presences;
use protocol::problem::Code;
use serde_json::json;

use super::{EXAMPLE_ID, Endpoint, endpoint, reading};
use crate::openapi::Doc;
use crate::routes::{blocks, contacts, friend_requests, friends, presence, users};

/// Everyone, seen from the caller.
pub(super) fn people() -> Vec<Endpoint> {
    let tag = "People";
    vec![
        endpoint(
            Method::GET,
            "/v1/users",
            "search_users",
            || reading().to(users::search_users),
            Doc::new(tag, "People whose username or display name starts with q")
                .query_line("q", "How the name starts.", limits::NAME_CHARS)
                .required()
                .paged()
                .page::<User>(200, "A page of them, by username"),
        ),
        endpoint(
            Method::GET,
            "/v1/users/{id}",
            "get_user",
            || reading().to(users::get_user),
            Doc::new(tag, "One person")
                .path_id("id", "The user.")
                .answer::<User>(200, "The person")
                .problems(&[Code::NotFound]),
        ),
        endpoint(
            Method::GET,
            "/v1/presence",
            "get_presence",
            || reading().to(presence::get_presence),
            Doc::new(
                tag,
                "Who is online; who is not the caller's to know is offline",
            )
            .query_ids(
                "user_ids",
                "Ids, separated by commas.",
                limits::PRESENCE_USERS,
            )
            .required()
            .answer::<Presences>(200, "One for each id"),
        ),
    ]
}

/// The caller's address book, and whom they block: what they do alone.
pub(super) fn own_lists() -> Vec<Endpoint> {
    let tag = "People";
    let whom = |doc: Doc| doc.path_id("user_id", "Whom.");
    vec![
        endpoint(
            Method::GET,
            "/v1/contacts",
            "list_contacts",
            || reading().to(contacts::list_contacts),
            Doc::new(tag, "The caller's address book, newest first")
                .paged()
                .page::<Contact>(200, "A page of it"),
        ),
        endpoint(
            Method::PUT,
            "/v1/contacts/{user_id}",
            "put_contact",
            || web::put().to(contacts::put_contact),
            whom(Doc::new(
                tag,
                "Keep someone as a contact, or change what they are called",
            ))
            .optional_body::<PutContactRequest>(json!({"alias": "Ada from work"}))
            .answer::<Contact>(201, "A contact from now on")
            .answer::<Contact>(200, "A contact already; as it is now")
            .problems(&[Code::NotFound, Code::LimitReached]),
        ),
        endpoint(
            Method::DELETE,
            "/v1/contacts/{user_id}",
            "delete_contact",
            || web::delete().to(contacts::delete_contact),
            whom(Doc::new(tag, "Take someone out of the address book")).empty(204, "Not a contact"),
        ),
        endpoint(
            Method::GET,
            "/v1/blocks",
            "list_blocks",
            || reading().to(blocks::list_blocks),
            Doc::new(tag, "Whom the caller blocks, newest first")
                .paged()
                .page::<User>(200, "A page of them"),
        ),
        endpoint(
            Method::PUT,
            "/v1/blocks/{user_id}",
            "block_user",
            || web::put().to(blocks::block_user),
            whom(Doc::new(tag, "Block someone, and be friends no longer"))
                .empty(204, "Blocked")
                .problems(&[Code::NotFound, Code::Invalid]),
        ),
        endpoint(
            Method::DELETE,
            "/v1/blocks/{user_id}",
            "unblock_user",
            || web::delete().to(blocks::unblock_user),
            whom(Doc::new(tag, "Unblock someone")).empty(204, "Not blocked"),
        ),
    ]
}

/// Friends, and how one becomes one: what it takes both for.
pub(super) fn friends() -> Vec<Endpoint> {
    let tag = "People";
    let id = |doc: Doc| {
        doc.path_id("id", "The request.").problems(&[
            Code::NotFound,
            Code::Forbidden,
            Code::Conflict,
        ])
    };
    vec![
        endpoint(
            Method::GET,
            "/v1/friend-requests",
            "list_friend_requests",
            || reading().to(friend_requests::list_friend_requests),
            Doc::new(
                tag,
                "Requests that wait for an answer, the caller's and to the caller, newest first",
            )
            .paged()
            .page::<FriendRequest>(200, "A page of them"),
        ),
        endpoint(
            Method::POST,
            "/v1/friend-requests",
            "create_friend_request",
            || web::post().to(friend_requests::create_friend_request),
            Doc::new(
                tag,
                "Ask someone to be friends; who has been asked by them becomes their friend",
            )
            .body::<CreateFriendRequest>(json!({"id": EXAMPLE_ID, "user_id": EXAMPLE_ID}))
            .answer::<FriendRequest>(201, "Asked; accepted at once if they had asked before")
            .answer::<FriendRequest>(200, "It was made before")
            .problems(&[
                Code::NotFound,
                Code::Blocked,
                Code::Conflict,
                Code::LimitReached,
            ]),
        ),
        endpoint(
            Method::DELETE,
            "/v1/friend-requests/{id}",
            "cancel_friend_request",
            || web::delete().to(friend_requests::cancel_friend_request),
            id(Doc::new(tag, "Take back a request that waits")).empty(204, "Taken back"),
        ),
        endpoint(
            Method::POST,
            "/v1/friend-requests/{id}/accept",
            "accept_friend_request",
            || web::post().to(friend_requests::accept_friend_request),
            id(Doc::new(tag, "Accept a request"))
                .answer::<FriendRequest>(200, "The two are friends"),
        ),
        endpoint(
            Method::POST,
            "/v1/friend-requests/{id}/decline",
            "decline_friend_request",
            || web::post().to(friend_requests::decline_friend_request),
            id(Doc::new(tag, "Decline a request")).answer::<FriendRequest>(200, "They are not"),
        ),
        endpoint(
            Method::GET,
            "/v1/friends",
            "list_friends",
            || reading().to(friends::list_friends),
            Doc::new(tag, "The caller's friends, by username")
                .paged()
                .page::<User>(200, "A page of them"),
        ),
        endpoint(
            Method::DELETE,
            "/v1/friends/{user_id}",
            "delete_friend",
            || web::delete().to(friends::delete_friend),
            Doc::new(tag, "End a friendship")
                .path_id("user_id", "With whom.")
                .empty(204, "Not friends"),
        ),
    ]
}
