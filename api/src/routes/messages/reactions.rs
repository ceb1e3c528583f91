//! Emojis under a message.

use actix_web::{HttpResponse, web};
use diesel_async::AsyncConnection;
use protocol::ids::{ConversationId, MessageId, UserId};
use protocol::limits;
use protocol::message::Reaction;

use crate::app::State;
use crate::domain::cursor;
use crate::domain::reactions::{self as rules, Emoji};
use crate::error::{ApiError, Result};
use crate::events::Pending;
use crate::extract::params::PageQuery;
use crate::extract::{Caller, Path, Query};
use crate::messages::{News, Subject};
use crate::policy;
use crate::policy::messages::{may_continue, may_mark};
use crate::store::Conn;
use crate::store::messages::reactions::{self as rows, Chooser};

/// One emoji under one message.
type Spot = (ConversationId, MessageId, String);

pub async fn add_reaction(
    state: web::Data<State>,
    caller: Caller,
    Path((id, message, emoji)): Path<Spot>,
) -> Result<HttpResponse> {
    let emoji = Emoji::parse(&emoji)?;
    let mut conn = state.db.get().await?;
    let event = conn
        .transaction::<_, ApiError, _>(async |conn| {
            let subject = Subject::lock(conn, caller.user_id, id, message).await?;
            may_mark(subject.relation())?;
            add(conn, caller.user_id, subject, emoji).await
        })
        .await?;
    state.events.publish(event);
    Ok(HttpResponse::NoContent().finish())
}

async fn add(
    conn: &mut Conn,
    user: UserId,
    subject: Subject,
    emoji: Emoji,
) -> Result<Option<Pending>> {
    let (change, shown) = (subject.change(), shown(&subject));
    if shown.iter().all(|one| one.emoji != emoji.as_str()) {
        policy::below(
            shown.len() as i64,
            limits::REACTION_KINDS,
            "kinds of reaction to a message",
        )?;
    }
    if !rows::insert(conn, change, user, emoji.as_str()).await? {
        return Ok(None);
    }
    let newest = rows::newest(conn, change, emoji.as_str()).await?;
    rows::show(conn, change, &rules::chosen(shown, emoji, newest)).await?;
    Ok(Some(subject.tell(conn, News::Updated).await?.1))
}

pub async fn remove_reaction(
    state: web::Data<State>,
    caller: Caller,
    Path((id, message, emoji)): Path<Spot>,
) -> Result<HttpResponse> {
    let emoji = Emoji::parse(&emoji)?;
    let mut conn = state.db.get().await?;
    let event = conn
        .transaction::<_, ApiError, _>(async |conn| {
            let subject = Subject::lock(conn, caller.user_id, id, message).await?;
            may_continue(subject.relation())?;
            remove(conn, caller.user_id, subject, emoji).await
        })
        .await?;
    state.events.publish(event);
    Ok(HttpResponse::NoContent().finish())
}

async fn remove(
    conn: &mut Conn,
    user: UserId,
    subject: Subject,
    emoji: Emoji,
) -> Result<Option<Pending>> {
    let change = subject.change();
    if !rows::delete(conn, change, user, emoji.as_str()).await? {
        return Ok(None);
    }
    let newest = rows::newest(conn, change, emoji.as_str()).await?;
    let left = rules::taken_back(shown(&subject), emoji, newest);
    rows::show(conn, change, &left).await?;
    Ok(Some(subject.tell(conn, News::Updated).await?.1))
}

/// What everyone is shown under a message.
fn shown(subject: &Subject) -> Vec<Reaction> {
    let reactions = subject.message.reactions.iter();
    reactions
        .map(|reaction| Reaction {
            mine: None,
            ..reaction.clone()
        })
        .collect()
}

pub async fn list_reactions(
    state: web::Data<State>,
    caller: Caller,
    Path((id, message, emoji)): Path<Spot>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse> {
    let emoji = Emoji::parse(&emoji)?;
    let limit = query.limit()?;
    let before = match &query.cursor {
        Some(text) => cursor::decode(text)?,
        None => i64::MAX,
    };
    let mut conn = state.db.get().await?;
    let subject = Subject::look(&mut conn, caller.user_id, id, message).await?;
    let seq = subject.message.seq;
    let people = rows::list(&mut conn, id, seq, emoji.as_str(), before, limit as i64 + 1).await?;
    let position = |one: &Chooser| one.reaction_id;
    Ok(HttpResponse::Ok().json(cursor::page(people, limit, position, |one| one.user.user())))
}
