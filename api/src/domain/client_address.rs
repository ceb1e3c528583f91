//! From where a request comes.

use std::net::IpAddr;

use ipnet::IpNet;

/// The client's address: the last one in `X-Forwarded-For` that is not a proxy of ours, if the
/// connection comes from such a proxy; else the connection's own.
#[must_use]
pub fn client_address(peer: IpAddr, forwarded_for: &str, proxies: &[IpNet]) -> IpAddr {
    let trusted = |address: IpAddr| proxies.iter().any(|net| net.contains(&address));
    let mut client = peer.to_canonical();
    for entry in forwarded_for.rsplit(',') {
        if !trusted(client) {
            break;
        }
        match entry.trim().parse::<IpAddr>() {
            Ok(address) => client = address.to_canonical(),
            Err(_) => break,
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwarded_addresses_count_only_behind_our_proxies() {
        let proxies: Vec<IpNet> = vec![
            "127.0.0.0/8".parse().unwrap(),
            "10.0.0.0/8".parse().unwrap(),
        ];
        let ask = |peer: &str, forwarded: &str| {
            client_address(peer.parse().unwrap(), forwarded, &proxies).to_string()
        };
        assert_eq!(ask("127.0.0.1", "203.0.113.7"), "203.0.113.7");
        assert_eq!(
            ask("127.0.0.1", "198.51.100.1, 203.0.113.7, 10.1.1.1"),
            "203.0.113.7"
        );
        assert_eq!(ask("203.0.113.9", "198.51.100.1"), "203.0.113.9");
        assert_eq!(ask("127.0.0.1", ""), "127.0.0.1");
        assert_eq!(ask("127.0.0.1", "198.51.100.1, nonsense"), "127.0.0.1");
        assert_eq!(ask("::ffff:127.0.0.1", "203.0.113.7"), "203.0.113.7");
    }
}
