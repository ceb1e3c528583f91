//! A client as the contract describes it: what it holds, and how it heals.

mod device;
mod replica;
mod room;

pub use device::Device;
pub use replica::{Need, Replica};
pub use room::{Event, Room, Snapshot};
