//! All conversations of one user's client: pure, no I/O. What it cannot know it names as a need.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use protocol::conversation::{Conversation, Receipts};
use protocol::frame::ServerFrame;
use protocol::ids::{ConversationId, UserId};
use protocol::message::MessagePage;
use protocol::sync::{Changes, SyncRequest, SyncResponse};

use super::room::{Event, Room, Snapshot};

/// What the client must ask the API for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// `GET /v1/conversations/{id}`: it does not hold this one, or must look again.
    Conversation(ConversationId),
    /// `GET …/changes?since=`.
    Changes(ConversationId, i64),
    /// The timeline, from the newest page on.
    Messages(ConversationId),
}

/// A user's conversations, by the contract's client rule.
#[derive(Clone, Debug)]
pub struct Replica {
    own: UserId,
    rooms: BTreeMap<ConversationId, Room>,
    epoch: Option<String>,
    account_rev: Option<i64>,
}

impl Replica {
    /// One that holds nothing.
    #[must_use]
    pub fn new(own: UserId) -> Self {
        Self {
            own,
            rooms: BTreeMap::new(),
            epoch: None,
            account_rev: None,
        }
    }

    /// Whose it is.
    #[must_use]
    pub fn own(&self) -> UserId {
        self.own
    }

    /// Whether what it holds is of another database than this epoch's: then all of it is to be
    /// dropped, and asked for from nothing.
    #[must_use]
    pub fn is_of_another_epoch(&self, epoch: &str) -> bool {
        self.epoch.as_deref().is_some_and(|held| held != epoch)
    }

    /// The conversations it holds.
    #[must_use]
    pub fn rooms(&self) -> &BTreeMap<ConversationId, Room> {
        &self.rooms
    }

    /// What the user sees, of every listed conversation.
    #[must_use]
    pub fn snapshot(&self) -> BTreeMap<ConversationId, Snapshot> {
        let all = self.rooms.iter().map(|(id, room)| (*id, room.snapshot()));
        all.filter(|(_, snapshot)| snapshot.me.listed).collect()
    }

    /// The holes that are open: a client asks only when they are still open after a while, because
    /// an event out of order is the common reason.
    #[must_use]
    pub fn holes(&self) -> BTreeSet<Need> {
        let open = self.rooms.iter().filter(|(_, room)| room.has_hole());
        open.map(|(id, room)| Need::Changes(*id, room.rev()))
            .collect()
    }

    /// A frame of the live stream. Frames that are not about conversations change nothing.
    #[must_use]
    pub fn frame(&mut self, frame: &ServerFrame) -> Vec<Need> {
        match frame {
            // The caller may have come back since: only the API knows.
            ServerFrame::GroupRemoved { group_id, .. } => {
                let of_group = self.rooms.iter();
                let of_group = of_group.filter(|(_, room)| room.group() == Some(*group_id));
                of_group.map(|(id, _)| Need::Conversation(*id)).collect()
            }
            frame => self.of_conversation(frame).into_iter().collect(),
        }
    }

    fn of_conversation(&mut self, frame: &ServerFrame) -> Option<Need> {
        match frame {
            ServerFrame::MessageCreated {
                conversation_id,
                rev,
                message,
            }
            | ServerFrame::MessageUpdated {
                conversation_id,
                rev,
                message,
            }
            | ServerFrame::MessageDeleted {
                conversation_id,
                rev,
                message,
            } => self.with(*conversation_id, |room| {
                room.event(*rev, Event::Message(message.clone()));
            }),
            ServerFrame::ConversationCreated { rev, conversation }
            | ServerFrame::ConversationUpdated { rev, conversation } => {
                self.with(conversation.id, |room| {
                    room.event(*rev, Event::Shared(Box::new(conversation.clone())));
                })
            }
            ServerFrame::MessageHidden {
                conversation_id,
                message_id,
                me,
            } => self.with(*conversation_id, |room| {
                room.hide(*message_id);
                room.view(me.clone());
            }),
            ServerFrame::Receipt {
                conversation_id,
                user_id,
                delivered_seq,
                read_seq,
            } => self.with(*conversation_id, |room| {
                let receipts = Receipts {
                    delivered_seq: *delivered_seq,
                    read_seq: *read_seq,
                };
                room.receipt(*user_id, receipts);
            }),
            ServerFrame::Receipts {
                conversation_id,
                delivered_seq,
                read_seq,
            } => self.with(*conversation_id, |room| {
                room.receipts(Receipts {
                    delivered_seq: *delivered_seq,
                    read_seq: *read_seq,
                });
            }),
            ServerFrame::ConversationMe {
                conversation_id,
                me,
            } => self.with(*conversation_id, |room| room.view(me.clone())),
            // It may have come back since: only the API knows.
            ServerFrame::ConversationRemoved {
                conversation_id, ..
            } => Some(Need::Conversation(*conversation_id)),
            _ => None,
        }
    }

