//! The WebSocket service: it holds the clients' connections, hears their events from the broker,
//! and passes on what they say.
//!
//! It has no database: what it must know it asks the API, or hears as an event. One task for each
//! link and list runs on the main thread; each worker thread has a [`hub`] with its own sockets.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        reason = "a test that panics says where it failed"
    )
)]

pub mod api_client;
pub mod app;
pub mod bindings;
pub mod broker;
pub mod commands;
pub mod config;
pub mod connection;
pub mod drain;
pub mod handshake;
pub mod heartbeat;
pub mod hub;
pub mod input;
pub mod keys;
pub mod last_seen;
pub mod metrics;
pub mod online;
pub mod outbound;
pub mod pages;
pub mod rate;
pub mod revocations;
pub mod roster;
pub mod routes;
pub mod seat;
pub mod settle;
pub mod watch;
pub mod workers;
