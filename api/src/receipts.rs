//! Moving watermarks, and telling whom it concerns.
//!
//! Both ways in meet here: the REST route, one at a time, and the receipts worker, hundreds in one
//! statement. A watermark is not recorded in the outbox: a lost one heals with the next, and with
//! every sync.
//!
//! In a group of up to 50 everyone hears of each receipt, and it moves the lowest watermarks at
//! once; in a larger one only those are told, a moment later (`floors.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use protocol::command::{ReceiptCommand, ReceiptCommands};
use protocol::frame::ServerFrame;
use protocol::ids::{ConversationId, UserId};
use protocol::routing::Route;
use uuid::Uuid;

use crate::app::State;
use crate::error::{ApiError, Result};
use crate::events::Event;
use crate::floors::{self, Cause};
use crate::metrics;
use crate::store::floors as kept;
use crate::store::receipts::{self as rows, Mark, Moved};
use crate::store::views::{self, ViewRow};

/// Moves watermarks in one statement and publishes those that moved.
///
/// # Errors
/// If the database fails.
pub async fn advance(
    state: &State,
    commands: impl IntoIterator<Item = ReceiptCommands>,
) -> Result<()> {
    let marks = highest(commands);
    if marks.is_empty() {
        return Ok(());
    }
    let mut conn = state.db.get().await?;
    let (moved, raised) = conn
        .transaction::<_, ApiError, _>(async |conn| {
            // A watermark that a crash takes back is sent again by its client.
            conn.batch_execute("SET LOCAL synchronous_commit = off")
                .await?;
            let moved = rows::advance(conn, &marks).await?;
            let raised = match small_channels(&moved) {
                none if none.is_empty() => Vec::new(),
                channels => kept::raise(conn, &channels, Duration::ZERO).await?,
            };
            Ok((moved, raised))
        })
        .await?;
    metrics::receipts_written(moved.len());
    metrics::floors_raised(raised.len());
    state.floors.note(moved.iter().filter_map(later));
    let members: Vec<_> = moved.iter().map(Moved::member).collect();
    let own_views = views::of_members(&mut conn, &members).await?;
    let told = moved.iter().filter_map(receipt);
    let lowest = raised.iter().map(floors::event);
    let own = own_views.iter().map(own_view);
    state
        .events
        .publish_transient(told.chain(lowest).chain(own));
    Ok(())
}

/// Channels whose lowest watermarks move with the receipt.
fn small_channels(moved: &[Moved]) -> Vec<Uuid> {
    let small = moved.iter().filter(|moved| moved.audience.is_small_group());
    let ids: BTreeSet<Uuid> = small.map(|moved| moved.conversation_id).collect();
    ids.into_iter().collect()
}

/// In a larger group they follow later.
fn later(moved: &Moved) -> Option<Cause> {
    let (channel, _) = moved.member();
    let large = moved.audience.is_channel() && !moved.audience.is_small_group();
    large.then_some(Cause::Receipt(channel))
}

/// The highest mark of each member; those of one conversation and user stand for one row.
fn highest(commands: impl IntoIterator<Item = ReceiptCommands>) -> Vec<Mark> {
    let mut marks: BTreeMap<(ConversationId, UserId), ReceiptCommand> = BTreeMap::new();
    for ReceiptCommands { user_id, items } in commands {
        for item in items {
            let mark = marks
                .entry((item.conversation_id, user_id))
                .or_insert_with(|| item.clone());
            mark.delivered_seq = mark.delivered_seq.max(item.delivered_seq);
            mark.read_seq = mark.read_seq.max(item.read_seq);
        }
    }
    marks.into_iter().collect()
}

/// To both sides of a direct chat, or to a small group: one member's watermarks.
fn receipt(moved: &Moved) -> Option<Event> {
    let (conversation_id, user_id) = moved.member();
    let frame = ServerFrame::Receipt {
        conversation_id,
        user_id,
        delivered_seq: moved.delivered_seq,
        read_seq: moved.public_read_seq,
    };
    let routes = moved.audience.routes();
    (!routes.is_empty()).then(|| Event::frame(&routes, &frame))
}

/// To the reader's own devices: their view, with what is unread now.
fn own_view(row: &ViewRow) -> Event {
    let conversation_id = ConversationId(row.id);
    let frame = ServerFrame::ConversationMe {
        conversation_id,
        me: row.me(),
    };
    Event::frame(&[Route::User(UserId(row.user_id))], &frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_highest_mark_of_a_member_is_written() {
        let (user_id, conversation_id) = (UserId::new(), ConversationId::new());
        let command = |delivered_seq, read_seq| ReceiptCommands {
            user_id,
            items: vec![ReceiptCommand {
                conversation_id,
                delivered_seq,
                read_seq,
            }],
        };
        let marks = highest([command(7, 0), command(3, 2), command(5, 1)]);
        let want = ReceiptCommand {
            conversation_id,
            delivered_seq: 7,
            read_seq: 2,
        };
        assert_eq!(marks, vec![((conversation_id, user_id), want)]);
    }
}
