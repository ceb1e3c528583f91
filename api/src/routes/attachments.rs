//! Giving out files: addresses to those who may read them, bytes to whoever has an address.

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Utc;
use protocol::file::{AttachmentUrls, AttachmentUrlsRequest, SignedUrl};
use protocol::ids::{AttachmentId, UserId};
use protocol::limits;
use protocol::problem::Code;

use crate::app::State;
use crate::domain::fields::within;
use crate::domain::media_type;
use crate::error::{ApiError, Result};
use crate::extract::{Caller, Json, Path};
use crate::files::blobs::{Folder, ORIGINAL, THUMBNAIL};
use crate::files::picture::thumbnail_type;
use crate::files::serving::{self, Blob};
use crate::files::signing::{Signer, Ticket, Variant};
use crate::store::attachments::{self, AttachmentRow};

pub async fn get_attachment(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<AttachmentId>,
) -> Result<HttpResponse> {
    readable(&state, caller.user_id, id).await?;
    Ok(redirect(&state, id, Variant::Original))
}

pub async fn get_thumbnail(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<AttachmentId>,
) -> Result<HttpResponse> {
    let row = readable(&state, caller.user_id, id).await?;
    if row.has_thumbnail {
        Ok(redirect(&state, id, Variant::Thumbnail))
    } else {
        Err(ApiError::not_found())
    }
}

async fn readable(state: &State, caller: UserId, id: AttachmentId) -> Result<AttachmentRow> {
    let mut conn = state.db.get().await?;
    let rows = attachments::readable(&mut conn, caller, &[id.0]).await?;
    rows.into_iter().next().ok_or_else(ApiError::not_found)
}

fn redirect(state: &State, id: AttachmentId, variant: Variant) -> HttpResponse {
    let url = state
        .files
        .signer
        .url(id, variant, Signer::expiry(Utc::now()));
    HttpResponse::Found()
        .insert_header((LOCATION, url))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

pub async fn list_attachment_urls(
    state: web::Data<State>,
    caller: Caller,
    Json(request): Json<AttachmentUrlsRequest>,
) -> Result<HttpResponse> {
    within(request.ids.len(), 1, limits::ATTACHMENT_URLS)
        .map_err(|rule| ApiError::field("ids", rule.code, rule.message))?;
    let ids: Vec<_> = request.ids.iter().map(|id| id.0).collect();
    let mut conn = state.db.get().await?;
    let rows = attachments::readable(&mut conn, caller.user_id, &ids).await?;
    let (signer, expires) = (&state.files.signer, Signer::expiry(Utc::now()));
    let signed = rows.into_iter().map(|row| SignedUrl {
        id: row.id(),
        url: signer.url(row.id(), Variant::Original, expires),
        thumbnail_url: row
            .has_thumbnail
            .then(|| signer.url(row.id(), Variant::Thumbnail, expires)),
        expires_at: expires.into(),
    });
    Ok(HttpResponse::Ok().json(AttachmentUrls {
        items: signed.collect(),
    }))
}

/// The address is the permission: it was given to a reader a few minutes ago.
pub async fn get_file(
    state: web::Data<State>,
    Path(id): Path<AttachmentId>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let now = Utc::now();
    let ticket: Option<Ticket> = serde_urlencoded::from_str(request.query_string()).ok();
    let ticket = ticket.filter(|ticket| state.files.signer.accepts(id, ticket, now));
    let ticket = ticket.ok_or_else(|| {
        ApiError::new(
            Code::Forbidden,
            "This address was not given out, or has ended.",
        )
    })?;
    let row = attachments::find(&mut *state.db.get().await?, id).await?;
    let row = row.ok_or_else(ApiError::not_found)?;
    let folder = Folder::Attachment(id);
    let max_age = u64::try_from(ticket.expires - now.timestamp()).unwrap_or_default();
    let blob = match ticket.variant {
        Variant::Original => Blob {
            size: row.bytes(),
            content_type: media_type::served(&row.content_type).to_owned(),
            disposition: serving::disposition(media_type::is_inline(&row.content_type), &row.name),
            folder,
            name: ORIGINAL,
            max_age,
        },
        Variant::Thumbnail => Blob {
            size: state.files.size_of(&folder, THUMBNAIL).await?,
            content_type: thumbnail_type(&row.content_type).to_owned(),
            disposition: serving::disposition(true, &row.name),
            folder,
            name: THUMBNAIL,
            max_age,
        },
    };
    serving::serve(&state.files, &request, blob).await
}