    /// A conversation's own answer; `None` when it is a 404.
    #[must_use]
    pub fn conversation(
        &mut self,
        id: ConversationId,
        answer: Option<Conversation>,
    ) -> Option<Need> {
        let Some(conversation) = answer else {
            self.rooms.remove(&id);
            return None;
        };
        if let Some(room) = self.rooms.get_mut(&id) {
            let behind = room.rev() < conversation.shared.rev;
            room.merge(conversation);
            return behind.then(|| Need::Changes(id, room.rev()));
        }
        self.rooms.insert(id, Room::new(self.own, conversation));
        Some(Need::Messages(id))
    }

    /// An answer of `changes`.
    #[must_use]
    pub fn changes(&mut self, id: ConversationId, changes: Changes) -> Option<Need> {
        let room = self.rooms.get_mut(&id)?;
        let reset = changes.reset;
        match room.changes(changes) {
            Some(since) => Some(Need::Changes(id, since)),
            None => reset.then_some(Need::Messages(id)),
        }
    }

    /// A page of the timeline.
    #[must_use]
    pub fn page(&mut self, id: ConversationId, page: MessagePage) -> Option<Need> {
        let since = self.rooms.get_mut(&id)?.page(page)?;
        Some(Need::Changes(id, since))
    }

    /// What to say to `sync`.
    #[must_use]
    pub fn sync_request(&self, cursor: Option<String>) -> SyncRequest {
        let known = self.rooms.iter().map(|(id, room)| (*id, room.known()));
        SyncRequest {
            known: known.collect(),
            account_rev: self.account_rev,
            cursor,
        }
    }

    /// One answer of `sync`, of the epoch that it holds.
    ///
    /// # Panics
    /// If it is of another one.
    #[must_use]
    pub fn sync(&mut self, answer: SyncResponse) -> Vec<Need> {
        assert!(
            !self.is_of_another_epoch(&answer.epoch),
            "what it holds is of another database: begin with a new one"
        );
        self.epoch = Some(answer.epoch);
        self.account_rev = self.account_rev.max(Some(answer.account_rev));
        let mut needs = Vec::new();
        for conversation in answer.conversations {
            let id = conversation.shared.id;
            if let Some(room) = self.rooms.get_mut(&id) {
                room.merge(conversation);
            } else {
                self.rooms.insert(id, Room::new(self.own, conversation));
                needs.push(Need::Messages(id));
            }
        }
        for (id, changes) in answer.changes {
            needs.extend(self.changes(id, changes));
        }
        for (id, change) in answer.views {
            if let Some(room) = self.rooms.get_mut(&id) {
                room.merge_view_change(change);
            }
        }
        for id in answer.removed {
            self.rooms.remove(&id);
        }
        needs
    }

    fn with(&mut self, id: ConversationId, change: impl FnOnce(&mut Room)) -> Option<Need> {
        match self.rooms.get_mut(&id) {
            Some(room) => {
                change(room);
                None
            }
            None => Some(Need::Conversation(id)),
        }
    }
}
