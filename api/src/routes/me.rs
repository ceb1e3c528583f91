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
use crate::files::pictures;
use crate::people::{self, Ended};
use crate::sessions::no_cookie;
use crate::store::{accounts, audience, floors};

/// Someone may just be befriending an account that ends: it takes more than one try while that goes
/// on, and so many tries will not all be met by somebody new.
const ENDING_TRIES: usize = 5;

pub async fn get_me(state: web::Data<State>, caller: Caller) -> Result<HttpResponse> {
    let user = accounts::find(&mut *state.db.get().await?, caller.user_id).await?;
    Ok(HttpResponse::Ok().json(user.ok_or_else(ApiError::not_found)?.me()))
}

pub async fn patch_me(
    state: web::Data<State>,
    caller: Caller,
    Json(request): Json<PatchMeRequest>,
) -> Result<HttpResponse> {
    let wish = request.avatar_upload_id;
    let mut change = ProfileChange::parse(request)?;
    let avatar = pictures::prepare(&state, caller.user_id, "avatar_upload_id", wish).await?;
    change.avatar_key = avatar.as_ref().map(pictures::name);
    if change.is_empty() {
        return get_me(state, caller).await;
    }
    let user_id = caller.user_id;
    let mut conn = state.db.get().await?;
    let (user, events) = conn
        .transaction::<_, ApiError, _>(async |conn| {
            let before = people::lock(conn, user_id, user_id).await?.me;
            if let Some(new) = &avatar {
                pictures::exchange(conn, before.avatar_key.as_deref(), new.as_ref()).await?;
            }
            let row = accounts::update_profile(conn, user_id, &change).await?;
            if change.hide_read_receipts.is_some() {
                floors::note_hider(conn, user_id).await?;
            }
            let user = row.clone().user();
            // What others do not see of it is for the user's own devices alone.
            let audience = if user == before.user() {
                vec![Route::User(user_id)]
            } else {
                audience::of_profile(conn, user_id).await?
            };
            let mut events = Event::frames(&audience, &ServerFrame::UserUpdated { user });
            if change.hide_presence.is_some() {
                events.push(Event::control(&Control::RoutesChanged { user_id }));
            }
            Ok((row, events::record_all(conn, events).await?))
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
    for _ in 0..ENDING_TRIES {
        let ending = conn.transaction(async |conn| people::end_account(conn, caller.user_id).await);
        if let Some(Ended { sessions, events }) = ending.await? {
            state.revocations.insert(sessions);
            state.events.publish(events);
            return Ok(HttpResponse::NoContent().cookie(no_cookie()).finish());
        }
    }
    Err(ApiError::unavailable())
}
