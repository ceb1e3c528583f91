//! For tests only: real servers, isolation per test, typed clients and faults on demand.
//!
//! - [`services`]: PostgreSQL, RabbitMQ and Memcached for this test process.
//! - [`TestEnv`]: a schema, a virtual host and a key prefix for one test, removed at its end.
//! - [`http`] and [`ws`]: typed clients of the two services.
//! - [`client`]: what a client holds by the contract's rule, to compare with a fresh load.
//! - [`process`]: the real binaries, one by one or as a whole system.
//! - [`seed`]: a database as full as after years of use.
//! - [`hostile`]: files that unpack to much more than they are.
//! - [`proxy`]: a TCP proxy that cuts, stalls and delays.
//! - [`eventually`]: waiting for a condition instead of sleeping for luck.
//!
//! Everything panics with a message for the person who reads the failed test: nothing here returns
//! an error that a test would only unwrap.

#![allow(
    clippy::unwrap_used,
    reason = "a test would panic at the same place anyway"
)]
#![allow(
    clippy::missing_panics_doc,
    reason = "panicking is how a test helper says that the test has failed"
)]

pub mod broker;
pub mod client;
mod env;
pub mod hostile;
pub mod http;
pub mod keys;
mod owner;
pub mod process;
pub mod proxy;
pub mod seed;
mod services;
mod temp;
mod wait;
pub mod ws;

pub use env::{Faults, TestEnv};
pub use services::{Services, services};
pub use temp::TempDir;
pub use wait::{Answer, eventually};
