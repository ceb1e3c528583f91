//! Watermarks from sockets.

use protocol::command::ReceiptBatch;
use protocol::routing;

use super::Worker;
use crate::app::State;
use crate::error::Result;
use crate::receipts;

pub(super) struct Receipts;

impl Worker for Receipts {
    type Command = ReceiptBatch;
    const QUEUE: &'static str = routing::RECEIPTS_QUEUE;
    // Each holds what a ws-server has gathered, up to 64 flushes.
    const BATCH: u16 = 8;

    async fn carry_out(&mut self, state: &State, batch: &[ReceiptBatch]) -> Result<()> {
        receipts::advance(state, batch.iter().flatten().cloned()).await
    }
}
