//! Healing a client's copy.

use std::collections::{BTreeMap, HashMap};

use actix_web::{HttpResponse, web};
use protocol::ids::{ConversationId, MessageId, UserId};
use protocol::limits;
use protocol::message::Message;
use protocol::sync::{Changes, Known, SyncRequest, SyncResponse, ViewChange};
use serde::Deserialize;
use uuid::Uuid;

use crate::app::State;
use crate::domain::cursor;
use crate::error::{ApiError, Result};
use crate::extract::{Caller, Json, Path, Query, params};
use crate::store::changes;
use crate::store::messages::{self, MessageRow, Since, hides};
use crate::store::views::{self, ViewRow};
use crate::store::{Conn, accounts, epoch};

/// Since when.
#[derive(Debug, Deserialize)]
pub struct ChangesQuery {
    since: i64,
    limit: Option<usize>,
}

pub async fn list_changes(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Query(query): Query<ChangesQuery>,
) -> Result<HttpResponse> {
    let limit = i64::try_from(params::limit(query.limit)?).unwrap_or(i64::MAX);
    if query.since < 0 {
        return Err(ApiError::malformed("since: must not be negative."));
    }
    let mut conn = state.db.get().await?;
    let mut snapshot = conn.build_transaction().repeatable_read().read_only();
    let changes = snapshot
        .run::<_, ApiError, _>(async |conn| {
            let view = views::one(conn, caller.user_id, id)
                .await?
                .ok_or_else(ApiError::not_found)?;
            let since = since(&view, query.since, limit);
            let rows = messages::changed(conn, caller.user_id, since.as_slice()).await?;
            Ok(summarise(&view, query.since, since, rows))
        })
        .await?;
    Ok(HttpResponse::Ok().json(changes))
}

/// What to look for, unless there is nothing or too much.
fn since(view: &ViewRow, rev: i64, limit: i64) -> Option<Since> {
    let behind = view.rev.saturating_sub(rev);
    let wanted = (1..=limits::CHANGES_RESET).contains(&behind);
    wanted.then_some(Since {
        id: view.id.into(),
        rev,
        cleared_seq: view.cleared_seq,
        limit,
    })
}

/// The changes of one conversation, of which at most `asked.limit` were read.
fn summarise(
    view: &ViewRow,
    known_rev: i64,
    asked: Option<Since>,
    rows: Vec<MessageRow>,
) -> Changes {
    let reset = view.rev.saturating_sub(known_rev) > limits::CHANGES_RESET;
    // Fewer than asked for: there are no more. As many: there may be, above the last one's rev.
    let full = asked
        .is_some_and(|asked| i64::try_from(rows.len()).is_ok_and(|found| found >= asked.limit));
    let complete = !full || rows.last().is_some_and(|last| last.rev == view.rev);
    let moved = view.fields_rev > known_rev;
    Changes {
        items: rows
            .into_iter()
            .map(MessageRow::message)
            .collect::<Vec<Message>>(),
        conversation: moved.then(|| view.shared()),
        rev: view.rev,
        complete,
        reset,
    }
}

pub async fn sync(
    state: web::Data<State>,
    caller: Caller,
    Json(request): Json<SyncRequest, { limits::SYNC_BODY_BYTES }>,
) -> Result<HttpResponse> {
    let mut conn = state.db.get().await?;
    let mut snapshot = conn.build_transaction().repeatable_read().read_only();
    let answer = snapshot
        .run(async |conn| read_all(conn, caller.user_id, &request).await)
        .await?;
    Ok(HttpResponse::Ok().json(answer))
}

