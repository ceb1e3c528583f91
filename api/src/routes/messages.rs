//! Messages: sending, reading, and what people do with them.

pub mod delete;
pub mod edit;
pub mod files;
pub mod pins;
pub mod reactions;
pub mod read;
pub mod seen_by;
pub mod send;
