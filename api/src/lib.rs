//! Warren's REST service: it commits to Postgres and publishes to RabbitMQ.

pub mod app;
pub mod cli;
mod commands;
pub mod committer;
pub mod config;
pub mod domain;
pub mod error;
pub mod events;
pub mod extract;
pub mod groups;
pub mod keys;
pub mod metrics;
pub mod migrate;
pub mod observe;
pub mod openapi;
pub mod passwords;
pub mod people;
pub mod policy;
pub mod rate_limit;
pub mod receipts;
pub mod revocations;
pub mod router;
mod routes;
mod schema;
pub mod sessions;
pub mod store;
pub mod sweeper;
