//! The wire types of Warren: what clients, the two services and the broker say to each other.
//!
//! Here live identifiers, request and response bodies, WebSocket frames, error and close codes,
//! routing keys and the limits of the contract. Nothing here does I/O: no runtime, no database,
//! no web framework.

pub mod account;
pub mod bundle;
pub mod command;
pub mod control;
pub mod conversation;
pub mod file;
pub mod frame;
pub mod group;
pub mod ids;
pub mod internal;
pub mod limits;
pub mod message;
pub mod page;
mod patch;
pub mod people;
pub mod presence;
pub mod problem;
pub mod routing;
pub mod sync;
pub mod time;
