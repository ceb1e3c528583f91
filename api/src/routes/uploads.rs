//! Taking in files.

use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, HttpResponse};
use protocol::ids::UserId;
use protocol::problem::Code;

use crate::app::State;
use crate::error::{ApiError, Result};
use crate::extract::Caller;
use crate::files::{self, intake::Turn};
use crate::metrics;
use crate::store::attachments::{self, AttachmentRow};

pub async fn create_upload(
    state: web::Data<State>,
    caller: Caller,
    request: HttpRequest,
    body: Payload,
) -> Result<HttpResponse> {
    let kept = upload(&state, caller.user_id, &request, body).await;
    metrics::upload(match &kept {
        Ok(_) => "kept",
        Err(error) => error.code().as_str(),
    });
    Ok(HttpResponse::Created().json(kept?.attachment()))
}

async fn upload(
    state: &State,
    caller: UserId,
    request: &HttpRequest,
    body: Payload,
) -> Result<AttachmentRow> {
    let turn: Turn = state.files.intake.turn(caller).await?;
    check_room(state, caller).await?;
    let upload = state.files.intake.read(&turn, request, body).await?;
    files::keep(state, caller, upload).await
}

/// Uploads that go on at the same time are not counted: there are few of one user.
async fn check_room(state: &State, caller: UserId) -> Result<()> {
    let config = &state.files.config;
    let mut conn = state.db.get().await?;
    let unheld = attachments::unheld_bytes(&mut conn, caller, config.unheld_life).await?;
    if unheld < config.unheld_bytes {
        Ok(())
    } else {
        let detail = "Too much of what you have uploaded is in no message yet.";
        Err(ApiError::new(Code::LimitReached, detail))
    }
}
