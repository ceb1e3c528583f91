//! A WebSocket client for tests: it reads by itself, and tests take what they expect.

mod connect;
mod expect;
mod inbox;
mod link;

pub use connect::{Connect, Refused};
pub use expect::{DEADLINE, Hello};
pub use inbox::{Arrived, Closed};
pub use link::Socket;
