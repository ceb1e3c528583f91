//! What everyone may read: the public keys and the OpenAPI document.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};

use crate::app::State;
use crate::openapi::Document;

/// Verifiers may keep the keys this long: a new one is published a minute before it signs.
const JWKS_CACHE: &str = "public, max-age=30";

pub async fn get_jwks(state: web::Data<State>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, JWKS_CACHE))
        .json(state.keys.published())
}

pub async fn get_openapi(document: web::Data<Document>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(document.json.to_string())
}
