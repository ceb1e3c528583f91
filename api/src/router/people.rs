//! People, and what they are to each other.

use actix_web::http::Method;
use actix_web::web;
use protocol::account::User;
use protocol::presence::Presences;
use protocol::problem::Code;

use super::{Endpoint, endpoint};
use crate::openapi::Doc;
use crate::routes::{blocks, presence, users};

pub(super) fn people() -> Vec<Endpoint> {
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
