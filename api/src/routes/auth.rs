//! Registering, signing in and out, sessions.

use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::http::header::ORIGIN;
use actix_web::{HttpRequest, HttpResponse, web};
use diesel_async::AsyncConnection;
use protocol::account::{LoginRequest, PasswordRequest, RefreshRequest, RegisterRequest, Session};
use protocol::ids::SessionId;
use protocol::problem::Code;

use crate::app::State;
use crate::config::Registration as Mode;
use crate::domain::account::{Login, NewPassword, Registration};
use crate::domain::cursor;
use crate::domain::fields::Fields;
use crate::domain::refresh_token::RefreshToken;
use crate::error::{ApiError, Result};
use crate::extract::params::PageQuery;
use crate::extract::{Caller, ClientAddress, Json, OptionalJson, Path, Query};
use crate::metrics;
use crate::sessions::{self, Signed};
use crate::store::sessions::{SessionRow, Which};
use crate::store::{self, accounts};

fn bad_credentials() -> ApiError {
    metrics::auth_request("bad_credentials");
    ApiError::new(Code::BadCredentials, "The name or the password is wrong.")
}

fn signed(status: StatusCode, Signed { auth, cookie }: Signed) -> HttpResponse {
    let mut answer = HttpResponse::build(status);
    if let Some(cookie) = cookie {
        answer.cookie(cookie);
    }
    answer
        .insert_header(("cache-control", "no-store"))
        .json(auth)
}

pub async fn register(
    state: web::Data<State>,
    ClientAddress(address): ClientAddress,
    Json(request): Json<RegisterRequest>,
) -> Result<HttpResponse> {
    let closed = |detail: &str| ApiError::new(Code::RegistrationClosed, detail);
    let mode = state.config.auth.registration;
    if mode == Mode::Closed {
        return Err(closed("The operator makes the accounts here."));
    }
    let new = Registration::parse(request)?;
    state.limits.registration(&state.db, address).await?;
    let hash = state.passwords.hash(new.password).await?;
    let mut conn = state.db.get().await?;
    let signed_in = conn
        .transaction(async |conn| {
            if mode == Mode::Invite {
                let code = new.invite.as_deref().unwrap_or_default();
                if !accounts::use_invite(conn, code).await? {
                    return Err(closed("An invitation of the operator is needed."));
                }
            }
            let user =
                accounts::insert(conn, new.username.as_str(), &new.display_name, &hash).await?;
            sessions::begin(&state, conn, user, &new.session, address).await
        })
        .await?;
    metrics::auth_request("registered");
    Ok(signed(StatusCode::CREATED, signed_in))
}

pub async fn login(
    state: web::Data<State>,
    ClientAddress(address): ClientAddress,
    Json(request): Json<LoginRequest>,
) -> Result<HttpResponse> {
    let login = Login::parse(request)?;
    state
        .limits
        .login(&state.db, &login.username, address)
        .await?;
    // A name that could not be one is looked up as nobody's: a NUL, say, is no text to Postgres.
    let known = match crate::domain::account::Username::parse(&login.username) {
        Ok(name) => {
            accounts::credentials_by_name(&mut *state.db.get().await?, name.as_str()).await?
        }
        Err(_) => None,
    };
    let hash = known.as_ref().and_then(accounts::Credentials::usable_hash);
    let right = state
        .passwords
        .verify(login.password.expose().to_owned(), hash)
        .await?;
    let Some(known) = known.filter(|_| right) else {
        return Err(bad_credentials());
    };
    let mut conn = state.db.get().await?;
    let signed_in = conn
        .transaction(async |conn| {
            // A password that was changed, or an account that was disabled, while the hash was being
            // checked must not begin a session that outlives the change.
            let now = accounts::lock_credentials(conn, known.user.id.into()).await?;
            if now.as_ref().and_then(accounts::Credentials::usable_hash) != known.usable_hash() {
                return Err(bad_credentials());
            }
            sessions::begin(&state, conn, known.user, &login.session, address).await
        })
        .await?;
    metrics::auth_request("logged_in");
    Ok(signed(StatusCode::OK, signed_in))
}

