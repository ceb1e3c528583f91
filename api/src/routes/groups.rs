//! Groups themselves: making, finding, reading, changing and ending them.

pub mod bans;
pub mod channels;
pub mod invites;
pub mod members;

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection;
use protocol::control::Control;
use protocol::group::{CreateGroupRequest, PatchGroupRequest, Role};
use protocol::ids::{GroupId, UserId};
use protocol::limits;
use protocol::page::Page;
use protocol::problem::Code;
use serde::Deserialize;
use uuid::Uuid;

use crate::app::State;
use crate::domain::group::{GroupChange, NewChannel, NewGroup, prefix_query};
use crate::domain::{cursor, text};
use crate::error::{ApiError, Result};
use crate::events::{self, Event, Pending};
use crate::extract::params::PageQuery;
use crate::extract::{Caller, Json, Path, Query, params};
use crate::files::pictures;
use crate::groups::{self, Notice};
use crate::policy;
use crate::policy::groups::Action;
use crate::store::groups::discover::{self, Sort};
use crate::store::groups::{
    self as rows, Joined, channels as channel_rows, members as member_rows, removed,
};
use crate::store::{Conn, accounts};

pub async fn create_group(
    state: web::Data<State>,
    caller: Caller,
    Json(request): Json<CreateGroupRequest>,
) -> Result<HttpResponse> {
    let new = NewGroup::parse(request)?;
    let mut conn = state.db.get().await?;
    let made = conn
        .transaction(async |conn| create(conn, caller.user_id, &new).await)
        .await?;
    let mut answer = match made {
        Some(events) => {
            state.events.publish(events);
            HttpResponse::Created()
        }
        None => HttpResponse::Ok(),
    };
    Ok(answer.json(groups::read(&mut conn, new.id, caller.user_id).await?))
}

/// Makes a group; `None` if the caller has made it before and is in it still.
async fn create(conn: &mut Conn, caller: UserId, new: &NewGroup) -> Result<Option<Vec<Pending>>> {
    groups::lock_caller(conn, caller).await?;
    if let Some(group) = rows::find(conn, new.id).await? {
        let relation = member_rows::relation(conn, new.id, caller).await?;
        return match relation.role() {
            Some(_) if group.created_by() == caller => Ok(None),
            _ => Err(taken()),
        };
    }
    let count = rows::count_of(conn, caller).await?;
    policy::below(count, limits::GROUPS_PER_USER, "groups of one person")?;
    let general = NewChannel::general();
    let group = rows::insert(conn, new, general.id, caller).await?;
    let group = group.ok_or_else(taken)?;
    if removed::is_gone(conn, new.id.0).await? {
        return Err(taken());
    }
    channel_rows::insert(conn, new.id, &general).await?;
    member_rows::insert(conn, new.id, caller, Role::Owner).await?;
    member_rows::enter_channels(conn, new.id, caller).await?;
    let account_rev = accounts::bump_account_rev(conn, caller).await?;
    let events = vec![
        groups::updated_for(caller, &group, account_rev),
        Event::control(&Control::RoutesChanged { user_id: caller }),
    ];
    Ok(Some(events::record_all(conn, events).await?))
}

fn taken() -> ApiError {
    ApiError::new(Code::Conflict, "This id stands for something else.")
}

