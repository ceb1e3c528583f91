//! The lowest watermarks of channels, kept up to date a moment later.
//!
//! In a group of up to 50 a receipt moves the floor in its own transaction (`receipts.rs`). What
//! else can move one (a receipt in a larger group, a sender's own watermark, someone who left or
//! hides) is noted here, most of it as its event passes on its way to the broker. A task looks at
//! everything noted once a second: however many receipts a room has, its floor is computed once. The
//! same look notes which groups are alive.
//!
//! The notes are in memory: what a killed process leaves undone is done with the channel's next
//! movement, in any process (docs/read-receipts.md).

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use platform::settings::Settings;
use platform::shutdown::CancellationToken;
use protocol::frame::ServerFrame;
use protocol::ids::{ConversationId, GroupId, UserId};
use protocol::routing::Route;
use uuid::Uuid;

use crate::error::Result;
use crate::events::{Event, Events};
use crate::metrics;
use crate::store::Db;
use crate::store::floors::{self as rows, Raised};

/// Notes kept at once. Beyond, a floor waits for the next movement in its channel.
const NOTES: usize = 64 * 1024;
/// Channels of one statement, which may have 10 000 members each: its locks are held for less than
/// a receipt waits for one.
const PER_STATEMENT: usize = 32;
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

/// What can move a floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Somebody wrote in a channel, which moved their own watermarks.
    Message(ConversationId),
    /// Somebody's watermarks moved in a channel.
    Receipt(ConversationId),
    /// Somebody is in a group no longer.
    Left(GroupId),
    /// Somebody hides what they read, or does so no longer.
    Hidden(UserId),
}

impl Cause {
    /// What an event tells of that can move a floor.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        let Some(Route::Group(group)) = Route::parse(event.routing_keys.first()?) else {
            return None;
        };
        match event.kind.as_str() {
            "message.created" => Some(Self::Message(event.conversation_id?.into())),
            "member.left" => Some(Self::Left(group)),
            _ => None,
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
/// `pause` ago are for the next look: another process may be telling of them.
async fn look(
    db: &Db,
    events: &Events,
    causes: &HashSet<Cause>,
    pause: Duration,
) -> Result<Vec<Cause>> {
    if causes.is_empty() {
        return Ok(Vec::new());
    }
    let Concerned {
        mut channels,
        written,
        groups,
        users,
    } = Concerned::by(causes);
    let mut conn = db.get().await?;
    if !groups.is_empty() || !users.is_empty() {
        channels.extend(rows::channels_of(&mut conn, &groups, &users).await?);
    }
    let all: Vec<Uuid> = channels.iter().copied().collect();
    let pause_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
    let later = rows::just_raised(&mut conn, &all, pause_ms).await?;
    later.iter().for_each(|id| {
        channels.remove(id);
    });
    let now: Vec<Uuid> = channels.into_iter().collect();
    for some in now.chunks(PER_STATEMENT) {
        let raised = rows::raise(&mut conn, some).await?;
        metrics::floors_raised(raised.len());
        events.publish_transient(raised.iter().map(event));
    }
    if !written.is_empty() {
        rows::note_activity(&mut conn, &written, ACTIVITY_STEP_MS).await?;
    }
    let later = later.into_iter().map(|id| Cause::Receipt(id.into()));
    Ok(later.collect())
}

/// Causes by kind.
#[derive(Default)]
struct Concerned {
    channels: BTreeSet<Uuid>,
    written: Vec<Uuid>,
    groups: Vec<Uuid>,
    users: Vec<Uuid>,
}

impl Concerned {
    fn by(causes: &HashSet<Cause>) -> Self {
        let mut all = Self::default();
        for cause in causes {
            match cause {
                Cause::Message(id) => {
                    all.channels.insert(id.0);
                    all.written.push(id.0);
                }
                Cause::Receipt(id) => {
                    all.channels.insert(id.0);
                }
                Cause::Left(id) => all.groups.push(id.0),
                Cause::Hidden(id) => all.users.push(id.0),
            }
        }
        all
    }
}

/// To the whole group: what everyone has received and read.
#[must_use]
pub fn event(floor: &Raised) -> Event {
    let frame = ServerFrame::Receipts {
        conversation_id: floor.channel(),
        delivered_seq: floor.delivered_seq,
        read_seq: floor.read_seq,
    };
    Event::frame(&[Route::Group(floor.group())], &frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_often_a_channel_is_noted_it_is_looked_at_once() {
        let floors = Floors::default();
        let (channel, group) = (ConversationId::new(), GroupId::new());
        floors.note([Cause::Message(channel), Cause::Receipt(channel)]);
        floors.note([Cause::Message(channel), Cause::Left(group)]);
        let all = Concerned::by(&floors.take());
        assert_eq!(all.channels, BTreeSet::from([channel.0]));
        assert_eq!((all.written, all.groups), (vec![channel.0], vec![group.0]));
        assert!(floors.take().is_empty());
    }

    #[test]
    fn an_event_of_a_group_says_what_may_have_moved() {
        let (group, channel) = (GroupId::new(), ConversationId::new());
        let left = ServerFrame::MemberLeft {
            group_id: group,
            user_id: UserId::new(),
            version: 2,
        };
        let to_group = [Route::Group(group)];
        let cause = Cause::of(&Event::frame(&to_group, &left));
        assert_eq!(cause, Some(Cause::Left(group)));
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
