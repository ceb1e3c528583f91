//! Groups: their members, bans, invites and channels.

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{Array, ArrayBuilder, ObjectBuilder, Type};

use crate::account::User;
use crate::ids::{AttachmentId, ConversationId, GroupId, InviteId, UserId};
use crate::limits;
use crate::patch::present;
use crate::time::Timestamp;

/// Who can find and join a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everyone.
    Public,
    /// Who is invited.
    Private,
}

/// What a member is in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The one it belongs to.
    Owner,
    /// Keeps it in order.
    Admin,
    /// Takes part.
    Member,
}

/// What a group is for everyone who may know of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SharedGroup {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Words it is found by.
    pub tags: Vec<String>,
    /// Who can find and join it.
    pub visibility: Visibility,
    /// Its picture.
    pub icon_url: Option<String>,
    /// Whose it is.
    pub owner_id: UserId,
    /// How many are in it.
    pub member_count: i32,
    /// Only rises; a client ignores a lower one.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A channel, as its group lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ChannelEntry {
    /// Its conversation.
    pub id: ConversationId,
    /// Its name.
    pub name: String,
    /// What is talked about.
    pub topic: Option<String>,
    /// The heading it stands under.
    pub category: Option<String>,
    /// Its place, lowest first.
    pub position: Option<i32>,
    /// The conversation's revision.
    pub rev: i64,
}

/// A group as the caller sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Group {
    /// What everyone sees.
    #[serde(flatten)]
    pub shared: SharedGroup,
    /// What the caller is in it; null if they are not.
    pub my_role: Option<Role>,
    /// For members: its channels by place.
    pub channels: Vec<ChannelEntry>,
}

/// The schema of a group's tags.
fn tags() -> Array {
    let tag = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(*limits::TAG_CHARS.start()))
        .max_length(Some(*limits::TAG_CHARS.end()))
        .pattern(Some(r"^[^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*[^\s\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u200c\u200d][^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*$"));
    ArrayBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Array, Type::Null]))
        .items(tag)
        .max_items(Some(limits::GROUP_TAGS))
        .build()
}

/// Body of `POST /v1/groups`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateGroupRequest {
    /// Repeat it to repeat the request safely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<GroupId>,
    /// 1–64 characters.
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*[^\s\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u200c\u200d][^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*$",
        example = "Analytical engines"
    )]
    pub name: String,
    /// Up to 1024 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        max_length = 1024,
        pattern = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$"
    )]
    pub description: Option<String>,
    /// Up to 20, of 1–32 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = tags)]
    pub tags: Option<Vec<String>>,
    /// Who can find and join it.
    pub visibility: Visibility,
}

/// Body of `PATCH /v1/groups/{id}`; what is missing stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchGroupRequest {
    /// 1–64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*[^\s\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u200c\u200d][^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*$"
    )]
    pub name: Option<String>,
    /// Up to 1024 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        max_length = 1024,
        pattern = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$"
    )]
    pub description: Option<String>,
    /// Up to 20, of 1–32 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = tags)]
    pub tags: Option<Vec<String>>,
    /// Who can find and join it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// An upload of the caller's that becomes the group's picture; null for none.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<AttachmentId>)]
    pub icon_upload_id: Option<Option<AttachmentId>>,
}

/// Someone in a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Member {
    /// Who.
    pub user: User,
    /// What they are in it.
    pub role: Role,
    /// Since when.
    pub joined_at: Timestamp,
}

/// Body of `PATCH /v1/groups/{id}/members/{user_id}`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchMemberRequest {
    /// `owner` hands the group over: the caller becomes an admin.
    pub role: Role,
}

/// Someone who may not come back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Ban {
    /// Who.
    pub user: User,
    /// Since when.
    pub created_at: Timestamp,
}

/// Body of `POST /v1/groups/{id}/invites`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateInviteRequest {
    /// Repeat it to repeat the request safely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<InviteId>,
    /// Seconds it lives, 1 to 31 536 000 (a year); without it, for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 31_536_000)]
    pub expires_in: Option<i64>,
    /// How many may come by it, 1 to 10 000; without it, any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 10_000)]
    pub max_uses: Option<i32>,
}

/// A way into a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Invite {
    /// Its id.
    pub id: InviteId,
    /// The secret: who has it may join.
    pub code: String,
    /// The page that shows it.
    pub url: String,
    /// Until when it works.
    pub expires_at: Option<Timestamp>,
    /// How many may come by it.
    pub max_uses: Option<i32>,
    /// How many have.
    pub uses: i32,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What someone who holds an invite may know before they join.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InvitePreview {
    /// The group; who is in it already finds it there.
    pub group_id: GroupId,
    /// The group's name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Its picture.
    pub icon_url: Option<String>,
    /// How many are in it.
    pub member_count: i32,
}

/// Body of `POST /v1/groups/{id}/channels`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateChannelRequest {
    /// Repeat it to repeat the request safely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ConversationId>,
    /// 1–64 characters.
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*[^\s\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u200c\u200d][^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*$",
        example = "release-planning"
    )]
    pub name: String,
    /// Up to 256 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256, pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$")]
    pub topic: Option<String>,
    /// 1–64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*[^\s\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u200c\u200d][^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*$"
    )]
    pub category: Option<String>,
    /// Its place, lowest first; without it, behind the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub position: Option<i32>,
}

/// Body of `PATCH /v1/channels/{id}`; what is missing stays, null clears.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchChannelRequest {
    /// 1–64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*[^\s\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u200c\u200d][^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*$"
    )]
    pub name: Option<String>,
    /// Up to 256 characters.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(max_length = 256, pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$", value_type = Option<String>)]
    pub topic: Option<Option<String>>,
    /// 1–64 characters.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(min_length = 1, max_length = 64, pattern = r"^[^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*[^\s\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u200c\u200d][^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*$", value_type = Option<String>)]
    pub category: Option<Option<String>>,
    /// Its place, lowest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub position: Option<i32>,
}
