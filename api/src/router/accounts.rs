//! Accounts and sessions.

use actix_web::http::Method;
use actix_web::web;
use protocol::account::{
    Auth, DeleteMeRequest, JwkSet, LoginRequest, Me, PasswordRequest, PatchMeRequest,
    RefreshRequest, RegisterRequest, Session,
};
use protocol::problem::Code;
use serde_json::json;

use super::{Endpoint, endpoint, reading};
use crate::openapi::Doc;
use crate::routes::{auth, documents, me};

pub(super) fn accounts() -> Vec<Endpoint> {
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
        endpoint(get.clone(), "/v1/auth/sessions", "list_sessions", || reading().to(auth::list_sessions),
            Doc::new(tag, "The caller's sessions, newest first").paged()
                .page::<Session>(200, "A page of them")),
        endpoint(delete.clone(), "/v1/auth/sessions/{id}", "end_session", || web::delete().to(auth::end_session),
            Doc::new(tag, "End one of the caller's sessions").path_id("id", "The session.")
                .empty(204, "It has ended, and its sockets close").problems(&[Code::NotFound])),
        endpoint(get.clone(), "/.well-known/jwks.json", "get_jwks", || reading().to(documents::get_jwks),
            Doc::new(tag, "The public keys that verify access tokens").anonymous()
                .answer::<JwkSet>(200, "A JWK set (RFC 7517)")),
        endpoint(get, "/v1/me", "get_me", || reading().to(me::get_me),
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
