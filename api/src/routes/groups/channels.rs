//! A group's channels.

use actix_web::{HttpResponse, web};
use diesel_async::AsyncConnection;
use protocol::frame::ServerFrame;
use protocol::group::{CreateChannelRequest, PatchChannelRequest};
use protocol::ids::{ConversationId, GroupId, UserId};
use protocol::limits;
use protocol::routing::Route;

use super::super::conversations::read_snapshot;
use super::taken;
use crate::app::State;
use crate::domain::group::{ChannelChange, NewChannel};
use crate::error::{ApiError, Result};
use crate::events::{self, Event, Pending};
use crate::extract::{Caller, Json, Path};
use crate::groups::{self, Seat};
use crate::policy;
use crate::policy::groups::Action;
use crate::store::groups::{self as rows, Move, channels, removed};
use crate::store::{Conn, views};

pub async fn create_channel(
    state: web::Data<State>,
    caller: Caller,
    Path(group): Path<GroupId>,
    Json(request): Json<CreateChannelRequest>,
) -> Result<HttpResponse> {
    let new = NewChannel::parse(request)?;
    let mut conn = state.db.get().await?;
    let event = conn
        .transaction(async |conn| create(conn, caller.user_id, group, &new).await)
        .await?;
    let mut answer = if event.is_some() {
        HttpResponse::Created()
    } else {
        HttpResponse::Ok()
    };
    state.events.publish(event);
    Ok(answer.json(read_snapshot(&mut conn, caller.user_id, new.id).await?))
}

/// Makes a channel; `None` if the group has one of this id already.
async fn create(
    conn: &mut Conn,
    caller: UserId,
    group: GroupId,
    new: &NewChannel,
) -> Result<Option<Pending>> {
    let seat = groups::lock(conn, group, caller, Action::CreateChannel).await?;
    match channels::group_of(conn, new.id).await? {
        Some(of) if of == Some(group) => return Ok(None),
        Some(_) => return Err(taken()),
        None => {}
    }
    let count = i64::from(seat.group.channel_count);
    policy::below(count, limits::GROUP_CHANNELS, "channels in a group")?;
    let made = channels::insert(conn, group, new).await?;
    if !made || removed::is_gone(conn, new.id.0).await? {
        return Err(taken());
    }
    channels::admit_all(conn, group, new.id).await?;
    step(conn, group, 1).await?;
    let created = |rev, conversation| ServerFrame::ConversationCreated { rev, conversation };
    Ok(Some(tell(conn, caller, group, new.id, created).await?))
}

async fn step(conn: &mut Conn, group: GroupId, channels: i32) -> Result<()> {
    let by = Move {
        channels,
        ..Move::default()
    };
    rows::step_one(conn, group, by).await?;
    Ok(())
}

/// Tells everyone in the group how a channel is now.
async fn tell(
    conn: &mut Conn,
    caller: UserId,
    group: GroupId,
    id: ConversationId,
    frame: impl FnOnce(i64, protocol::conversation::SharedConversation) -> ServerFrame,
) -> Result<Pending> {
    let row = views::one(conn, caller, id).await?;
    let row = row.ok_or_else(ApiError::not_found)?;
    let event = Event::frame(&[Route::Group(group)], &frame(row.rev, row.shared()));
    Ok(events::record(conn, event.of_conversation(id, row.rev)).await?)
}

pub async fn patch_channel(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(request): Json<PatchChannelRequest>,
) -> Result<HttpResponse> {
    let change = ChannelChange::parse(request)?;
    let mut conn = state.db.get().await?;
    let event = conn
        .transaction::<_, ApiError, _>(async |conn| {
            let group = lock(conn, caller.user_id, id).await?;
            group.may(Action::EditChannel)?;
            if change.is_empty() {
                return Ok(None);
            }
            let group = group.group.id();
            if !channels::update(conn, id, &change).await? {
                return Err(ApiError::not_found());
            }
            step(conn, group, 0).await?;
            let updated =
                |rev, conversation| ServerFrame::ConversationUpdated { rev, conversation };
            Ok(Some(tell(conn, caller.user_id, group, id, updated).await?))
        })
        .await?;
    state.events.publish(event);
    Ok(HttpResponse::Ok().json(read_snapshot(&mut conn, caller.user_id, id).await?))
}

/// Locks the group of a channel. A direct chat is none.
async fn lock(conn: &mut Conn, caller: UserId, id: ConversationId) -> Result<Seat> {
    let group = channels::group_of(conn, id).await?.flatten();
    let group = group.ok_or_else(ApiError::not_found)?;
    groups::lock_seat(conn, group, caller).await
}

pub async fn delete_channel(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<ConversationId>,
) -> Result<HttpResponse> {
    let mut conn = state.db.get().await?;
    let event = conn
        .transaction::<_, ApiError, _>(async |conn| {
            let seat = lock(conn, caller.user_id, id).await?;
            seat.may(if seat.group.general() == id {
                Action::DeleteGeneral
            } else {
                Action::DeleteChannel
            })?;
            let group = seat.group.id();
            let rev = channels::delete(conn, id).await?;
            let rev = rev.ok_or_else(ApiError::not_found)?;
            step(conn, group, -1).await?;
            let removed = ServerFrame::ConversationRemoved {
                conversation_id: id,
                rev,
            };
            let event = Event::frame(&[Route::Group(group)], &removed);
            Ok(events::record(conn, event.of_conversation(id, rev)).await?)
        })
        .await?;
    state.events.publish([event]);
    Ok(HttpResponse::NoContent().finish())
}
