//! `api user …`: accounts, by the operator's hand.

use std::io::BufRead;
use std::time::Duration;

use anyhow::{Context, bail};
use chrono::{TimeDelta, Utc};
use clap::Subcommand;
use diesel_async::AsyncConnection;
use protocol::ids::UserId;
use protocol::limits;

use crate::domain::account::{NewPassword, Username};
use crate::domain::text;
use crate::error::ApiError;
use crate::passwords::Passwords;
use crate::sessions;
use crate::store::accounts::{self, Credentials};
use crate::store::sessions::Which;
use crate::store::{Conn, Db};

/// Accounts listed with one query.
const LIST_BATCH: i64 = 500;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Make an account. The password is read from standard input; without one, it is made up and printed.
    Create {
        /// 3–32 of a-z 0-9 _ .
        username: String,
        /// The name people read.
        #[arg(long)]
        display_name: Option<String>,
        /// Read the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// List every account.
    List,
    /// Set another password and end every session.
    ResetPassword {
        /// The account.
        username: String,
        /// Read the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Let nobody sign in to an account, and end its sessions.
    Disable {
        /// The account.
        username: String,
        /// Undo it.
        #[arg(long)]
        undo: bool,
    },
    /// Make a registration code, for WARREN_AUTH_REGISTRATION=invite.
    Invite {
        /// How many may register with it.
        #[arg(long, default_value_t = 1)]
        uses: i32,
        /// For how many hours.
        #[arg(long, default_value_t = 72)]
        hours: u32,
    },
}

#[expect(clippy::print_stdout, reason = "this is the command line")]
pub(super) async fn run(db: &Db, command: UserCommand) -> anyhow::Result<()> {
    let mut conn = db.get().await.context("the database cannot be reached")?;
    match command {
        UserCommand::Create {
            username,
            display_name,
            password_stdin,
        } => {
            let username =
                Username::parse(&username).map_err(|rule| fault("username", &rule.message))?;
            let name = display_name.unwrap_or_else(|| username.as_str().to_owned());
            let name = text::name(&name, limits::NAME_CHARS)
                .map_err(|rule| fault("display name", &rule.message))?;
            let hash = new_password(password_stdin).await?;
            let user = accounts::insert(&mut conn, username.as_str(), &name, &hash)
                .await
                .map_err(ApiError::from)?;
            println!("{} {}", UserId(user.id), username.as_str());
        }
        UserCommand::List => list(&mut conn).await?,
        UserCommand::ResetPassword {
            username,
            password_stdin,
        } => {
            let id = find(&mut conn, &username).await?;
            let hash = new_password(password_stdin).await?;
            let ended = conn
                .transaction::<_, ApiError, _>(async |conn| {
                    accounts::set_password(conn, id, &hash).await?;
                    Ok(sessions::end(conn, id, Which::All).await?.0)
                })
                .await?;
            println!("{} sessions ended", ended.len());
        }
        UserCommand::Disable { username, undo } => {
            let id = find(&mut conn, &username).await?;
            let at = if undo { None } else { Some(Utc::now()) };
            let ended = conn
                .transaction::<_, ApiError, _>(async |conn| {
                    accounts::set_disabled(conn, id, at).await?;
                    if undo {
                        Ok(Vec::new())
                    } else {
                        Ok(sessions::end(conn, id, Which::All).await?.0)
                    }
                })
                .await?;
            println!("{} sessions ended", ended.len());
        }
        UserCommand::Invite { uses, hours } => {
            let code = random_text();
            let life = TimeDelta::from_std(Duration::from_secs(u64::from(hours) * 3600))?;
            accounts::insert_invite(&mut conn, &code, uses, Utc::now() + life).await?;
            println!("{code}");
        }
    }
    Ok(())
}

fn fault(what: &str, rule: &str) -> anyhow::Error {
    anyhow::anyhow!("the {what} {rule}")
}

#[expect(clippy::print_stdout, reason = "this is the command line")]
async fn list(conn: &mut Conn) -> anyhow::Result<()> {
    let mut after = String::new();
    loop {
        let accounts = accounts::list(conn, &after, LIST_BATCH).await?;
        for account in &accounts {
            let state = match (account.deleted_at, account.disabled_at) {
                (Some(_), _) => "deleted",
                (None, Some(_)) => "disabled",
                (None, None) => "active",
            };
            println!(
                "{} {} {state} {}",
                UserId(account.id),
                account.username,
                account.created_at.to_rfc3339()
            );
        }
        match accounts.last() {
            Some(last) => after.clone_from(&last.username),
            None => return Ok(()),
        }
    }
}

async fn find(conn: &mut Conn, username: &str) -> anyhow::Result<UserId> {
    let known = accounts::credentials_by_name(conn, &username.to_lowercase()).await?;
    let Some(Credentials { user, .. }) = known else {
        bail!("there is no account {username}")
    };
    Ok(user.id.into())
}

/// The hash of the password on standard input, or of one that is made up and printed.
#[expect(clippy::print_stdout, reason = "this is the command line")]
async fn new_password(from_stdin: bool) -> anyhow::Result<String> {
    let password = if from_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    } else {
        let made_up = random_text();
        println!("password: {made_up}");
        made_up
    };
    let password =
        NewPassword::parse(&password).map_err(|rule| fault("password", &rule.message))?;
    Ok(Passwords::new()?.hash(password).await?)
}

/// 122 random bits, as text.
fn random_text() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