pub async fn list_groups(
    state: web::Data<State>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse> {
    let limit = query.limit()?;
    let after = match &query.cursor {
        Some(text) => cursor::decode_moment(text)?,
        None => (DateTime::<Utc>::UNIX_EPOCH, Uuid::nil()),
    };
    let mut conn = state.db.get().await?;
    let mut snapshot = conn.build_transaction().repeatable_read().read_only();
    let page = snapshot
        .run::<_, ApiError, _>(async |conn| {
            let asked = limit as i64 + 1;
            let rows = rows::of_user(conn, caller.user_id, after, asked).await?;
            let position = |row: &Joined| (row.joined_at, row.group.id().0);
            let page = cursor::page(rows, limit, position, |row| (row.role(), row.group));
            let seen = page.items.into_iter();
            let seen = seen.map(|(role, group)| (group, Some(role))).collect();
            Ok(Page {
                items: groups::complete(conn, seen).await?,
                next_cursor: page.next_cursor,
            })
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

/// What is looked for, in which order, and where the page begins.
#[derive(Debug, Deserialize)]
pub struct DiscoverQuery {
    q: Option<String>,
    sort: Option<Sort>,
    limit: Option<usize>,
    cursor: Option<String>,
}

pub async fn discover_groups(
    state: web::Data<State>,
    caller: Caller,
    Query(query): Query<DiscoverQuery>,
) -> Result<HttpResponse> {
    let limit = params::limit(query.limit)?;
    let words = text::line(
        query.q.as_deref().unwrap_or_default(),
        0..=*limits::NAME_CHARS.end(),
    )
    .map_err(|rule| ApiError::malformed(format!("q: {}.", rule.message)))?;
    let words = prefix_query(&words);
    let sort = query.sort.unwrap_or_default();
    let after = match &query.cursor {
        Some(text) => place(text, sort)?,
        None => discover::START,
    };
    let mut conn = state.db.get().await?;
    let mut snapshot = conn.build_transaction().repeatable_read().read_only();
    let page = snapshot
        .run::<_, ApiError, _>(async |conn| {
            let (words, asked) = (words.as_deref(), limit as i64 + 1);
            let rows = discover::list(conn, caller.user_id, words, sort, after, asked).await?;
            let position = |row: &discover::Found| (sort, row.position(sort));
            let page = cursor::page(rows, limit, position, |row| (row.role(), row.group));
            let seen = page.items.into_iter();
            let seen = seen.map(|(role, group)| (group, role)).collect();
            Ok(Page {
                items: groups::complete(conn, seen).await?,
                next_cursor: page.next_cursor,
            })
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

/// A place in the list that this order has: a cursor of another one leads nowhere.
fn place(text: &str, sort: Sort) -> Result<discover::Position> {
    let (of, place): (Sort, discover::Position) = cursor::decode(text)?;
    if of == sort && (0..=discover::START.0).contains(&place.0) {
        Ok(place)
    } else {
        Err(cursor::not_ours())
    }
}

pub async fn get_group(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<GroupId>,
) -> Result<HttpResponse> {
    let mut conn = state.db.get().await?;
    Ok(HttpResponse::Ok().json(groups::read(&mut conn, id, caller.user_id).await?))
}

pub async fn patch_group(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<GroupId>,
    Json(request): Json<PatchGroupRequest>,
) -> Result<HttpResponse> {
    let wish = request.icon_upload_id;
    let mut change = GroupChange::parse(request)?;
    if wish.is_some() {
        // Nobody's picture is worked on who may not put it there.
        groups::look(
            &mut *state.db.get().await?,
            id,
            caller.user_id,
            Action::Edit,
        )
        .await?;
    }
    let icon = pictures::prepare(&state, caller.user_id, "icon_upload_id", wish).await?;
    change.icon_key = icon.as_ref().map(pictures::name);
    let mut conn = state.db.get().await?;
    let events = conn
        .transaction(async |conn| patch(conn, caller.user_id, id, change, icon).await)
        .await?;
    state.events.publish(events);
    Ok(HttpResponse::Ok().json(groups::read(&mut conn, id, caller.user_id).await?))
}

/// Everyone's account revision moves with a group's own fields: that is how a client that missed
/// the frame learns of them.
async fn patch(
    conn: &mut Conn,
    caller: UserId,
    id: GroupId,
    change: GroupChange,
    icon: pictures::Change,
) -> Result<Vec<Pending>> {
    let (seat, everyone) = groups::lock_whole(conn, id, caller, Action::Edit).await?;
    let mut group = seat.group;
    let name = group.name.clone();
    if let Some(new) = &icon {
        pictures::exchange(conn, group.icon_key.as_deref(), new.as_ref()).await?;
    }
    if !group.apply(change) {
        return Ok(Vec::new());
    }
    let group = rows::update(conn, &group).await?;
    accounts::advance_account_revs(conn, &everyone).await?;
    let mut events = vec![groups::updated(&group)];
    if group.name != name {
        channel_rows::lock_one(conn, group.general()).await?;
        let actor = accounts::find(conn, caller).await?;
        let actor = actor.ok_or_else(ApiError::not_found)?.user();
        events.extend(groups::announce(conn, [Notice::renamed(&group, &actor)]).await?);
    }
    Ok(events::record_all(conn, events).await?)
}

pub async fn delete_group(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<GroupId>,
) -> Result<HttpResponse> {
    let mut conn = state.db.get().await?;
    let events = conn
        .transaction(async |conn| groups::delete(conn, caller.user_id, id).await)
        .await?;
    state.events.publish(events);
    Ok(HttpResponse::NoContent().finish())
}
