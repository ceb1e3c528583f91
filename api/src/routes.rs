//! Handlers, a file for each resource: authenticate, parse, load, judge, change, answer.

pub mod attachments;
pub mod auth;
pub mod blocks;
pub mod contacts;
pub mod conversations;
pub mod documents;
pub mod friend_requests;
pub mod friends;
pub mod groups;
pub mod internal;
pub mod me;
pub mod messages;
pub mod pictures;
pub mod presence;
pub mod receipts;
pub mod search;
pub mod sync;
pub mod uploads;
pub mod users;
pub mod views;
