//! Fills a running system with years of use, and times what people then ask of it.
//!
//! `make seed` and `make figures`, after `make up`. Settings: `WARREN_SEED_DATABASE` (the database
//! of `make up`), `WARREN_SEED_URL` (an API's own address), `WARREN_SEED_USERS`,
//! `WARREN_SEED_GROUPS`, `WARREN_SEED_MESSAGES`.

#![allow(clippy::print_stdout, reason = "printing is what a program is for")]

mod figures;
mod fill;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let done = match std::env::args().nth(1).as_deref() {
        Some("fill") => fill::run().await,
        Some("figures") => figures::run().await,
        _ => Err("seed fill | seed figures".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

/// A setting, or what `make up` has.
fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_unset| default.to_owned())
}

fn database() -> Result<String, String> {
    std::env::var("WARREN_SEED_DATABASE")
        .map_err(|_unset| "WARREN_SEED_DATABASE names the database".to_owned())
}
