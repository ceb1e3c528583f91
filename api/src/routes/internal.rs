//! What ws-servers ask, on the admin port, with the service credential.

use std::collections::{HashMap, HashSet};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use protocol::ids::{GroupId, UserId};
use protocol::internal::{
    MemberRef, ROUTES_PER_CALL, RevocationsResponse, RoutesRequest, RoutesResponse, SessionRef,
    UserRoutes, Visible, VisibleRequest, VisibleResponse, VisibleUser,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::future::{Ready, ready};

use crate::app::State;
use crate::error::{ApiError, Result};
use crate::extract::caller::bearer;
use crate::extract::{Json, Query};
use crate::store::groups::{departures, members};
use crate::store::{epoch, sessions, visibility};

/// A transaction that was open at the last answer may have ended since: answers overlap.
const OVERLAP: TimeDelta = TimeDelta::seconds(20);
/// A question about everybody whom a thousand sockets watch is larger than what people send.
const PEER_BODY_BYTES: usize = 2 * 1024 * 1024;

/// A peer that has the service credential.
#[derive(Debug)]
pub struct Peer;

impl FromRequest for Peer {
    type Error = ApiError;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let expected = State::of(request).config.internal_credential.expose();
        // Comparing hashes takes the same time wherever the two differ.
        let same =
            bearer(request).is_some_and(|given| Sha256::digest(given) == Sha256::digest(expected));
        ready(if same {
            Ok(Self)
        } else {
            Err(ApiError::unauthenticated(
                "The service credential is needed.",
            ))
        })
    }
}

pub async fn post_routes(
    state: web::Data<State>,
    _peer: Peer,
    Json(request): Json<RoutesRequest, PEER_BODY_BYTES>,
) -> Result<HttpResponse> {
    let asked = request.sessions;
    if asked.len() > ROUTES_PER_CALL {
        return Err(ApiError::malformed("sessions: at most 500."));
    }
    let mut conn = state.db.get().await?;
    let session_ids: Vec<_> = asked.iter().map(|pair| pair.session_id.0).collect();
    let user_ids: Vec<_> = asked.iter().map(|pair| pair.user_id.0).collect();
    let ended: HashSet<_> = sessions::ended_of(&mut conn, &session_ids)
        .await?
        .into_iter()
        .collect();
    let hiders: HashSet<_> = visibility::hiders(&mut conn, &user_ids)
        .await?
        .into_iter()
        .collect();
    let mut groups: HashMap<_, Vec<GroupId>> = HashMap::new();
    for pair in members::groups_of(&mut conn, &user_ids).await? {
        let of_user = groups.entry(pair.user_id).or_default();
        of_user.push(pair.group_id.into());
    }
    let routes = asked.into_iter().map(
        |SessionRef {
             user_id,
             session_id,
         }| UserRoutes {
            user_id,
            session_id,
            ended: ended.contains(&session_id.0),
            // A user may be asked for on several sessions.
            groups: groups.get(&user_id.0).cloned().unwrap_or_default(),
            hide_presence: hiders.contains(&user_id.0),
        },
    );
    let routes = routes.collect();
    Ok(HttpResponse::Ok().json(RoutesResponse {
        epoch: epoch::read(&mut conn).await?,
        routes,
    }))
}

/// Where the last answer ended.
#[derive(Debug, Deserialize)]
pub struct SinceQuery {
    since: Option<DateTime<Utc>>,
}

pub async fn get_revocations(
    state: web::Data<State>,
    _peer: Peer,
    Query(query): Query<SinceQuery>,
) -> Result<HttpResponse> {
    let mut conn = state.db.reserved().await?;
    let now = sessions::database_now(&mut conn).await?;
    let since = query.since.unwrap_or(now) - OVERLAP;
    let revoked = sessions::revocations_since(&mut conn, since).await?;
    let sessions = revoked.into_iter().map(|row| SessionRef {
        user_id: row.user_id.into(),
        session_id: row.session_id.into(),
    });
    let removed = departures::removed_since(&mut conn, since).await?;
    let members = removed.into_iter().map(|pair| MemberRef {
        user_id: pair.user_id.into(),
        group_id: pair.group_id.into(),
    });
    Ok(HttpResponse::Ok().json(RevocationsResponse {
        sessions: sessions.collect(),
        members: members.collect(),
        cursor: now.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        epoch: epoch::read(&mut conn).await?,
    }))
}

pub async fn post_visible(
    state: web::Data<State>,
    _peer: Peer,
    Json(request): Json<VisibleRequest, PEER_BODY_BYTES>,
) -> Result<HttpResponse> {
    let watchers = request.watchers;
    let pairs: Vec<(UserId, UserId)> = watchers
        .iter()
        .flat_map(|watcher| watcher.user_ids.iter().map(|&id| (watcher.user_id, id)))
        .collect();
    let mut by_watcher: HashMap<UserId, Vec<VisibleUser>> = HashMap::new();
    for row in visibility::of(&mut *state.db.get().await?, &pairs).await? {
        let user = VisibleUser {
            user_id: row.watched(),
            last_seen_at: row.last_seen_at(),
        };
        by_watcher.entry(row.watcher()).or_default().push(user);
    }
    let watchers = watchers.into_iter().map(|watcher| Visible {
        user_id: watcher.user_id,
        users: by_watcher.remove(&watcher.user_id).unwrap_or_default(),
    });
    Ok(HttpResponse::Ok().json(VisibleResponse {
        watchers: watchers.collect(),
    }))
}
