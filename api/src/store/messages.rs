//! Messages: committing, reading and changing them.

pub mod changing;
pub mod commit;
pub mod files;
pub mod hides;
pub mod mentions;
pub mod pins;
pub mod reactions;
mod reading;
mod row;
pub mod seats;
pub mod seen_by;

pub use reading::{Since, Window, at, by_seq, changed, newest, stored, visible, window};
pub(in crate::store) use reading::{message_sql, not_hidden, read};
pub use row::MessageRow;
