//! WebSocket frames, each one JSON object, and the codes with which a socket is closed.

mod client;
mod close;
mod server;

pub use client::ClientFrame;
pub use close::CloseCode;
pub use server::{ReadyReason, ServerFrame};
