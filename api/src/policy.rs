//! Who may do what: pure functions over what was loaded.
//!
//! What guards a send is judged inside the commit itself (`migrations/…_commit_messages`), because
//! only there it is true; everything else is here.

pub mod friend_requests;
pub mod groups;
pub mod messages;

use protocol::problem::Code;

use crate::error::ApiError;

/// What stands between two users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Whether they are the same.
    pub same: bool,
    /// Whether the other one has an account still.
    pub exists: bool,
    /// Whether one blocks the other.
    pub blocked: bool,
}

/// May a user have to do with another at all, such as keep or block them?
///
/// # Errors
/// 422 with oneself, 404 with nobody.
pub fn may_meet(same: bool, exists: bool) -> Result<(), ApiError> {
    if same {
        let rule = "must be someone else";
        return Err(ApiError::field("user_id", "oneself", rule));
    }
    if exists {
        Ok(())
    } else {
        Err(ApiError::not_found())
    }
}

/// May a user begin (or find) a direct chat with another, or ask to be their friend?
///
/// # Errors
/// 422 with oneself, 404 with nobody, 403 when blocked.
pub fn may_approach(pair: Pair) -> Result<(), ApiError> {
    may_meet(pair.same, pair.exists)?;
    if pair.blocked {
        return Err(ApiError::new(Code::Blocked, "One of you blocks the other."));
    }
    Ok(())
}

/// May a member take the conversation off their list? Direct chats only: a channel is left with its
/// group.
///
/// # Errors
/// 403 for a channel.
pub fn may_unlist(is_direct: bool) -> Result<(), ApiError> {
    if is_direct {
        Ok(())
    } else {
        Err(ApiError::new(
            Code::Forbidden,
            "Only direct chats can be deleted. Leave the group instead.",
        ))
    }
}

/// Refuses what would go beyond a limit of the contract.
///
/// # Errors
/// 422 `limit_reached`.
pub fn below(count: i64, limit: usize, what: &str) -> Result<(), ApiError> {
    if usize::try_from(count).is_ok_and(|count| count < limit) {
        Ok(())
    } else {
        let detail = format!("There can be at most {limit} {what}.");
        Err(ApiError::new(Code::LimitReached, detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_approach_whom() {
        let code = |same, exists, blocked| {
            may_approach(Pair {
                same,
                exists,
                blocked,
            })
            .err()
            .map(|e| e.code())
        };
        for (same, exists, blocked, want) in [
            (false, true, false, None),
            (true, true, false, Some(Code::Invalid)),
            (true, true, true, Some(Code::Invalid)),
            (false, false, false, Some(Code::NotFound)),
            (false, false, true, Some(Code::NotFound)),
            (false, true, true, Some(Code::Blocked)),
        ] {
            assert_eq!(
                code(same, exists, blocked),
                want,
                "{same} {exists} {blocked}"
            );
        }
        assert!(may_unlist(true).is_ok());
        assert_eq!(may_unlist(false).unwrap_err().code(), Code::Forbidden);
    }
}
