//! Who is online.

use actix_web::{HttpResponse, web};
use protocol::ids::UserId;
use protocol::limits;
use protocol::presence::{Presence, Presences, Status};
use serde::Deserialize;
use std::collections::HashMap;

use crate::app::State;
use crate::error::{ApiError, Result};
use crate::extract::{Caller, Query};
use crate::store::visibility::{self, Visible};

/// Whom.
#[derive(Debug, Deserialize)]
pub struct PresenceQuery {
    user_ids: String,
}

pub async fn get_presence(
    state: web::Data<State>,
    caller: Caller,
    Query(query): Query<PresenceQuery>,
) -> Result<HttpResponse> {
    let ids = parse_ids(&query.user_ids)?;
    let watched: Vec<_> = ids.iter().map(|&id| (caller.user_id, id)).collect();
    let seeing = async {
        let mut conn = state.db.get().await?;
        Ok::<_, ApiError>(visibility::of(&mut conn, &watched).await?)
    };
    // Asked at once, also for those who turn out not to be seen: neither waits for the other.
    let (visible, online) = tokio::join!(seeing, state.presence.online(&ids));
    let visible: HashMap<UserId, Visible> = visible?
        .into_iter()
        .map(|row| (row.watched(), row))
        .collect();
    let presences = ids.into_iter().map(|user_id| {
        let seen = visible.get(&user_id);
        Presence {
            user_id,
            status: if seen.is_some() && online.contains(&user_id) {
                Status::Online
            } else {
                Status::Offline
            },
            last_seen_at: seen.and_then(Visible::last_seen_at),
        }
    });
    Ok(HttpResponse::Ok().json(Presences {
        presences: presences.collect(),
    }))
}

fn parse_ids(text: &str) -> Result<Vec<UserId>> {
    let ids: Vec<UserId> = text
        .split(',')
        .map(|id| {
            id.trim()
                .parse()
                .map_err(|error| ApiError::malformed(format!("user_ids: {error}.")))
        })
        .collect::<Result<_>>()?;
    if ids.len() > limits::PRESENCE_USERS {
        return Err(ApiError::malformed("user_ids: at most 200."));
    }
    Ok(ids)
}
