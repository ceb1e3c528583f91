//! The caller's own view of a conversation.

use actix_web::{HttpResponse, web};
use diesel_async::AsyncConnection;
use protocol::conversation::{PatchViewRequest, View};
use protocol::frame::ServerFrame;
use protocol::ids::{ConversationId, UserId};
use protocol::limits;
use protocol::routing::Route;

use crate::app::State;
use crate::domain::fields::{Fields, Rule};
use crate::error::{ApiError, Result};
use crate::events::{self, Event, Pending};
use crate::extract::{Caller, Json, Path};
use crate::policy;
use crate::store::conversations::{self, Membership, ViewChange};
use crate::store::{Conn, views};

pub async fn patch_view(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(request): Json<PatchViewRequest>,
) -> Result<HttpResponse> {
    let user = caller.user_id;
    let mut conn = state.db.get().await?;
    let (view, event) = conn
        .transaction(async |conn| {
            let member = lock(conn, user, id).await?;
            let change = judge(conn, user, &member, request).await?;
            conversations::change_view(conn, user, id, &change).await?;
            tell_own_devices(conn, user, id).await
        })
        .await?;
    state.events.publish([event]);
    Ok(HttpResponse::Ok().json(view))
}

async fn lock(conn: &mut Conn, user: UserId, id: ConversationId) -> Result<Membership> {
    conversations::lock_membership(conn, user, id)
        .await?
        .ok_or_else(ApiError::not_found)
}

/// Checks a change against the conversation and the caller's limits.
async fn judge(
    conn: &mut Conn,
    user: UserId,
    member: &Membership,
    request: PatchViewRequest,
) -> Result<ViewChange> {
    let mut fields = Fields::default();
    let in_timeline = |seq: i64| {
        let rule = || Rule::new("out_of_range", format!("must be 1 to {}", member.last_seq));
        if (1..=member.last_seq).contains(&seq) {
            Ok(seq)
        } else {
            Err(rule())
        }
    };
    fields.take_optional(
        "unread_from_seq",
        request.unread_from_seq.flatten(),
        in_timeline,
    );
    let place = |place: i32| {
        if place >= 0 {
            Ok(place)
        } else {
            Err(Rule::new("out_of_range", "must not be negative"))
        }
    };
    fields.take_optional("pin_position", request.pin_position.flatten(), place);
    let pins = request.pinned == Some(true) && !member.pinned;
    if pins {
        let pinned = conversations::pinned(conn, user).await?;
        policy::below(pinned, limits::PINNED_CHATS, "pinned chats of one person")?;
    }
    fields.finish(Some(ViewChange {
        archived: request.archived,
        pinned: request.pinned,
        pin_position: request.pin_position,
        muted_until: request.muted_until.map(|until| until.map(Into::into)),
        unread_from_seq: request.unread_from_seq,
    }))
}

/// The view as it is now, and the event that tells the caller's devices.
pub(super) async fn tell_own_devices(
    conn: &mut Conn,
    user: UserId,
    id: ConversationId,
) -> Result<(View, Pending)> {
    let row = views::one(conn, user, id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    let view = row.me();
    let frame = ServerFrame::ConversationMe {
        conversation_id: id,
        me: view.clone(),
    };
    let event = events::record(conn, Event::frame(&[Route::User(user)], &frame)).await?;
    Ok((view, event))
}

pub async fn clear_conversation(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<ConversationId>,
) -> Result<HttpResponse> {
    let user = caller.user_id;
    let mut conn = state.db.get().await?;
    let event = conn
        .transaction::<_, ApiError, _>(async |conn| {
            let member = lock(conn, user, id).await?;
            conversations::clear(conn, user, id, member.last_seq, false).await?;
            Ok(tell_own_devices(conn, user, id).await?.1)
        })
        .await?;
    state.events.publish([event]);
    Ok(HttpResponse::NoContent().finish())
}

pub async fn delete_conversation(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<ConversationId>,
) -> Result<HttpResponse> {
    let user = caller.user_id;
    let mut conn = state.db.get().await?;
    let events = conn
        .transaction::<_, ApiError, _>(async |conn| {
            let member = lock(conn, user, id).await?;
            policy::may_unlist(member.kind == 1)?;
            conversations::clear(conn, user, id, member.last_seq, true).await?;
            let (_, view) = tell_own_devices(conn, user, id).await?;
            let frame = ServerFrame::ConversationRemoved {
                conversation_id: id,
                rev: member.rev,
            };
            let removed = events::record(conn, Event::frame(&[Route::User(user)], &frame)).await?;
            Ok([view, removed])
        })
        .await?;
    state.events.publish(events);
    Ok(HttpResponse::NoContent().finish())
}
