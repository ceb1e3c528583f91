//! The REST contract for tests: clients, replies that explain themselves, signed-in users.

mod calls;
mod client;
mod raw;
mod reply;
mod user;

pub use client::{BOUNDARY, Client, Request, form_part};
pub use raw::{RawReply, send_raw};
pub use reply::{Expected, Reply};
pub use user::{PASSWORD, User};
