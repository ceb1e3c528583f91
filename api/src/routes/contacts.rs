//! The caller's address book.

use actix_web::{HttpResponse, web};
use diesel_async::AsyncConnection;
use protocol::ids::UserId;
use protocol::limits;
use protocol::people::{Contact, PutContactRequest};

use crate::app::State;
use crate::domain::{contact, cursor};
use crate::error::{ApiError, Result};
use crate::extract::params::PageQuery;
use crate::extract::{Caller, OptionalJson, Path, Query};
use crate::people::{self, Change, News};
use crate::policy;
use crate::store::Conn;
use crate::store::contacts::{self, ContactRow};

pub async fn list_contacts(
    state: web::Data<State>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse> {
    let (limit, before) = (query.limit()?, query.before()?);
    let mut conn = state.db.get().await?;
    let rows = contacts::list(&mut conn, caller.user_id, before, limit as i64 + 1).await?;
    let position = |row: &ContactRow| (row.added_at, row.user.id);
    Ok(HttpResponse::Ok().json(cursor::page(rows, limit, position, ContactRow::contact)))
}

pub async fn put_contact(
    state: web::Data<State>,
    caller: Caller,
    Path(other): Path<UserId>,
    OptionalJson(request): OptionalJson<PutContactRequest>,
) -> Result<HttpResponse> {
    let alias = contact::alias(request.unwrap_or_default())?;
    let me = caller.user_id;
    let mut conn = state.db.get().await?;
    let (contact, new, events) = conn
        .transaction::<_, ApiError, _>(async |conn| {
            people::lock_both(conn, me, other).await?;
            let (contact, before) = put(conn, me, other, alias.as_deref()).await?;
            let mut news = News::default();
            if before.is_none() {
                news.look_again(me, other);
            }
            if before.as_ref() != Some(&contact) {
                news.tell(me, Change::Contact(contact.clone()));
            }
            Ok((contact, before.is_none(), news.record(conn).await?))
        })
        .await?;
    state.events.publish(events);
    let mut answer = if new {
        HttpResponse::Created()
    } else {
        HttpResponse::Ok()
    };
    Ok(answer.json(contact))
}

/// The contact as it is now, and as it was.
async fn put(
    conn: &mut Conn,
    me: UserId,
    other: UserId,
    alias: Option<&str>,
) -> Result<(Contact, Option<Contact>)> {
    let before = contacts::find(conn, me, other).await?;
    if before.is_none() {
        let count = contacts::count(conn, me).await?;
        policy::below(count, limits::CONTACTS, "contacts of one person")?;
    }
    contacts::put(conn, me, other, alias).await?;
    let now = contacts::find(conn, me, other).await?;
    let now = now.ok_or_else(ApiError::not_found)?.contact();
    Ok((now, before.map(ContactRow::contact)))
}

pub async fn delete_contact(
    state: web::Data<State>,
    caller: Caller,
    Path(other): Path<UserId>,
) -> Result<HttpResponse> {
    let me = caller.user_id;
    let mut conn = state.db.get().await?;
    let events = conn
        .transaction::<_, ApiError, _>(async |conn| {
            people::lock(conn, me, other).await?;
            let mut news = News::default();
            if contacts::delete(conn, me, other).await? {
                news.look_again(me, other);
                news.tell(me, Change::ContactRemoved(other));
            }
            news.record(conn).await
        })
        .await?;
    state.events.publish(events);
    Ok(HttpResponse::NoContent().finish())
}
