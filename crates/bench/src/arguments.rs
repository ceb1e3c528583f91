//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};

use crate::bench::Options;
use crate::raw::Raw;
use crate::workloads;

/// What is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// A system of this project.
    Warren,
    /// Any server that sends what one client says to all.
    Raw,
}

/// Loads a running system and says what it costs.
#[derive(Debug, Parser)]
#[command(name = "warren-bench")]
pub struct Arguments {
    /// What to run; everything if nothing is named.
    workloads: Vec<String>,
    /// Say which workloads there are.
    #[arg(long)]
    pub list: bool,
    /// What is loaded.
    #[arg(long, value_enum, default_value = "warren")]
    pub target: Target,
    /// Load nothing: write the figures and pictures of this folder's reports into the documentation.
    #[arg(long, value_name = "FOLDER")]
    pub page: Option<PathBuf>,
    /// The documentation.
    #[arg(long, default_value = "docs", requires = "page")]
    pub docs: PathBuf,
    /// Fail only if something was lost, late in its place or twice: a short run says nothing of speed.
    #[arg(long)]
    pub whole_only: bool,
    /// Where reports are written.
    #[arg(long, default_value = "target/bench")]
    pub out: PathBuf,
    /// How long a window is measured.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How long before it the same is sent.
    #[arg(long, default_value_t = 3)]
    warm_up: u64,
    /// Threads of clients.
    #[arg(long, default_value_t = 1)]
    threads: usize,

    /// The API processes' own addresses.
    #[arg(long, value_delimiter = ',', help_heading = "A system of this project")]
    api: Vec<SocketAddr>,
    /// The ws-servers' own addresses.
    #[arg(long, value_delimiter = ',', help_heading = "A system of this project")]
    ws: Vec<SocketAddr>,
    /// The front door.
    #[arg(long, help_heading = "A system of this project")]
    front: Option<SocketAddr>,
    /// The database.
    #[arg(long, help_heading = "A system of this project")]
    database: Option<String>,
    /// The broker.
    #[arg(long, help_heading = "A system of this project")]
    broker: Option<SocketAddr>,
    /// The folder of the stack: keys, pids.
    #[arg(long, help_heading = "A system of this project")]
    run_dir: Option<PathBuf>,

    /// The server.
    #[arg(long, help_heading = "Any server")]
    address: Option<SocketAddr>,
    /// The path of its WebSocket; % becomes the client's number.
    #[arg(long, default_value = "/ws", help_heading = "Any server")]
    path: String,
    /// What a client says; % becomes the text.
    #[arg(long, default_value = "%", help_heading = "Any server")]
    template: String,
    /// Clients.
    #[arg(long, default_value_t = 1000, help_heading = "Any server")]
    connections: usize,
    /// Messages a second.
    #[arg(long, default_value_t = 332.0, help_heading = "Any server")]
    rate: f64,
    /// The processes whose cost is told.
    #[arg(long, value_delimiter = ',', help_heading = "Any server")]
    pub pid: Vec<u32>,
}

impl Arguments {
    /// The workloads.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        if self.workloads.is_empty() {
            workloads::ALL.map(str::to_owned).to_vec()
        } else {
            self.workloads.clone()
        }
    }

    /// A system of this project.
    ///
    /// # Errors
    /// An address is missing.
    pub fn system(&self) -> Result<Options> {
        Ok(Options {
            apis: self.api.clone(),
            sockets: self.ws.clone(),
            front: self.front.context("--front is missing")?,
            database: self.database.clone().context("--database is missing")?,
            broker: self.broker.context("--broker is missing")?,
            run_dir: self.run_dir.clone().context("--run-dir is missing")?,
            seconds: self.seconds,
            warm_up: self.warm_up,
            threads: self.threads,
        })
    }

    /// Any server.
    ///
    /// # Errors
    /// Its address is missing.
    pub fn raw(&self) -> Result<Raw> {
        Ok(Raw {
            address: self.address.context("--address is missing")?,
            path: self.path.clone(),
            template: self.template.clone(),
            connections: self.connections,
            rate: self.rate,
            window: Duration::from_secs(self.seconds),
        })
    }
}
