//! Watermarks from sockets.

use protocol::command::ReceiptCommands;
use protocol::routing;

use super::Worker;
use crate::app::State;
use crate::error::Result;
use crate::receipts;

pub(super) struct Receipts;

impl Worker for Receipts {
    type Command = ReceiptCommands;
    const QUEUE: &'static str = routing::RECEIPTS_QUEUE;

    async fn carry_out(&mut self, state: &State, batch: &[ReceiptCommands]) -> Result<()> {
        receipts::advance(state, batch.iter().cloned()).await
    }
}
