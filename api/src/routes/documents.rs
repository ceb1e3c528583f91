//! What everyone may read: the public keys and the OpenAPI document.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::http::header::{CONTENT_ENCODING, ContentEncoding};
use actix_web::{HttpResponse, web};

use crate::app::State;
use crate::error::{ApiError, Result};
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

/// The page that renders the document, and its files.
pub type Page = utoipa_swagger_ui::Config<'static>;

pub async fn get_page(path: web::Path<String>, page: web::Data<Page>) -> Result<HttpResponse> {
    // The only file that is made rather than read is text of ours: it cannot fail.
    let file = utoipa_swagger_ui::serve(&path, page.into_inner())
        .ok()
        .flatten();
    let file = file.ok_or_else(ApiError::not_found)?;
    let mut answer = HttpResponse::Ok();
    if file.gzpipped {
        answer.insert_header((CONTENT_ENCODING, ContentEncoding::Gzip));
    }
    Ok(answer
        .content_type(file.content_type)
        .body(file.bytes.into_owned()))
}
