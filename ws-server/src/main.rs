//! The command line of the WebSocket service.

use clap::{Parser, Subcommand};
use platform::settings::{self, EXIT_USAGE, Settings};
use platform::{metrics, shutdown, telemetry};
use ws_server::app::App;
use ws_server::config::Config;

/// Warren's WebSocket service.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve (the default).
    Serve,
    /// Print every setting as a Markdown table.
    Config,
}

#[expect(clippy::print_stdout, reason = "the table is what was asked for")]
fn main() -> anyhow::Result<()> {
    if let Some(Command::Config) = Cli::parse().command {
        print!("{}", settings::markdown(&Settings::describe(Config::read)));
        return Ok(());
    }
    let config = match Config::from_settings(Settings::from_process()) {
        Ok(config) => config,
        Err(faults) => {
            eprintln!("ws-server: {faults}");
            std::process::exit(EXIT_USAGE);
        }
    };
    telemetry::install("ws-server", &config.log).map_err(|error| anyhow::anyhow!(error))?;
    actix_web::rt::System::new().block_on(async {
        let app = App::start(config, metrics::install()?)?;
        shutdown::requested().await?;
        app.drain().await;
        Ok(())
    })
}
