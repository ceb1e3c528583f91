//! Process plumbing that both services share.
//!
//! Configuration, telemetry, the admin port, shutdown, access-token verification and the broker
//! link. Nothing here knows what a conversation is.

pub mod admin;
pub mod backoff;
pub mod broker;
pub mod metrics;
pub mod request_id;
pub mod settings;
pub mod shutdown;
pub mod telemetry;
pub mod token;
