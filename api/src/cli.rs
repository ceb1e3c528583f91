//! The command line.

mod users;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use platform::settings::{EXIT_USAGE, Settings, markdown};
use platform::telemetry::LogConfig;
use platform::{metrics, shutdown, telemetry};

use crate::app::App;
use crate::config::Config;
use crate::store::{DatabaseConfig, Db, Purpose};
use crate::{migrate, openapi, policy, search};

/// What a client sends that is no HTTP, or does not send to its end, is an error to actix; it is none
/// of this service.
const QUIET: &str = "actix_http::h1::dispatcher=off";

/// Warren's REST service. Settings come from the environment; `config` lists them.
#[derive(Debug, Parser)]
#[command(name = "api", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve (the default).
    Serve,
    /// Bring the database to this build's schema.
    Migrate,
    /// Make and change accounts.
    User {
        #[command(subcommand)]
        command: users::UserCommand,
    },
    /// Read all messages again for the search, after a change of its language.
    Reindex,
    /// Print the OpenAPI document.
    Openapi,
    /// Print every setting, as a Markdown table.
    Config,
    /// Print who may do what in a group, as a Markdown table.
    Permissions,
}

/// Runs the command line.
#[must_use]
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is the command line"
)]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve(),
        Command::Migrate => on_database(async |db| {
            let run = migrate::up(&db).await?;
            println!("{} migrations run", run.len());
            Ok(())
        }),
        Command::Reindex => on_database(async |db| {
            let mut conn = db.connect(Purpose::Migrating).await?;
            let count = search::reindex(&mut conn).await?;
            println!("{count} messages read again");
            Ok(())
        }),
        Command::User { command } => on_database(async |db| users::run(&db, command).await),
        Command::Openapi => {
            println!("{}", openapi::shared().json);
            Ok(())
        }
        Command::Config => {
            print!("{}", markdown(&Settings::describe(Config::read)));
            Ok(())
        }
        Command::Permissions => {
            print!("{}", policy::groups::markdown());
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            let usage = error.downcast_ref::<platform::settings::Faults>().is_some();
            if usage {
                ExitCode::from(u8::try_from(EXIT_USAGE).unwrap_or(1))
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

fn serve() -> anyhow::Result<()> {
    let config = Config::from_process()?;
    let log = LogConfig {
        filter: format!("{QUIET},{}", config.log.filter),
        ..config.log.clone()
    };
    telemetry::install("api", &log).map_err(|error| anyhow::anyhow!(error))?;
    let metrics = metrics::install()?;
    actix_web::rt::System::with_tokio_rt(runtime).block_on(async {
        let app = App::start(config, metrics).await?;
        shutdown::requested().await?;
        app.stop().await;
        Ok(())
    })
}

/// Runs a command that needs the database and nothing else.
fn on_database(work: impl AsyncFnOnce(Db) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut settings = Settings::from_process();
    let config = DatabaseConfig::read(&mut settings);
    settings.finish()?;
    let db = Db::new(&config)?;
    runtime().block_on(work(db))
}

/// The committer, the publisher and the workers share these threads; requests have their own.
#[expect(
    clippy::expect_used,
    reason = "without a runtime there is nobody to tell"
)]
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}
