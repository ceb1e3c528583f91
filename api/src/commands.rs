//! What ws-servers pass on from clients: receipts, typing, when users were last seen.
//!
//! Every API process takes from the same queues. A batch is acknowledged once it has been carried
//! out; while the database is away it waits, and with it the queue.

mod last_seen;
mod receipts;
mod typing;

use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};
use platform::broker::{self, BrokerError};
use platform::shutdown::CancellationToken;
use serde::de::DeserializeOwned;
use tokio::task::JoinHandle;

use crate::app::State;
use crate::error::Result;

/// How long a batch waits before it is tried again.
const RETRY_EVERY: Duration = Duration::from_millis(500);

/// Carries out a batch of commands of one kind. Doing one twice must do no harm.
trait Worker: Send + 'static {
    /// What a message's body is.
    type Command: DeserializeOwned + Send;
    /// The queue it takes from.
    const QUEUE: &'static str;
    /// Messages of one batch; twice as many may be on their way: one batch at work, one behind it.
    const BATCH: u16 = 500;

    fn carry_out(
        &mut self,
        state: &State,
        batch: &[Self::Command],
    ) -> impl Future<Output = Result<()>> + Send;
}

/// Starts a worker for each queue.
pub fn start(state: &State, stop: &CancellationToken) -> Vec<JoinHandle<()>> {
    vec![
        tokio::spawn(supervise(receipts::Receipts, state.clone(), stop.clone())),
        tokio::spawn(supervise(typing::Typing, state.clone(), stop.clone())),
        tokio::spawn(supervise(
            last_seen::LastSeenWorker,
            state.clone(),
            stop.clone(),
        )),
    ]
}

async fn supervise<W: Worker>(mut worker: W, state: State, stop: CancellationToken) {
    let config = &state.config.broker;
    let mut backoff = config.backoff();
    loop {
        tokio::select! {
            ended = consume(&mut worker, &state) => match ended {
                Ok(()) => tracing::warn!(queue = W::QUEUE, "the broker ended the consumer"),
                Err(error) => tracing::warn!(queue = W::QUEUE, %error, "commands cannot be taken"),
            },
            () = stop.cancelled() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(backoff.next_delay()) => {}
            () = stop.cancelled() => return,
        }
    }
}

async fn consume<W: Worker>(worker: &mut W, state: &State) -> Result<(), BrokerError> {
    let name = format!("api {} {}", state.config.log.instance_name(), W::QUEUE);
    let connection = broker::connect(&state.config.broker, &name).await?;
    let channel = connection.create_channel().await?;
    broker::declare_topology(&channel).await?;
    let mut consumer = open::<W>(&channel).await?;
    while let Some(first) = consumer.next().await {
        let mut batch = vec![first?];
        while batch.len() < usize::from(W::BATCH)
            && let Some(Some(next)) = consumer.next().now_or_never()
        {
            batch.push(next?);
        }
        let commands: Vec<W::Command> = batch
            .iter()
            .filter_map(|delivery| parse(W::QUEUE, delivery))
            .collect();
        while let Err(error) = worker.carry_out(state, &commands).await {
            tracing::warn!(queue = W::QUEUE, %error, commands = commands.len(), "a batch of commands waits");
            tokio::time::sleep(RETRY_EVERY).await;
        }
        if let Some(last) = batch.last() {
            last.acker.ack(BasicAckOptions { multiple: true }).await?;
        }
    }
    Ok(())
}

async fn open<W: Worker>(channel: &Channel) -> Result<Consumer, lapin::Error> {
    channel
        .basic_qos(W::BATCH * 2, BasicQosOptions::default())
        .await?;
    channel
        .basic_consume(
            W::QUEUE.into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await
}

/// A body that cannot be read is a fault of ours: it is logged, and not tried again.
fn parse<C: DeserializeOwned>(queue: &str, delivery: &Delivery) -> Option<C> {
    serde_json::from_slice(&delivery.data)
        .inspect_err(|error| tracing::error!(queue, %error, "a command cannot be read"))
        .ok()
}
