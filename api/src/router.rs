//! Every URL of the service, with what its document says: one table for both.

use std::collections::BTreeMap;

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Resource, Route};
use protocol::account::{
    Auth, DeleteMeRequest, JwkSet, LoginRequest, Me, PasswordRequest, PatchMeRequest,
    RefreshRequest, RegisterRequest, Session, User,
};
use protocol::conversation::{
    Conversation, CreateConversationRequest, MemberReceipt, PatchViewRequest, ReceiptsRequest, View,
};
use protocol::internal::{REVOCATIONS_PATH, ROUTES_PATH, VISIBLE_PATH};
use protocol::message::{Message, MessagePage, SendMessageRequest};
use protocol::presence::Presences;
use protocol::problem::Code;
use protocol::sync::{Changes, SyncRequest, SyncResponse};
use serde_json::json;

use crate::error::ApiError;
use crate::openapi::{Doc, Document};
use crate::routes::{
    auth, blocks, conversations, documents, internal as peers, me, messages, presence, receipts,
    sync, users, views,
};

/// A route and its documentation.
pub struct Endpoint {
    /// The operation's name in the document.
    pub id: &'static str,
    /// Its method.
    pub method: Method,
    /// Its path, with `{parameters}`.
    pub path: &'static str,
    /// What the document says of it.
    pub doc: Doc,
    route: fn() -> Route,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

fn endpoint(
    method: Method,
    path: &'static str,
    id: &'static str,
    route: fn() -> Route,
    doc: Doc,
) -> Endpoint {
    Endpoint {
        id,
        method,
        path,
        doc,
        route,
    }
}

const EXAMPLE_ID: &str = "019ab5a0-7c5e-7a51-9d0c-3a1f5b0c9e11";

/// The REST API.
#[must_use]
pub fn table() -> Vec<Endpoint> {
    let mut table = accounts();
    table.extend(people());
    table.extend(conversation_routes());
    table.extend(message_routes());
    table.extend(document_routes());
    table
}

fn accounts() -> Vec<Endpoint> {
    let tag = "Accounts and sessions";
    let (get, post, patch, delete) = (Method::GET, Method::POST, Method::PATCH, Method::DELETE);
    vec![
        endpoint(post.clone(), "/v1/auth/register", "register", || web::post().to(auth::register),
            Doc::new(tag, "Make an account and sign in").anonymous()
                .body::<RegisterRequest>(json!({"username": "ada", "password": "correct horse battery"}))
                .answer::<Auth>(201, "The account's first session")
                .problems(&[Code::RegistrationClosed, Code::Conflict])),
        endpoint(post.clone(), "/v1/auth/login", "login", || web::post().to(auth::login),
            Doc::new(tag, "Sign in").anonymous()
                .body::<LoginRequest>(json!({"username": "ada", "password": "correct horse battery", "device": "Firefox on Linux"}))
                .answer::<Auth>(200, "A new session")
                .problems(&[Code::BadCredentials])),
        endpoint(post.clone(), "/v1/auth/refresh", "refresh", || web::post().to(auth::refresh),
            Doc::new(tag, "Exchange the refresh token for the next pair").anonymous()
                .optional_body::<RefreshRequest>(json!({"refresh_token": "019ab5a07c5e7a519d0c3a1f5b0c9e11.1.mac"}))
                .answer::<Auth>(200, "The same session with fresh tokens")
                .problems(&[Code::Unauthenticated, Code::SessionReused, Code::Forbidden])),
        endpoint(post.clone(), "/v1/auth/logout", "logout", || web::post().to(auth::logout),
            Doc::new(tag, "End this session").empty(204, "It has ended, and its sockets close")),
        endpoint(post, "/v1/auth/password", "change_password", || web::post().to(auth::change_password),
            Doc::new(tag, "Change the password")
                .body::<PasswordRequest>(json!({"current_password": "correct horse battery", "new_password": "staple unlike any other"}))
                .empty(204, "Changed; every other session has ended")
                .problems(&[Code::BadCredentials])),
        endpoint(get.clone(), "/v1/auth/sessions", "list_sessions", || web::get().to(auth::list_sessions),
            Doc::new(tag, "The caller's sessions, newest first").paged()
                .page::<Session>(200, "A page of them")),
        endpoint(delete.clone(), "/v1/auth/sessions/{id}", "end_session", || web::delete().to(auth::end_session),
            Doc::new(tag, "End one of the caller's sessions").path_id("id", "The session.")
                .empty(204, "It has ended, and its sockets close").problems(&[Code::NotFound])),
        endpoint(get.clone(), "/.well-known/jwks.json", "get_jwks", || web::get().to(documents::get_jwks),
            Doc::new(tag, "The public keys that verify access tokens").anonymous()
                .answer::<JwkSet>(200, "A JWK set (RFC 7517)")),
        endpoint(get, "/v1/me", "get_me", || web::get().to(me::get_me),
            Doc::new(tag, "The caller's own account").answer::<Me>(200, "With its private fields")),
        endpoint(patch, "/v1/me", "patch_me", || web::patch().to(me::patch_me),
            Doc::new(tag, "Change the caller's profile and privacy")
                .body::<PatchMeRequest>(json!({"display_name": "Ada", "about": "Analyst of engines"}))
                .answer::<Me>(200, "The account as it is now")),
        endpoint(delete, "/v1/me", "delete_me", || web::delete().to(me::delete_me),
            Doc::new(tag, "End the caller's account")
                .body::<DeleteMeRequest>(json!({"password": "correct horse battery"}))
                .empty(204, "It has ended; its messages stay as from a deleted user")
                .problems(&[Code::BadCredentials])),
    ]
}

fn people() -> Vec<Endpoint> {
    let tag = "People";
    vec![
        endpoint(
            Method::GET,
            "/v1/users",
            "search_users",
            || web::get().to(users::search_users),
            Doc::new(tag, "People whose username or display name starts with q")
                .query::<String>("q", "How the name starts, 1 to 64 characters.")
                .paged()
                .page::<User>(200, "A page of them, by username"),
        ),
        endpoint(
            Method::GET,
            "/v1/users/{id}",
            "get_user",
            || web::get().to(users::get_user),
            Doc::new(tag, "One person")
                .path_id("id", "The user.")
                .answer::<User>(200, "The person")
                .problems(&[Code::NotFound]),
        ),
        endpoint(
            Method::GET,
            "/v1/blocks",
            "list_blocks",
            || web::get().to(blocks::list_blocks),
            Doc::new(tag, "Whom the caller blocks, newest first")
                .paged()
                .page::<User>(200, "A page of them"),
        ),
        endpoint(
            Method::PUT,
            "/v1/blocks/{id}",
            "block_user",
            || web::put().to(blocks::block_user),
            Doc::new(tag, "Block someone")
                .path_id("id", "Whom.")
                .empty(204, "Blocked")
                .problems(&[Code::NotFound, Code::Invalid]),
        ),
        endpoint(
            Method::DELETE,
            "/v1/blocks/{id}",
            "unblock_user",
            || web::delete().to(blocks::unblock_user),
            Doc::new(tag, "Unblock someone")
                .path_id("id", "Whom.")
                .empty(204, "Not blocked"),
        ),
        endpoint(
            Method::GET,
            "/v1/presence",
            "get_presence",
            || web::get().to(presence::get_presence),
            Doc::new(
                tag,
                "Who is online; who is not the caller's to know is offline",
            )
            .query::<String>("user_ids", "Up to 200 ids, separated by commas.")
            .answer::<Presences>(200, "One for each id"),
        ),
    ]
}

fn conversation_routes() -> Vec<Endpoint> {
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
            || web::get().to(conversations::list_conversations),
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
            || web::get().to(conversations::get_conversation),
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
            || web::get().to(receipts::list_receipts),
            id(Doc::new(tag, "Each member's watermarks"))
                .paged()
                .page::<MemberReceipt>(200, "A page of them"),
        ),
    ]
}