pub async fn refresh(
    state: web::Data<State>,
    request: HttpRequest,
    ClientAddress(address): ClientAddress,
    OptionalJson(body): OptionalJson<RefreshRequest>,
) -> Result<HttpResponse> {
    state.limits.anonymous(address)?;
    let given = body.and_then(|body| body.refresh_token);
    let token = match given {
        Some(token) => token,
        None => {
            let cookie = request.cookie(sessions::COOKIE);
            let token = cookie
                .as_ref()
                .map(Cookie::value)
                .unwrap_or_default()
                .to_owned();
            if !token.is_empty() {
                check_origin(&state, &request)?;
            }
            token
        }
    };
    let token =
        RefreshToken::decode(&token, &state.config.auth.refresh_secret).ok_or_else(|| {
            metrics::auth_request("bad_refresh_token");
            ApiError::unauthenticated("A refresh token is needed.")
        })?;
    let renewed = sessions::renew(&state, token, address).await?;
    metrics::auth_request("refreshed");
    Ok(signed(StatusCode::OK, renewed))
}

/// A cookie travels by itself: only a page of ours may use it.
fn check_origin(state: &State, request: &HttpRequest) -> Result<()> {
    let origin = request
        .headers()
        .get(ORIGIN)
        .and_then(|value| value.to_str().ok());
    let allowed = &state.config.http.allowed_origins;
    if origin.is_some_and(|origin| allowed.iter().any(|known| known == origin)) {
        Ok(())
    } else {
        Err(ApiError::new(
            Code::Forbidden,
            "The cookie needs an Origin that the operator allows.",
        ))
    }
}

pub async fn logout(state: web::Data<State>, caller: Caller) -> Result<HttpResponse> {
    sessions::end_now(&state, caller.user_id, Which::One(caller.session_id)).await?;
    Ok(HttpResponse::NoContent()
        .cookie(sessions::no_cookie())
        .finish())
}

pub async fn change_password(
    state: web::Data<State>,
    caller: Caller,
    ClientAddress(address): ClientAddress,
    Json(request): Json<PasswordRequest>,
) -> Result<HttpResponse> {
    let mut fields = Fields::default();
    let new = fields.take("new_password", NewPassword::parse(&request.new_password));
    let new = fields.finish(new)?;
    confirm_password(&state, caller, address, request.current_password).await?;
    let hash = state.passwords.hash(new).await?;
    let mut conn = state.db.get().await?;
    let (ended, events) = conn
        .transaction(async |conn| {
            accounts::set_password(conn, caller.user_id, &hash).await?;
            sessions::end(conn, caller.user_id, Which::Others(caller.session_id)).await
        })
        .await?;
    state.revocations.insert(ended);
    state.events.publish(events);
    Ok(HttpResponse::NoContent().finish())
}

/// Asks the caller for their password again. A stolen token must not become a guessing machine: as
/// many tries are allowed as for a login.
pub(super) async fn confirm_password(
    state: &State,
    caller: Caller,
    address: std::net::IpAddr,
    password: String,
) -> Result<()> {
    state
        .limits
        .confirmation(&state.db, caller.user_id, address)
        .await?;
    let known = accounts::credentials(&mut *state.db.get().await?, caller.user_id).await?;
    let hash = known.as_ref().and_then(accounts::Credentials::usable_hash);
    if state.passwords.verify(password, hash).await? {
        Ok(())
    } else {
        Err(bad_credentials())
    }
}

pub async fn list_sessions(
    state: web::Data<State>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse> {
    let limit = query.limit()?;
    let before = query.before()?;
    let mut conn = state.db.get().await?;
    let rows = store::sessions::list(&mut conn, caller.user_id, before, limit as i64 + 1).await?;
    let position = |row: &SessionRow| (row.created_at, row.id);
    let page = cursor::page(rows, limit, position, |row| Session {
        current: row.id == caller.session_id.0,
        id: row.id.into(),
        device: row.device,
        created_at: row.created_at.into(),
        last_used_at: row.last_used_at.into(),
        ip: row.ip,
    });
    Ok(HttpResponse::Ok().json(page))
}

pub async fn end_session(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<SessionId>,
) -> Result<HttpResponse> {
    match sessions::end_now(&state, caller.user_id, Which::One(id)).await? {
        0 => Err(ApiError::not_found()),
        _ => Ok(HttpResponse::NoContent().finish()),
    }
}
