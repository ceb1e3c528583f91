//! Who may do what to a message.

use std::time::Duration;

use protocol::group::Role;
use protocol::problem::Code;

use super::groups::{self, Action, Standing};
use crate::error::ApiError;

/// A message, and what someone who sees it is to it.
#[derive(Clone, Copy, Debug)]
pub struct Relation {
    /// Whether they wrote it.
    pub author: bool,
    /// As what they are in its group, in a channel.
    pub role: Option<Role>,
    /// Whether the system wrote it.
    pub system: bool,
    /// Whether it was deleted for everyone.
    pub deleted: bool,
    /// Whether one of the two blocks the other, in a direct chat.
    pub blocked: bool,
}

/// May they put an emoji under it, or pin it?
///
/// # Errors
/// 409 for a tombstone, 403 when blocked.
pub fn may_mark(relation: Relation) -> Result<(), ApiError> {
    if relation.deleted {
        return Err(ApiError::new(Code::Deleted, "The message was deleted."));
    }
    may_continue(relation)
}

/// May they take back what they put under it, or unpin it?
///
/// # Errors
/// 403 when blocked.
pub fn may_continue(relation: Relation) -> Result<(), ApiError> {
    if relation.blocked {
        return Err(ApiError::new(Code::Blocked, "One of you blocks the other."));
    }
    Ok(())
}

/// May they give it another text, this long after it was sent?
///
/// # Errors
/// 403 to all but its author, when blocked, and when it is too late; 409 for a tombstone.
pub fn may_edit(relation: Relation, age: Duration, window: Duration) -> Result<(), ApiError> {
    if !relation.author || relation.system {
        let detail = "Only its author may edit a message.";
        return Err(ApiError::new(Code::Forbidden, detail));
    }
    may_mark(relation)?;
    if age > window {
        let detail = format!("A message can be edited for {} seconds.", window.as_secs());
        return Err(ApiError::new(Code::EditWindowOver, detail));
    }
    Ok(())
}

/// May they delete it for everyone? Its author may at any time, also when blocked; whose message it
/// is not, or whose words the system's are not, must be an admin.
///
/// # Errors
/// 403 to everyone else.
pub fn may_delete(relation: Relation) -> Result<(), ApiError> {
    if relation.author && !relation.system {
        return Ok(());
    }
    match relation.role {
        Some(role) => groups::may(Standing::in_it(role), Action::DeleteMessage),
        None => {
            let detail = "Only its author may delete a message for everyone.";
            Err(ApiError::new(Code::Forbidden, detail))
        }
    }
}

/// Does `@all` of theirs mean everyone? Of whoever keeps the group in order; anybody else's is text.
#[must_use]
pub fn names_everyone(role: Option<Role>) -> bool {
    matches!(role, Some(Role::Owner | Role::Admin))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Relation = Relation {
        author: false,
        role: None,
        system: false,
        deleted: false,
        blocked: false,
    };
    const OWN: Relation = Relation {
        author: true,
        ..PLAIN
    };
    const WINDOW: Duration = Duration::from_secs(900);

    fn code(result: Result<(), ApiError>) -> Option<Code> {
        result.err().map(|error| error.code())
    }

    #[test]
    fn only_its_author_edits_a_message_for_a_while() {
        let second = Duration::from_secs(1);
        for (relation, age, want) in [
            (OWN, WINDOW, None),
            (OWN, WINDOW + second, Some(Code::EditWindowOver)),
            (PLAIN, second, Some(Code::Forbidden)),
            (
                Relation {
                    role: Some(Role::Owner),
                    ..PLAIN
                },
                second,
                Some(Code::Forbidden),
            ),
            (
                Relation {
                    system: true,
                    ..OWN
                },
                second,
                Some(Code::Forbidden),
            ),
            (
                Relation {
                    deleted: true,
                    ..OWN
                },
                second,
                Some(Code::Deleted),
            ),
            (
                Relation {
                    deleted: true,
                    ..OWN
                },
                WINDOW * 2,
                Some(Code::Deleted),
            ),
            (
                Relation {
                    deleted: true,
                    ..PLAIN
                },
                second,
                Some(Code::Forbidden),
            ),
            (
                Relation {
                    blocked: true,
                    ..OWN
                },
                second,
                Some(Code::Blocked),
            ),
        ] {
            assert_eq!(
                code(may_edit(relation, age, WINDOW)),
                want,
                "{relation:?} {age:?}"
            );
        }
    }

    #[test]
    fn authors_and_admins_delete() {
        let of = |role| Relation {
            role: Some(role),
            ..PLAIN
        };
        for (relation, want) in [
            (OWN, None),
            (
                Relation {
                    blocked: true,
                    deleted: true,
                    ..OWN
                },
                None,
            ),
            (PLAIN, Some(Code::Forbidden)),
            (of(Role::Member), Some(Code::Forbidden)),
            (of(Role::Admin), None),
            (of(Role::Owner), None),
            (
                Relation {
                    system: true,
                    author: true,
                    ..of(Role::Member)
                },
                Some(Code::Forbidden),
            ),
            (
                Relation {
                    system: true,
                    author: true,
                    ..of(Role::Admin)
                },
                None,
            ),
        ] {
            assert_eq!(code(may_delete(relation)), want, "{relation:?}");
        }
    }

    #[test]
    fn a_tombstone_takes_no_mark_and_a_block_stops_both_ways() {
        let deleted = Relation {
            deleted: true,
            ..PLAIN
        };
        let blocked = Relation {
            blocked: true,
            ..PLAIN
        };
        assert_eq!(code(may_mark(PLAIN)), None);
        assert_eq!(code(may_mark(deleted)), Some(Code::Deleted));
        assert_eq!(code(may_mark(blocked)), Some(Code::Blocked));
        assert_eq!(code(may_continue(deleted)), None);
        assert_eq!(code(may_continue(blocked)), Some(Code::Blocked));
    }

    #[test]
    fn admins_name_everyone_where_there_are_admins() {
        let roles = [
            None,
            Some(Role::Member),
            Some(Role::Admin),
            Some(Role::Owner),
        ];
        assert_eq!(roles.map(names_everyone), [false, false, true, true]);
    }
}
