//! Accounts, sessions and people.

use serde::{Deserialize, Serialize};

use crate::ids::{AttachmentId, SessionId, UserId};
use crate::patch::present;
use crate::time::Timestamp;

/// Where the refresh token of a session travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionKind {
    /// In the answer's body.
    #[default]
    Token,
    /// In an `HttpOnly` cookie only.
    Cookie,
}

/// Body of `POST /v1/auth/register`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    /// 3–32 of `a-z 0-9 _ .`; upper case is lowered.
    #[schema(
        min_length = 3,
        max_length = 32,
        pattern = r"^[A-Za-z0-9_.]*$",
        example = "ada"
    )]
    pub username: String,
    /// 8–128 characters, not among the common ones.
    #[schema(min_length = 8, max_length = 128, example = "correct horse battery")]
    pub password: String,
    /// 1–64 characters; the username if it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*[^\s\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u200c\u200d][^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*$",
        example = "Ada Lovelace"
    )]
    pub display_name: Option<String>,
    /// The invitation an operator handed out, when registration is by invite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<String>,
    /// What the sessions page shows for this device, up to 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$",
        example = "Firefox on Linux"
    )]
    pub device: Option<String>,
    /// Where the refresh token travels.
    #[serde(default)]
    pub session: SessionKind,
}

/// Body of `POST /v1/auth/login`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The account's username.
    #[schema(example = "ada")]
    pub username: String,
    /// Its password.
    #[schema(example = "correct horse battery")]
    pub password: String,
    /// What the sessions page shows for this device, up to 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$",
        example = "Firefox on Linux"
    )]
    pub device: Option<String>,
    /// Where the refresh token travels.
    #[serde(default)]
    pub session: SessionKind,
}

/// Body of `POST /v1/auth/refresh`; empty when the cookie carries the token.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The refresh token, unless it is in the cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

/// Body of `POST /v1/auth/password`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordRequest {
    /// The present password.
    #[schema(example = "correct horse battery")]
    pub current_password: String,
    /// 8–128 characters, not among the common ones.
    #[schema(min_length = 8, max_length = 128, example = "staple unlike any other")]
    pub new_password: String,
}

/// A signed-in session.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Auth {
    /// Who signed in.
    pub user: User,
    /// An EdDSA JWT for `Authorization: Bearer`.
    pub access_token: String,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    pub expires_in: u64,
    /// Exchange it for the next pair at `/v1/auth/refresh`; null for cookie sessions.
    pub refresh_token: Option<String>,
    /// The session, as `GET /v1/auth/sessions` lists it.
    pub session_id: SessionId,
}

/// One sign-in of the caller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// What the device called itself.
    pub device: Option<String>,
    /// When it signed in.
    pub created_at: Timestamp,
    /// When it last refreshed its token.
    pub last_used_at: Timestamp,
    /// The address it last came from.
    pub ip: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// A person, as others see them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Unique, lower case.
    #[schema(example = "ada")]
    pub username: String,
    /// The name people read.
    #[schema(example = "Ada Lovelace")]
    pub display_name: String,
    /// What they say of themselves.
    pub about: String,
    /// Their picture.
    pub avatar_url: Option<String>,
    /// When they registered.
    pub created_at: Timestamp,
    /// Whether the account has ended.
    pub deleted: bool,
}

/// The caller's own account: `User` with its private fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Me {
    /// What others see.
    #[serde(flatten)]
    pub user: User,
    /// Whether others never see the caller online.
    pub hide_presence: bool,
    /// Whether others never see what the caller has read.
    pub hide_read_receipts: bool,
    /// One more at every change of the caller's people, groups and roles.
    pub account_rev: i64,
}

/// Body of `PATCH /v1/me`; what is missing stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchMeRequest {
    /// 1–64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*[^\s\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u200c\u200d][^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]*$",
        example = "Ada"
    )]
    pub display_name: Option<String>,
    /// Up to 1024 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        max_length = 1024,
        pattern = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$",
        example = "Analyst of engines"
    )]
    pub about: Option<String>,
    /// An upload of the caller's that becomes their picture; null for none.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<AttachmentId>)]
    pub avatar_upload_id: Option<Option<AttachmentId>>,
    /// Whether others never see the caller online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hide_presence: Option<bool>,
    /// Whether others never see what the caller has read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hide_read_receipts: Option<bool>,
}

/// Body of `DELETE /v1/me`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteMeRequest {
    /// The account's password, to be sure.
    #[schema(example = "correct horse battery")]
    pub password: String,
}

/// One of the public keys that verify access tokens (RFC 7517, RFC 8037).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Jwk {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// The public key, base64url.
    pub x: String,
    /// Its name, as in the token's header.
    pub kid: String,
    /// `EdDSA`.
    pub alg: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub usage: String,
}

/// The answer of `GET /.well-known/jwks.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JwkSet {
    /// Every key that may verify a token now.
    pub keys: Vec<Jwk>,
}
