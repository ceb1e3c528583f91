//! The REST contract for tests: clients, replies that explain themselves, signed-in users.

mod calls;
mod client;
mod raw;
mod reply;
mod user;

pub use client::{Client, Request};
pub use raw::{RawReply, send_raw};
pub use reply::{Expected, Reply};
pub use user::{PASSWORD, User};
