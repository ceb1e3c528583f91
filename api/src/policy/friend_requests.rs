//! Who may answer a friend request, and who may take it back.

use protocol::people::FriendRequestStatus;
use protocol::problem::Code;

use crate::error::ApiError;

/// What one of the two does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Gives it this answer.
    Answer(FriendRequestStatus),
    /// Takes it back.
    Cancel,
}

/// What is left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// To do it.
    Go,
    /// Nothing: it was done before.
    Done,
}

/// May the caller, who asked or was asked, do this with a request?
///
/// # Errors
/// 403 for the wrong side, 409 for a request that was answered otherwise.
pub fn judge(
    act: Act,
    asked_by_caller: bool,
    status: FriendRequestStatus,
) -> Result<Next, ApiError> {
    let forbidden = |detail: &str| Err(ApiError::new(Code::Forbidden, detail));
    match act {
        Act::Answer(_) if asked_by_caller => forbidden("Only who was asked can answer."),
        Act::Cancel if !asked_by_caller => forbidden("Only who asked can take it back."),
        Act::Answer(answer) if answer == status => Ok(Next::Done),
        _ if status == FriendRequestStatus::Pending => Ok(Next::Go),
        _ => Err(ApiError::new(Code::Conflict, "It was answered before.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_do_what_with_a_request() {
        use FriendRequestStatus::{Accepted, Declined, Pending};
        let (accept, decline) = (Act::Answer(Accepted), Act::Answer(Declined));
        let (asked, asking) = (false, true);
        for (act, side, status, want) in [
            (accept, asked, Pending, Ok(Next::Go)),
            (accept, asked, Accepted, Ok(Next::Done)),
            (accept, asked, Declined, Err(Code::Conflict)),
            (decline, asked, Pending, Ok(Next::Go)),
            (decline, asked, Declined, Ok(Next::Done)),
            (decline, asked, Accepted, Err(Code::Conflict)),
            (accept, asking, Pending, Err(Code::Forbidden)),
            (decline, asking, Pending, Err(Code::Forbidden)),
            (accept, asking, Accepted, Err(Code::Forbidden)),
            (Act::Cancel, asking, Pending, Ok(Next::Go)),
            (Act::Cancel, asking, Accepted, Err(Code::Conflict)),
            (Act::Cancel, asking, Declined, Err(Code::Conflict)),
            (Act::Cancel, asked, Pending, Err(Code::Forbidden)),
            (Act::Cancel, asked, Declined, Err(Code::Forbidden)),
        ] {
            let got = judge(act, side, status).map_err(|error| error.code());
            assert_eq!(got, want, "{act:?}, by who asked: {side}, {status:?}");
        }
    }
}
