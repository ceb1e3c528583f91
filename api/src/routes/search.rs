//! Searching messages.

use actix_web::{HttpResponse, web};
use protocol::message::Found;

use crate::app::State;
use crate::domain::cursor;
use crate::domain::search::{Search, SearchRequest};
use crate::error::Result;
use crate::extract::{Caller, Query, params};
use crate::search;

pub async fn search_messages(
    state: web::Data<State>,
    caller: Caller,
    Query(request): Query<SearchRequest>,
) -> Result<HttpResponse> {
    let limit = params::limit(request.limit)?;
    let below = request.cursor.as_deref().map(cursor::decode).transpose()?;
    let search = Search::parse(request)?;
    let mut conn = state.db.get().await?;
    let found = search::find(&mut conn, caller.user_id, &search, below, limit + 1).await?;
    let position = |found: &Found| found.message.id;
    Ok(HttpResponse::Ok().json(cursor::page(found, limit, position, std::convert::identity)))
}
