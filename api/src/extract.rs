//! What handlers take from a request. Each refuses with the contract's answer.

pub mod address;
pub mod caller;
pub mod json;
pub mod params;

pub use address::ClientAddress;
pub use caller::{Caller, Sender};
pub use json::{Json, OptionalJson};
pub use params::{Path, Query};
