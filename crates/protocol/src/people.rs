//! What people are to each other: contacts, requests and friends.

use serde::{Deserialize, Serialize};

use crate::account::User;
use crate::ids::{FriendRequestId, UserId};
use crate::time::Timestamp;

/// Someone in the caller's address book.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Contact {
    /// Who.
    pub user: User,
    /// The caller's own name for them.
    pub alias: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
}

/// Body of `PUT /v1/contacts/{user_id}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutContactRequest {
    /// The caller's own name for them, 1–64 characters; without it they go by their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*[^\s\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u200c\u200d][^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*$",
        example = "Ada from work"
    )]
    pub alias: Option<String>,
}

/// What became of a friend request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FriendRequestStatus {
    /// Not answered.
    Pending,
    /// The two are friends.
    Accepted,
    /// They are not.
    Declined,
}

/// One person's wish to be another's friend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FriendRequest {
    /// Its id.
    pub id: FriendRequestId,
    /// Who asks.
    pub from: User,
    /// Who is asked.
    pub to: User,
    /// What became of it.
    pub status: FriendRequestStatus,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Body of `POST /v1/friend-requests`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateFriendRequest {
    /// Repeat it to repeat the request safely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<FriendRequestId>,
    /// Who is asked.
    pub user_id: UserId,
}
