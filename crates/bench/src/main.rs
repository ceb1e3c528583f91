//! The load generator: thousands of WebSocket clients and a steady hand that sends, in one process.
//!
//! `make bench` starts a system of its own and runs every workload (infra/bench/run); the method is
//! in docs/performance.md.

#![allow(clippy::print_stdout, reason = "printing is what a program is for")]

mod arguments;
mod bench;
mod client;
mod crowd;
mod descriptors;
mod event;
mod floor;
mod http;
mod ledger;
mod load;
mod machine;
mod mark;
mod one_by_one;
mod page;
mod people;
mod plot;
mod raw;
mod report;
mod spent;
mod tally;
mod token;
mod units;
mod upgrade;
mod usage;
mod window;
mod wire;
mod workloads;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use tokio::task::LocalSet;

use crate::arguments::{Arguments, Target};
use crate::bench::Bench;
use crate::machine::Machine;

/// Of the process, when a figure was missed.
const MISSED: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.list {
        println!("{}", workloads::ALL.join("\n"));
        return ExitCode::SUCCESS;
    }
    match start(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(MISSED),
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Says whether every figure was reached.
fn start(arguments: &Arguments) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, run(arguments))
}

async fn run(arguments: &Arguments) -> Result<bool> {
    if let Some(reports) = &arguments.page {
        page::write(reports, &arguments.docs)?;
        return Ok(true);
    }
    descriptors::raise();
    if arguments.target == Target::Raw {
        let report = workloads::raw(&arguments.raw()?, &arguments.pid, &arguments.out).await?;
        workloads::publish(&report, &arguments.out)?;
        return Ok(report.reached(arguments.whole_only));
    }
    let options = arguments.system()?;
    let mut all_reached = true;
    for name in arguments.names() {
        let bench = Bench::new(options.clone()).await?;
        let machine = Machine::look(&bench.people, options.broker).await?;
        machine.write(&arguments.out)?;
        let report = workloads::run(&bench, &name).await?;
        workloads::publish(&report, &arguments.out)?;
        all_reached &= report.reached(arguments.whole_only);
    }
    Ok(all_reached)
}
