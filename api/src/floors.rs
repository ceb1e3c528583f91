//! The lowest watermarks of channels, kept up to date a moment later.
//!
//! In a group of up to 50 a receipt moves the floor in its own transaction (`receipts.rs`). What
//! else can move one is noted, and a task looks at everything noted once a second: however many
//! receipts a room has, its floor is computed once. The same look notes which groups are alive.
//!
//! Someone who left or hides may be the last that a channel hears for long: that is noted in the
//! database, with what they do, and any process takes it up. A receipt in a larger group and a
//! sender's own watermark are noted in memory, the latter as its event passes on its way to the
//! broker: what a killed process leaves undone is done with the channel's next movement, in any
//! process (docs/read-receipts.md).

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use platform::settings::Settings;
use platform::shutdown::CancellationToken;
use protocol::frame::ServerFrame;
use protocol::ids::ConversationId;
use protocol::routing::Route;
use uuid::Uuid;

use crate::error::Result;
use crate::events::{Event, Events};
use crate::metrics;
use crate::store::Db;
use crate::store::floors::{self as rows, Floor};

/// Notes kept at once. Beyond, a floor waits for the next movement in its channel.
const NOTES: usize = 64 * 1024;
/// Channels of one statement, which may have 10 000 members each: its locks are held for less than
/// a receipt waits for one.
const PER_STATEMENT: usize = 32;
/// The oldest notes of the database that one look takes.
const STALE: i64 = 1024;
/// A group's activity is noted when it is later than this: not with every message.
const ACTIVITY_STEP_MS: i64 = 60_000;

/// When floors are computed.
#[derive(Clone, Copy, Debug)]
pub struct FloorsConfig {
    /// Between two looks at what was noted.
    pub every: Duration,
}

impl FloorsConfig {
    /// Declares and reads the settings.
    pub fn read(settings: &mut Settings) -> Self {
        Self {
            every: settings.millis(
                "WARREN_RECEIPTS_FLOORS_EVERY_MS",
                1_000,
                "How often a large channel's lowest watermarks are computed and told, in milliseconds.",
            ),
        }
    }
}

/// What can move a floor, and is noted in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Somebody wrote in a channel, which moved their own watermarks.
    Message(ConversationId),
    /// Somebody's watermarks moved in a channel.
    Receipt(ConversationId),
}

impl Cause {
    /// What an event tells of that can move a floor.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        let Some(Route::Group(_)) = Route::parse(event.routing_keys.first()?) else {
            return None;
        };
        let channel = event.conversation_id?.into();
        (event.kind == "message.created").then_some(Self::Message(channel))
    }

    /// Whose floor it is.
    const fn channel(&self) -> ConversationId {
        match *self {
            Self::Message(channel) | Self::Receipt(channel) => channel,
        }
    }

    /// The channel, if something was said there.
    const fn written(&self) -> Option<ConversationId> {
        match *self {
            Self::Message(channel) => Some(channel),
            Self::Receipt(_) => None,
        }
    }
}

/// What is to be looked at. Copies share it.
#[derive(Clone, Debug, Default)]
pub struct Floors {
    noted: Arc<Mutex<HashSet<Cause>>>,
}

impl Floors {
    /// Notes what may have moved floors, once it has committed.
    pub fn note(&self, causes: impl IntoIterator<Item = Cause>) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        for cause in causes {
            if noted.len() < NOTES {
                noted.insert(cause);
            } else if !noted.contains(&cause) {
                metrics::floor_forgotten();
            }
        }
    }

    fn take(&self) -> HashSet<Cause> {
        std::mem::take(&mut *self.noted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks every `config.every` until `stop` is cancelled, and then once more.
    pub async fn run(self, db: Db, events: Events, config: FloorsConfig, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(config.every) => {}
                () = stop.cancelled() => {}
            }
            let last = stop.is_cancelled();
            let pause = if last { Duration::ZERO } else { config.every };
            let causes = self.take();
            match look(&db, &events, &causes, pause).await {
                Ok(later) => self.note(later),
                Err(error) => {
                    tracing::warn!(%error, causes = causes.len(), "floors wait");
                    self.note(causes);
                }
            }
            if last {
                return;
            }
        }
    }
}

