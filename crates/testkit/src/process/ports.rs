//! Free ports.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Below 32768, where Linux begins to hand out ports for outgoing connections, and away from the
/// block that the test servers choose theirs from: so a process that was killed finds its port
/// free when it is started again.
const RANGE: std::ops::Range<u16> = 10_000..20_000;
const TRIES: u32 = 1000;

/// An address on the loopback that nobody listens on now.
pub(super) fn free() -> SocketAddr {
    (0..TRIES)
        .map(|_| SocketAddr::from((Ipv4Addr::LOCALHOST, rand::random_range(RANGE))))
        .find(|address| TcpListener::bind(address).is_ok())
        .unwrap_or_else(|| panic!("no free port between {} and {}", RANGE.start, RANGE.end))
}
