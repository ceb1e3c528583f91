//! Events: from the broker's queue to the workers, many at once.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{FutureExt, StreamExt};
use lapin::message::Delivery as AmqpDelivery;
use lapin::options::BasicAckOptions;
use lapin::types::{AMQPValue, ShortString};
use lapin::{Acker, Consumer};
use platform::broker::BrokerError;
use protocol::bundle;
use protocol::routing::{CC_HEADER, REQUEST_ID_HEADER, Route};

use super::ended;
use crate::app::Shared;
use crate::metrics::{self, Dropped};
use crate::outbound::text_frame;
use crate::workers::{Batch, Delivery};

/// Events handed to the workers at once: enough to spare wakes, few enough to be soon done.
const BATCH: usize = 64;
/// Events handed over before the broker hears of it: it can spare as many answers. Far below what
/// may be on its way (WARREN_WS_PREFETCH).
const ACK_AFTER: usize = 64;
/// The broker hears of them no later.
const ACK_WITHIN: Duration = Duration::from_millis(50);
/// Between two looks of a consumer that has nothing to acknowledge.
const A_WHILE: Duration = Duration::from_secs(3600);

/// Hands events to the workers until the link is lost.
pub(super) async fn take(shared: &Shared, mut events: Consumer) -> Result<Infallible, BrokerError> {
    let mut unacked = Unacked::default();
    loop {
        let next = tokio::time::timeout_at(unacked.deadline(), events.next()).await;
        let Ok(next) = next else {
            unacked.acknowledge().await?;
            continue;
        };
        let received_at = Instant::now();
        let mut deliveries = Vec::new();
        unacked.take(next.ok_or_else(ended)??, &mut deliveries);
        for _ in 1..BATCH {
            // Only what is here already: nobody waits for a batch to fill.
            let Some(Some(next)) = events.next().now_or_never() else {
                break;
            };
            unacked.take(next?, &mut deliveries);
        }
        let batch = Arc::new(Batch {
            received_at,
            deliveries,
        });
        shared.workers.deliver(&batch).await;
        // After the hand-over: while a worker is full, events wait in the broker's bounded queue.
        if unacked.count >= ACK_AFTER {
            unacked.acknowledge().await?;
        }
    }
}

/// What was handed over and the broker does not know of.
#[derive(Default)]
struct Unacked {
    last: Option<Acker>,
    count: usize,
    since: Option<tokio::time::Instant>,
}

impl Unacked {
    fn take(&mut self, delivery: AmqpDelivery, deliveries: &mut Vec<Delivery>) {
        read(&delivery, deliveries);
        self.last = Some(delivery.acker);
        self.count += 1;
        self.since.get_or_insert_with(tokio::time::Instant::now);
    }

    fn deadline(&self) -> tokio::time::Instant {
        self.since
            .unwrap_or_else(|| tokio::time::Instant::now() + A_WHILE)
            + ACK_WITHIN
    }

    async fn acknowledge(&mut self) -> Result<(), lapin::Error> {
        if let Some(last) = std::mem::take(self).last {
            last.ack(BasicAckOptions { multiple: true }).await?;
        }
        Ok(())
    }
}

/// For whom an event is, and its frame. The body is the frame's text and is not read further; a
/// bundle's is several.
pub(super) fn read(delivery: &AmqpDelivery, deliveries: &mut Vec<Delivery>) {
    let kind = name(delivery.properties.kind()).unwrap_or_default();
    // Clients end the connection at a text frame that is none.
    let body = std::str::from_utf8(&delivery.data).ok();
    if kind == bundle::KIND {
        let frames = body.map(bundle::read).into_iter().flatten();
        for frame in frames {
            match frame {
                Some((routes, frame)) => deliveries.push(Delivery {
                    routes,
                    frame: text_frame(frame.as_bytes()),
                    kind: kind.clone(),
                    message_id: None,
                    request_id: None,
                }),
                None => cannot_be_read(delivery),
            }
        }
        return;
    }
    let routes = routes(delivery);
    if routes.is_empty() || body.is_none() {
        return cannot_be_read(delivery);
    }
    let request_id = match header(delivery, REQUEST_ID_HEADER) {
        Some(AMQPValue::LongString(id)) => Some(id.to_string()),
        _ => None,
    };
    deliveries.push(Delivery {
        routes,
        frame: text_frame(&delivery.data),
        kind,
        message_id: name(delivery.properties.message_id()),
        request_id,
    });
}

fn cannot_be_read(delivery: &AmqpDelivery) {
    tracing::warn!(routing_key = %delivery.routing_key, "an event cannot be read");
    metrics::dropped(Dropped::Malformed, 1);
}

fn routes(delivery: &AmqpDelivery) -> Vec<Route> {
    let mut routes = Vec::from_iter(Route::parse(delivery.routing_key.as_str()));
    if let Some(AMQPValue::FieldArray(keys)) = header(delivery, CC_HEADER) {
        for key in keys.as_slice() {
            if let AMQPValue::LongString(key) = key
                && let Ok(key) = std::str::from_utf8(key.as_bytes())
            {
                routes.extend(Route::parse(key));
            }
        }
    }
    routes
}

fn header<'a>(delivery: &'a AmqpDelivery, name: &str) -> Option<&'a AMQPValue> {
    delivery.properties.headers().as_ref()?.inner().get(name)
}

fn name(name: &Option<ShortString>) -> Option<String> {
    name.as_ref().map(|name| name.as_str().to_owned())
}