/// Computes every floor that may have moved, and tells of those that did. Those that rose less than
/// `pause` ago are for the next look.
async fn look(
    db: &Db,
    events: &Events,
    causes: &HashSet<Cause>,
    pause: Duration,
) -> Result<Vec<Cause>> {
    let mut conn = db.get().await?;
    let stale = rows::stale(&mut conn, STALE).await?;
    let channels: BTreeSet<Uuid> = causes
        .iter()
        .map(|cause| cause.channel().0)
        .chain(stale.iter().map(|note| note.conversation_id))
        .collect();
    let channels: Vec<Uuid> = channels.into_iter().collect();
    let mut early = HashSet::new();
    for some in channels.chunks(PER_STATEMENT) {
        let floors = rows::raise(&mut conn, some, pause).await?;
        let (raised, others): (Vec<_>, Vec<_>) = floors.into_iter().partition(|floor| floor.rose);
        metrics::floors_raised(raised.len());
        events.publish_transient(raised.iter().map(event));
        early.extend(others.iter().map(Floor::channel));
    }
    let done = stale
        .iter()
        .filter(|note| !early.contains(&note.conversation_id.into()));
    let done: Vec<i64> = done.map(|note| note.id).collect();
    if !done.is_empty() {
        rows::forget(&mut conn, &done).await?;
    }
    let written = causes.iter().filter_map(Cause::written);
    let written: Vec<Uuid> = written.map(|channel| channel.0).collect();
    if !written.is_empty() {
        rows::note_activity(&mut conn, &written, ACTIVITY_STEP_MS).await?;
    }
    Ok(early.into_iter().map(Cause::Receipt).collect())
}

/// To the whole group: what everyone has received and read.
#[must_use]
pub fn event(floor: &Floor) -> Event {
    let frame = ServerFrame::Receipts {
        conversation_id: floor.channel(),
        delivered_seq: floor.delivered_seq,
        read_seq: floor.read_seq,
    };
    Event::frame(&[Route::Group(floor.group())], &frame)
}

#[cfg(test)]
mod tests {
    use protocol::ids::{GroupId, UserId};

    use super::*;

    #[test]
    fn however_often_a_channel_is_noted_it_is_looked_at_once() {
        let floors = Floors::default();
        let channel = ConversationId::new();
        for _ in 0..2 {
            floors.note([Cause::Message(channel), Cause::Receipt(channel)]);
        }
        let all = floors.take();
        let channels: HashSet<_> = all.iter().map(Cause::channel).collect();
        assert_eq!((all.len(), channels), (2, HashSet::from([channel])));
        let written: Vec<_> = all.iter().filter_map(Cause::written).collect();
        assert_eq!(written, [channel]);
        assert!(floors.take().is_empty());
    }

    #[test]
    fn a_message_to_a_group_may_have_moved_a_floor() {
        let (group, channel) = (GroupId::new(), ConversationId::new());
        let to_group = [Route::Group(group)];
        let written = |routes: &[Route]| {
            let removed = ServerFrame::ConversationRemoved {
                conversation_id: channel,
                rev: 1,
            };
            Event {
                kind: "message.created".to_owned(),
                ..Event::frame(routes, &removed).of_conversation(channel, 1)
            }
        };
        assert_eq!(
            Cause::of(&written(&to_group)),
            Some(Cause::Message(channel))
        );
        // In a direct chat floors are computed when they are read.
        assert_eq!(Cause::of(&written(&[Route::User(UserId::new())])), None);
        let control = protocol::control::Control::GroupRemoved { group_id: group };
        assert_eq!(Cause::of(&Event::control(&control)), None);
    }

    #[test]
    fn the_notes_have_a_bound() {
        let floors = Floors::default();
        floors.note((0..NOTES + 10).map(|_| Cause::Receipt(ConversationId::new())));
        assert_eq!(floors.take().len(), NOTES);
    }
}
