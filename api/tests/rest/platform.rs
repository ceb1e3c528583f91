//! What every process of the service offers its operator.

mod admin;
mod database;
mod logs;
mod request_ids;
mod shutdown;
