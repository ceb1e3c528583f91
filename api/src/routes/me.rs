//! The caller's own account.

use actix_web::{HttpResponse, web};
use diesel_async::AsyncConnection;
use protocol::account::{DeleteMeRequest, PatchMeRequest};
use protocol::control::Control;
use protocol::frame::ServerFrame;
use protocol::routing::Route;

use super::auth::confirm_password;
use crate::app::State;
use crate::domain::account::ProfileChange;
use crate::error::{ApiError, Result};
use crate::events::{self, Event};
use crate::extract::{Caller, ClientAddress, Json};
use crate::sessions;
use crate::store::accounts;
use crate::store::sessions::Which;

pub async fn get_me(state: web::Data<State>, caller: Caller) -> Result<HttpResponse> {
    let user = accounts::find(&mut *state.db.get().await?, caller.user_id).await?;
    Ok(HttpResponse::Ok().json(user.ok_or_else(ApiError::not_found)?.me()))
}

pub async fn patch_me(
    state: web::Data<State>,
    caller: Caller,
    Json(request): Json<PatchMeRequest>,
) -> Result<HttpResponse> {
    let change = ProfileChange::parse(request)?;
    if change.is_empty() {
        return get_me(state, caller).await;
    }
    let user_id = caller.user_id;
    let mut conn = state.db.get().await?;
    let (user, events) = conn
        .transaction::<_, ApiError, _>(async |conn| {
            let user = accounts::update_profile(conn, user_id, &change).await?;
            let frame = ServerFrame::UserUpdated {
                user: user.clone().user(),
            };
            let mut pending =
                vec![events::record(conn, Event::frame(&[Route::User(user_id)], &frame)).await?];
            if change.hide_presence.is_some() {
                let control = Control::RoutesChanged { user_id };
                pending.push(events::record(conn, Event::control(&control)).await?);
            }
            Ok((user, pending))
        })
        .await?;
    state.events.publish(events);
    Ok(HttpResponse::Ok().json(user.me()))
}

pub async fn delete_me(
    state: web::Data<State>,
    caller: Caller,
    ClientAddress(address): ClientAddress,
    Json(request): Json<DeleteMeRequest>,
) -> Result<HttpResponse> {
    confirm_password(&state, caller, address, request.password).await?;
    let mut conn = state.db.get().await?;
    let (ended, events) = conn
        .transaction(async |conn| {
            accounts::delete(conn, caller.user_id).await?;
            sessions::end(conn, caller.user_id, Which::All).await
        })
        .await?;
    state.revocations.insert(ended);
    state.events.publish(events);
    Ok(HttpResponse::NoContent()
        .cookie(sessions::no_cookie())
        .finish())
}
