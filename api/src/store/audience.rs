//! Whom it concerns when a person changes or goes.

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Nullable, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::{GroupId, UserId};
use protocol::routing::Route;
use uuid::Uuid;

use super::Conn;
use super::sql::sql;

/// Where a user's profile is shown: their own devices, those they have a direct chat with, those
/// whose contact or friend they are, and their groups.
pub async fn of_profile(conn: &mut Conn, user: UserId) -> QueryResult<Vec<Route>> {
    #[derive(QueryableByName)]
    struct Place {
        #[diesel(sql_type = Nullable<SqlUuid>)]
        user_id: Option<Uuid>,
        #[diesel(sql_type = Nullable<SqlUuid>)]
        group_id: Option<Uuid>,
    }
    let places: Vec<Place> = sql("SELECT user_id, NULL::uuid AS group_id FROM ( \
             SELECT {} AS user_id \
             UNION SELECT direct_high FROM conversations WHERE direct_low = {} \
             UNION SELECT direct_low FROM conversations WHERE direct_high = {} \
             UNION SELECT owner_id FROM contacts WHERE user_id = {} \
             UNION SELECT high_id FROM friendships WHERE low_id = {} \
             UNION SELECT low_id FROM friendships WHERE high_id = {} \
         ) people \
         UNION ALL SELECT NULL, group_id FROM group_members WHERE user_id = {}")
    .bind::<SqlUuid, _>(user.0)
    .bind::<SqlUuid, _>(user.0)
    .bind::<SqlUuid, _>(user.0)
    .bind::<SqlUuid, _>(user.0)
    .bind::<SqlUuid, _>(user.0)
    .bind::<SqlUuid, _>(user.0)
    .bind::<SqlUuid, _>(user.0)
    .load(conn)
    .await?;
    let routes = places.into_iter().filter_map(|place| {
        let user = place.user_id.map(|id| Route::User(UserId(id)));
        user.or(place.group_id.map(|id| Route::Group(GroupId(id))))
    });
    Ok(routes.collect())
}

/// Whose own lists name a user: the owners of the contact, friends, and those a request between
/// them waits for.
pub async fn of_account(conn: &mut Conn, user: UserId) -> QueryResult<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let rows: Vec<Id> = sql("SELECT owner_id AS id FROM contacts WHERE user_id = {} \
         UNION SELECT high_id FROM friendships WHERE low_id = {} \
         UNION SELECT low_id FROM friendships WHERE high_id = {} \
         UNION SELECT to_id FROM friend_requests WHERE from_id = {} AND status = 1 \
         UNION SELECT from_id FROM friend_requests WHERE to_id = {} AND status = 1")
    .bind::<SqlUuid, _>(user.0)
    .bind::<SqlUuid, _>(user.0)
    .bind::<SqlUuid, _>(user.0)
    .bind::<SqlUuid, _>(user.0)
    .bind::<SqlUuid, _>(user.0)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
