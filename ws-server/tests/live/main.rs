//! The WebSocket server in process, on real RabbitMQ and Memcached, with a double of the API.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics says where it failed"
)]

mod api;
mod server;

mod bad_input;
mod commands;
mod delivery;
mod drain;
mod faults;
mod handshake;
mod hostile;
mod membership;
mod presence;
mod process;
