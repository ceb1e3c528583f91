//! Reading a timeline in pages.

use actix_web::{HttpResponse, web};
use protocol::ids::ConversationId;
use protocol::message::MessagePage;
use serde::Deserialize;

use crate::app::State;
use crate::error::{ApiError, Result};
use crate::extract::{Caller, Path, Query, params};
use crate::store::messages::{self as rows, MessageRow, Window};
use crate::store::views;

/// Which part of the timeline.
#[derive(Debug, Deserialize)]
pub struct TimelineQuery {
    before: Option<i64>,
    after: Option<i64>,
    around: Option<i64>,
    limit: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Newest,
    Before(i64),
    After(i64),
    Around(i64),
}

impl TimelineQuery {
    fn place(&self) -> Result<Place> {
        match (self.before, self.after, self.around) {
            (None, None, None) => Ok(Place::Newest),
            (Some(seq), None, None) => Ok(Place::Before(seq)),
            (None, Some(seq), None) => Ok(Place::After(seq)),
            (None, None, Some(seq)) => Ok(Place::Around(seq)),
            _ => Err(ApiError::malformed(
                "before, after, around: at most one of them.",
            )),
        }
    }
}

/// How a page is cut from a timeline: what lies below a place, and what lies from it on.
#[derive(Clone, Copy, Debug)]
struct Cut {
    at: i64,
    below: usize,
    above: usize,
}

impl Cut {
    fn of(place: Place, limit: usize) -> Self {
        let (at, below, above) = match place {
            Place::Newest => (i64::MAX, limit, 0),
            Place::Before(seq) => (seq, limit, 0),
            Place::After(seq) => (seq.saturating_add(1), 0, limit),
            // Half of the page up to and with `seq`, the rest after it.
            Place::Around(seq) => (seq.saturating_add(1), limit.div_ceil(2), limit),
        };
        Self { at, below, above }
    }

    /// One more on each side: whether there is more is seen, not computed, because a part of the
    /// timeline may be hidden from the reader.
    fn window(self) -> Window {
        Window {
            at: self.at,
            below: self.below as i64 + 1,
            above: self.above as i64 + 1,
        }
    }

    /// The page, from what the window showed; `limit` on both sides together.
    fn page(self, mut rows: Vec<MessageRow>, limit: usize, rev: i64) -> MessagePage {
        let below = rows.partition_point(|row| row.seq < self.at);
        let above = rows.len() - below;
        let kept_below = below.min(self.below);
        let kept_above = above.min(self.above).min(limit - kept_below);
        rows.truncate(below + kept_above);
        rows.drain(..below - kept_below);
        MessagePage {
            items: rows.into_iter().map(MessageRow::message).collect(),
            has_before: below > kept_below,
            has_after: above > kept_above,
            rev,
        }
    }
}

pub async fn list_messages(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Query(query): Query<TimelineQuery>,
) -> Result<HttpResponse> {
    let limit = params::limit(query.limit)?;
    let cut = Cut::of(query.place()?, limit);
    let mut conn = state.db.get().await?;
    let mut snapshot = conn.build_transaction().repeatable_read().read_only();
    let page = snapshot
        .run::<_, ApiError, _>(async |conn| {
            let view = views::one(conn, caller.user_id, id)
                .await?
                .ok_or_else(ApiError::not_found)?;
            let window = cut.window();
            let rows = rows::window(conn, caller.user_id, id, view.cleared_seq, window).await?;
            Ok(cut.page(rows, limit, view.rev))
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}
