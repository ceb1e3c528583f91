//! Files: uploads and the addresses they are read at.

use serde::{Deserialize, Serialize};

use crate::ids::AttachmentId;
use crate::time::Timestamp;

/// Body of `POST /v1/attachments/urls`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachmentUrlsRequest {
    /// 1 to 100 files that the caller may read.
    #[schema(min_items = 1, max_items = 100)]
    pub ids: Vec<AttachmentId>,
}

/// Where a file can be read without a token, for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SignedUrl {
    /// Which file.
    pub id: AttachmentId,
    /// Its address.
    pub url: String,
    /// The address of its small picture, of images.
    pub thumbnail_url: Option<String>,
    /// When both end.
    pub expires_at: Timestamp,
}

/// The answer of `POST /v1/attachments/urls`: those that the caller may read, in their order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AttachmentUrls {
    /// One for each readable file.
    pub items: Vec<SignedUrl>,
}
