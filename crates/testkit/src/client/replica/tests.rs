//! Which conversations a client holds, and what it asks when one goes.

use protocol::conversation::SharedConversation;
use protocol::ids::GroupId;

use super::super::room::tests::{channel, untouched};
use super::*;

/// A replica of these conversations, as a first `sync` told of them.
fn holding(conversations: &[&SharedConversation]) -> Replica {
    let mut replica = Replica::new(UserId::new());
    let told = conversations.iter().map(|shared| (*shared).clone());
    let needs = replica.sync(answer(told.map(untouched).collect(), vec![]));
    assert_eq!(needs.len(), conversations.len());
    replica
}

fn answer(conversations: Vec<Conversation>, removed: Vec<ConversationId>) -> SyncResponse {
    SyncResponse {
        epoch: "epoch".to_owned(),
        account_rev: 1,
        conversations,
        changes: BTreeMap::new(),
        views: BTreeMap::new(),
        removed,
        next_cursor: None,
    }
}

#[test]
fn of_a_group_that_is_gone_each_channel_is_asked_for_and_no_other() {
    let (gone, other) = (GroupId::new(), GroupId::new());
    let channels = [channel(gone), channel(other), channel(gone)];
    let mut replica = holding(&channels.each_ref());
    let removed = ServerFrame::GroupRemoved {
        group_id: gone,
        version: 2,
        account_rev: None,
    };
    let needs: BTreeSet<_> = replica.frame(&removed).into_iter().collect();
    let asked = [&channels[0], &channels[2]].map(|shared| Need::Conversation(shared.id));
    assert_eq!(needs, BTreeSet::from(asked));
    for shared in [&channels[0], &channels[2]] {
        assert_eq!(replica.conversation(shared.id, None), None);
    }
    assert_eq!(
        replica.rooms().keys().collect::<Vec<_>>(),
        [&channels[1].id]
    );
}

#[test]
fn a_channel_that_is_gone_is_dropped_by_frame_and_answer_or_by_sync() {
    let channels = [channel(GroupId::new()), channel(GroupId::new())];
    let [first, second] = channels.each_ref().map(|shared| shared.id);
    let mut replica = holding(&channels.each_ref());
    let removed = ServerFrame::ConversationRemoved {
        conversation_id: first,
        rev: 1,
    };
    assert_eq!(replica.frame(&removed), [Need::Conversation(first)]);
    assert_eq!(replica.conversation(first, None), None);
    assert_eq!(replica.sync(answer(vec![], vec![second])), []);
    assert!(replica.rooms().is_empty());
}

#[test]
fn a_renamed_channel_has_its_new_name_in_the_order_of_revisions() {
    let shared = channel(GroupId::new());
    let mut replica = holding(&[&shared]);
    let renamed = |rev: i64| ServerFrame::ConversationUpdated {
        rev,
        conversation: SharedConversation {
            rev,
            name: Some(format!("name {rev}")),
            ..shared.clone()
        },
    };
    for rev in [2, 1, 2] {
        assert_eq!(replica.frame(&renamed(rev)), []);
    }
    let held = replica.snapshot()[&shared.id].shared.clone();
    assert_eq!((held.rev, held.name.as_deref()), (2, Some("name 2")));
}
