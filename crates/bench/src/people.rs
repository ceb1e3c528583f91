//! People, groups and chats for a run, written into the database of one's own stack: made through
//! the API, ten thousand accounts would take an hour of password hashes.

use std::sync::Arc;

use anyhow::{Context, Result};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::ledger::Ledger;
use crate::token::TokenMaker;

/// The database, and the key that people's tokens are signed with.
pub struct People {
    database: Client,
    tokens: TokenMaker,
}

/// A group's channel.
#[derive(Clone, Debug)]
pub struct Room {
    /// The channel.
    pub conversation_id: Uuid,
    /// Its members, by number.
    pub members: std::ops::Range<u32>,
}

/// A direct chat.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The chat.
    pub conversation_id: Uuid,
    /// The two, by number.
    pub people: [u32; 2],
    /// As it is now.
    pub ledger: Ledger,
}

impl People {
    /// Connects.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn connect(url: &str, tokens: TokenMaker) -> Result<Self> {
        Ok(Self {
            database: database(url).await?,
            tokens,
        })
    }

    /// Makes sure that people 1 to `count` exist.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn exist(&self, count: u32) -> Result<()> {
        let statements = include_str!("people.sql").replace("$people", &count.to_string());
        self.run(&statements).await
    }

    /// The id of a person.
    #[must_use]
    pub fn id(person: u32) -> Uuid {
        numbered(0, person)
    }

    /// A token of a person.
    #[must_use]
    pub fn token(&self, person: u32) -> Arc<str> {
        let token = self.tokens.token(numbered(0, person), numbered(1, person));
        token.into()
    }

    /// A new group of so many people from `first` on.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn room(&self, first: u32, members: u32) -> Result<Room> {
        let (group, channel) = (Uuid::new_v4(), Uuid::new_v4());
        let statements = include_str!("group.sql")
            .replace("$group", &group.to_string())
            .replace("$channel", &channel.to_string())
            .replace("$first", &first.to_string())
            .replace("$members", &members.to_string());
        self.run(&statements).await?;
        Ok(Room {
            conversation_id: channel,
            members: first..first + members,
        })
    }

    /// So many direct chats of the people from `first`, an odd number, on.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn pairs(&self, first: u32, pairs: u32) -> Result<Vec<Pair>> {
        let statements = include_str!("pairs.sql")
            .replace("$first", &first.to_string())
            .replace("$pairs", &pairs.to_string());
        self.run(&statements).await?;
        let mut made = Vec::new();
        for number in 0..pairs {
            let low = first + 2 * number;
            let conversation_id = numbered(2, low);
            made.push(Pair {
                conversation_id,
                people: [low, low + 1],
                ledger: self.ledger(conversation_id).await?,
            });
        }
        Ok(made)
    }

    /// Puts so many people from `first` on into the address book of one.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn contacts(&self, owner: u32, first: u32, contacts: u32) -> Result<()> {
        let statements = include_str!("contacts.sql")
            .replace("$owner", &owner.to_string())
            .replace("$first", &first.to_string())
            .replace("$contacts", &contacts.to_string());
        self.run(&statements).await
    }

    /// Fills a chat up to so many messages.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn history(&self, conversation_id: Uuid, messages: u32) -> Result<()> {
        let statements = include_str!("history.sql")
            .replace("$conversation", &conversation_id.to_string())
            .replace("$messages", &messages.to_string());
        self.run(&statements).await
    }

    /// A conversation as it is now.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn ledger(&self, conversation_id: Uuid) -> Result<Ledger> {
        let text = "SELECT rev, last_seq FROM conversations WHERE id = $1::text::uuid";
        let id = conversation_id.to_string();
        let row = self.database.query_one(text, &[&id]).await?;
        Ok(Ledger::new(row.get(0), row.get(1)))
    }

    /// One number from the database.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn number(&self, statement: &str) -> Result<i64> {
        Ok(self.database.query_one(statement, &[]).await?.get(0))
    }

    /// The database's version.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn server_version(&self) -> Result<String> {
        let row = self.database.query_one("SHOW server_version", &[]).await?;
        Ok(row.get(0))
    }

    async fn run(&self, statements: &str) -> Result<()> {
        let transaction =
            format!("BEGIN; SET LOCAL synchronous_commit = off; {statements} COMMIT;");
        self.database.batch_execute(&transaction).await?;
        Ok(())
    }
}

/// A connection whose other half runs by itself. Must be called inside a `LocalSet`.
///
/// # Errors
/// The database does not answer.
pub async fn database(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .context("the database")?;
    // Its end shows at the next statement.
    tokio::task::spawn_local(async move { drop(connection.await) });
    Ok(client)
}

/// As the SQL makes them.
fn numbered(kind: u32, n: u32) -> Uuid {
    let head = (u128::from(0xbe9c_0000 | kind)) << 96;
    Uuid::from_u128(head | 0x7000_8000_0000_0000_0000 | u128::from(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_that_the_statements_make() {
        let id = "be9c0002-0000-7000-8000-00000000000a";
        assert_eq!(numbered(2, 10).to_string(), id);
        assert!(include_str!("pairs.sql").contains("be9c0002-0000-7000-8000-"));
    }
}
