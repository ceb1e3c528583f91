//! Makes the rows.

use std::time::Instant;

use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use testkit::http::{Client, PASSWORD};
use testkit::seed::{self, Size};

use super::{database, setting};

/// The account whose password everybody has.
const OWNER: &str = "seed.owner";

#[derive(QueryableByName)]
struct Hash {
    #[diesel(sql_type = Text)]
    password_hash: String,
}

pub async fn run() -> Result<(), String> {
    let database = database()?;
    let api = setting("WARREN_SEED_URL", "http://localhost:8081");
    let size = Size {
        users: number("WARREN_SEED_USERS", Size::FULL.users)?,
        groups: number("WARREN_SEED_GROUPS", Size::FULL.groups)?,
        messages: number("WARREN_SEED_MESSAGES", Size::FULL.messages)?,
    };
    let name = seed::username(1);
    let client = Client::anonymous(api);
    if client.try_login(&name, PASSWORD).await.status == 200 {
        println!("the seed is there: sign in as {name} with the password {PASSWORD:?}");
        return Ok(());
    }
    client.register(OWNER).await;
    let began = Instant::now();
    seed::seed(&database, size, &hash_of_owner(&database).await?).await;
    println!(
        "{} people, {} groups and {} messages in {:.0} s: sign in as {name} with the password {PASSWORD:?}",
        size.users,
        size.groups,
        size.messages,
        began.elapsed().as_secs_f64(),
    );
    Ok(())
}

async fn hash_of_owner(database: &str) -> Result<String, String> {
    let mut conn = AsyncPgConnection::establish(database)
        .await
        .map_err(|error| format!("{database}: {error}"))?;
    let rows: Vec<Hash> = diesel::sql_query("SELECT password_hash FROM users WHERE username = $1")
        .bind::<Text, _>(OWNER)
        .load(&mut conn)
        .await
        .map_err(|error| error.to_string())?;
    let row = rows.into_iter().next();
    row.map(|row| row.password_hash)
        .ok_or_else(|| format!("the API of WARREN_SEED_URL is not on {database}"))
}

fn number(name: &str, default: i32) -> Result<i32, String> {
    let text = setting(name, &default.to_string());
    match text.parse() {
        Ok(number) if (100..=10_000_000).contains(&number) => Ok(number),
        _ => Err(format!("{name} must be a number from 100")),
    }
}
