//! Avatars and icons: their address, which nobody can guess, is the permission.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::app::State;
use crate::domain::picture_key::PictureKey;
use crate::error::{ApiError, Result};
use crate::extract::Path;
use crate::files::blobs::{Folder, SQUARE};
use crate::files::serving::{self, Blob};

/// A year: another picture has another address.
const MAX_AGE_S: u64 = 365 * 24 * 60 * 60;

pub async fn get_picture(
    state: web::Data<State>,
    Path(key): Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let key: PictureKey = key.parse().map_err(|_not_a_key| ApiError::not_found())?;
    let kind = key.kind();
    let folder = Folder::Picture(key);
    let blob = Blob {
        size: state.files.size_of(&folder, SQUARE).await?,
        content_type: kind.content_type().to_owned(),
        disposition: serving::disposition(true, kind.file_name()),
        folder,
        name: SQUARE,
        max_age: MAX_AGE_S,
    };
    serving::serve(&state.files, &request, blob).await
}
