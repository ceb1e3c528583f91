//! The REST service as its clients see it: the reply, the row and the event of every change.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod app;
mod bad_input;
mod cli;
mod configuration;
mod conversations;
mod documents;
mod events;
mod files;
mod groups;
mod messages;
mod migrations;
mod people;
mod plans;
mod platform;
mod rows;
mod search;