/// One answer, from one snapshot: the caller's conversations in the order of their ids, from the
/// cursor on, as many as the limits of an answer allow.
async fn read_all(conn: &mut Conn, user: UserId, request: &SyncRequest) -> Result<SyncResponse> {
    let after: Uuid = match &request.cursor {
        Some(text) => cursor::decode(text)?,
        None => Uuid::nil(),
    };
    let account = accounts::find(conn, user)
        .await?
        .ok_or_else(ApiError::not_found)?;
    let rows = views::by_id(conn, user, after, limits::SYNC_CONVERSATIONS as i64 + 1).await?;
    let (rows, more) = fit(rows, &request.known);
    let next_cursor = rows
        .last()
        .filter(|_| more)
        .map(|row| cursor::encode(&row.id));
    let removed = match request.cursor {
        None => {
            let known: Vec<Uuid> = request.known.keys().map(|id| id.0).collect();
            changes::unreadable(conn, user.0, &known)
                .await?
                .into_iter()
                .map(Into::into)
                .collect()
        }
        Some(_) => Vec::new(),
    };
    Ok(SyncResponse {
        epoch: epoch::read(conn).await?,
        account_rev: account.me().account_rev,
        changes: read_changes(conn, user, &rows, &request.known).await?,
        views: changed_views(conn, user, &rows, &request.known).await?,
        removed,
        next_cursor,
        conversations: views::complete(
            conn,
            rows.into_iter()
                .filter(|row| is_news(row, &request.known))
                .collect(),
        )
        .await?,
    })
}

fn known<'a>(row: &ViewRow, known: &'a BTreeMap<ConversationId, Known>) -> Option<&'a Known> {
    known.get(&ConversationId(row.id))
}

/// Cuts the list where an answer would hold too much, and says whether something was cut off.
fn fit(mut rows: Vec<ViewRow>, by_id: &BTreeMap<ConversationId, Known>) -> (Vec<ViewRow>, bool) {
    let mut items = 0;
    let mut count = 0;
    for row in &rows {
        let behind =
            known(row, by_id).and_then(|known| since(row, known.rev, limits::CHANGES_RESET));
        items += behind.map_or(0, |since| row.rev - since.rev);
        if count >= limits::SYNC_CONVERSATIONS || items > limits::SYNC_ITEMS as i64 {
            break;
        }
        count += 1;
    }
    let more = rows.len() > count;
    rows.truncate(count);
    (rows, more)
}

/// New to the client and in its list, or moved.
fn is_news(row: &ViewRow, by_id: &BTreeMap<ConversationId, Known>) -> bool {
    match known(row, by_id) {
        Some(known) => row.rev != known.rev,
        None => row.me().listed,
    }
}

async fn read_changes(
    conn: &mut Conn,
    user: UserId,
    rows: &[ViewRow],
    by_id: &BTreeMap<ConversationId, Known>,
) -> Result<BTreeMap<ConversationId, Changes>> {
    let moved: Vec<(&ViewRow, &Known)> = rows
        .iter()
        .filter_map(|row| known(row, by_id).map(|known| (row, known)))
        .filter(|(row, known)| row.rev != known.rev)
        .collect();
    let asked: Vec<Since> = moved
        .iter()
        .filter_map(|(row, known)| since(row, known.rev, limits::CHANGES_RESET))
        .collect();
    let mut found: HashMap<ConversationId, Vec<MessageRow>> = HashMap::new();
    for message in messages::changed(conn, user, &asked).await? {
        found
            .entry(message.conversation())
            .or_default()
            .push(message);
    }
    let summaries = moved.into_iter().map(|(row, known)| {
        let id = ConversationId(row.id);
        let rows = found.remove(&id).unwrap_or_default();
        (id, summarise(row, known.rev, None, rows))
    });
    Ok(summaries.collect())
}

async fn changed_views(
    conn: &mut Conn,
    user: UserId,
    rows: &[ViewRow],
    by_id: &BTreeMap<ConversationId, Known>,
) -> Result<BTreeMap<ConversationId, ViewChange>> {
    let changed = rows.iter().filter_map(|row| {
        let (known, tag) = (known(row, by_id)?, row.tag());
        (known.view.as_ref() != Some(&tag)).then_some((row, known, tag))
    });
    let changed: Vec<_> = changed.collect();
    let versions = changed
        .iter()
        .map(|(row, known, _)| (row.id.into(), known.me_version));
    let versions: Vec<_> = versions.collect();
    let mut hidden: HashMap<ConversationId, Vec<MessageId>> = HashMap::new();
    for one in hides::after(conn, user, &versions).await? {
        let messages = hidden.entry(one.conversation()).or_default();
        messages.push(one.message());
    }
    let views = changed.into_iter().map(|(row, _, tag)| {
        let id = ConversationId(row.id);
        let change = ViewChange {
            me: row.me(),
            receipts: row.receipts(),
            hidden: hidden.remove(&id).unwrap_or_default(),
            view: tag,
        };
        (id, change)
    });
    Ok(views.collect())
}