fn message_routes() -> Vec<Endpoint> {
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
            || web::post().to(messages::send_message),
            id(Doc::new(
                tag,
                "Send a message; repeat it with the same client_id until it is answered",
            ))
            .body::<SendMessageRequest>(
                json!({"client_id": EXAMPLE_ID, "body": "Shall we meet at nine?"}),
            )
            .answer::<Message>(201, "Committed")
            .answer::<Message>(200, "It was committed before")
            .problems(&[Code::Blocked, Code::ClientIdReused]),
        ),
        endpoint(
            Method::GET,
            "/v1/conversations/{id}/messages",
            "list_messages",
            || web::get().to(messages::list_messages),
            id(Doc::new(
                tag,
                "A page of the timeline; the newest if no place is given",
            ))
            .query::<i64>("before", "Messages below this seq.")
            .query::<i64>("after", "Messages above this seq.")
            .query::<i64>("around", "Messages on both sides of this seq, and itself.")
            .query::<i64>(
                "limit",
                "Messages of the page, 1 to 100; 50 if it is not said.",
            )
            .answer::<MessagePage>(200, "By ascending seq"),
        ),
        endpoint(
            Method::GET,
            "/v1/conversations/{id}/changes",
            "list_changes",
            || web::get().to(sync::list_changes),
            id(Doc::new(
                tag,
                "What happened in a conversation since a revision",
            ))
            .query::<i64>("since", "The revision the client has applied.")
            .query::<i64>(
                "limit",
                "Messages of the answer, 1 to 100; 50 if it is not said.",
            )
            .answer::<Changes>(200, "By ascending rev, from one snapshot"),
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

fn document_routes() -> Vec<Endpoint> {
    let tag = "Documents";
    vec![endpoint(
        Method::GET,
        "/v1/openapi.json",
        "get_openapi",
        || web::get().to(documents::get_openapi),
        Doc::new(tag, "This document")
            .anonymous()
            .answer::<serde_json::Value>(200, "OpenAPI 3.1"),
    )]
}

/// Registers the REST API, its document and the page that renders it.
pub fn public(service: &mut ServiceConfig, document: &Document) {
    let mut by_path: BTreeMap<&'static str, Vec<Endpoint>> = BTreeMap::new();
    for endpoint in table() {
        by_path.entry(endpoint.path).or_default().push(endpoint);
    }
    for (path, endpoints) in by_path {
        service.service(resource(path, &endpoints));
    }
    // The page reads the document from beside itself; both come from this process.
    let page = web::resource("/docs/{file:.*}")
        .route(web::get().to(documents::get_page))
        .default_service(web::to(|| std::future::ready(method_not_allowed("GET"))));
    service
        .app_data(web::Data::new(document.clone()))
        .app_data(web::Data::new(documents::Page::new(["/v1/openapi.json"])))
        .service(page)
        .service(web::redirect("/docs", "/docs/"))
        .default_service(web::to(not_found));
}

fn resource(path: &'static str, endpoints: &[Endpoint]) -> Resource {
    let methods: Vec<&str> = endpoints
        .iter()
        .map(|endpoint| endpoint.method.as_str())
        .collect();
    let allow = methods.join(", ");
    endpoints
        .iter()
        .fold(web::resource(path), |resource, endpoint| {
            resource.route((endpoint.route)())
        })
        .default_service(web::to(move || {
            std::future::ready(method_not_allowed(&allow))
        }))
}

fn method_not_allowed(allow: &str) -> Result<HttpResponse, ApiError> {
    Err(ApiError::method_not_allowed(allow.to_owned()))
}

async fn not_found() -> Result<HttpResponse, ApiError> {
    Err(ApiError::not_found())
}

/// Registers what the API offers ws-servers, on the admin port.
pub fn internal(service: &mut ServiceConfig) {
    service
        .route(ROUTES_PATH, web::post().to(peers::post_routes))
        .route(REVOCATIONS_PATH, web::get().to(peers::get_revocations))
        .route(VISIBLE_PATH, web::post().to(peers::post_visible));
}
