//! What a worker takes events for.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::routing::Route;

use super::Delivery;

/// The routes on which a worker has sockets. Its hub writes them, and the broker's link asks.
///
/// A route is here before its socket is `ready`. An event that passes before that was committed
/// before it as well, and the socket's sync brings it.
#[derive(Debug, Default)]
pub struct Interests(Mutex<HashSet<Route>>);

impl Interests {
    /// The first socket of a route has come.
    pub fn add(&self, route: Route) {
        self.routes().insert(route);
    }

    /// The last socket of a route has left.
    pub fn remove(&self, route: Route) {
        self.routes().remove(&route);
    }

    /// Whether one of these events is for the worker.
    #[must_use]
    pub fn concern(&self, deliveries: &[Delivery]) -> bool {
        let own = self.routes();
        let mut routes = deliveries.iter().flat_map(|delivery| &delivery.routes);
        routes.any(|route| own.contains(route))
    }

    /// Held for operations of the set only.
    fn routes(&self) -> MutexGuard<'_, HashSet<Route>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
