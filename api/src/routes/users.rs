//! People.

use actix_web::{HttpResponse, web};
use protocol::ids::UserId;
use protocol::limits;
use serde::Deserialize;
use uuid::Uuid;

use crate::app::State;
use crate::domain::{cursor, text};
use crate::error::{ApiError, Result};
use crate::extract::{Caller, Path, Query, params};
use crate::store::accounts::{self, UserRow};

pub async fn get_user(
    state: web::Data<State>,
    _caller: Caller,
    Path(id): Path<UserId>,
) -> Result<HttpResponse> {
    let user = accounts::find(&mut *state.db.get().await?, id).await?;
    Ok(HttpResponse::Ok().json(user.ok_or_else(ApiError::not_found)?.user()))
}

/// How names begin, and where the page does.
#[derive(Debug, Deserialize)]
pub struct SearchQuery {
    q: String,
    limit: Option<usize>,
    cursor: Option<String>,
}

pub async fn search_users(
    state: web::Data<State>,
    _caller: Caller,
    Query(query): Query<SearchQuery>,
) -> Result<HttpResponse> {
    let limit = params::limit(query.limit)?;
    let prefix = text::line(&query.q, limits::NAME_CHARS)
        .map_err(|rule| ApiError::malformed(format!("q: {}.", rule.message)))?;
    let after: (String, Uuid) = match &query.cursor {
        Some(text) => cursor::decode_name(text)?,
        None => (String::new(), Uuid::nil()),
    };
    let mut conn = state.db.get().await?;
    let asked = i32::try_from(limit + 1).unwrap_or(i32::MAX);
    let rows = accounts::search(
        &mut conn,
        &prefix.to_lowercase(),
        (&after.0, after.1),
        asked,
    )
    .await?;
    Ok(HttpResponse::Ok().json(cursor::page(rows, limit, UserRow::position, UserRow::user)))
}
