//! Which database this is: clients drop their cache when it is another one.

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use sha2::{Digest, Sha256};

use super::Conn;
use super::sql::sql;
use crate::domain::tag;

#[derive(QueryableByName)]
struct Identity {
    #[diesel(sql_type = Text)]
    identity: String,
}

/// A hash of the cluster's system identifier, its timeline and the database's oid: it changes
/// after a restore or a failover.
pub async fn read(conn: &mut Conn) -> QueryResult<String> {
    let row: Identity = sql(
        "SELECT concat_ws('/', system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8), d.oid, \
             current_schema()) AS identity \
         FROM pg_control_system(), pg_database d WHERE d.datname = current_database()",
    )
    .get_result(conn)
    .await?;
    Ok(tag(&Sha256::digest(row.identity)))
}
