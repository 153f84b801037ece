//! Which servers to ask, and in which order.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// The usual list of servers.
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// The port of name servers.
const PORT: u16 = 53;
/// Servers taken from a list (resolv.conf(5): `MAXNS`).
const MAX_SERVERS: usize = 3;
/// How often the list is looked at for changes.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// How long a server that did not answer is asked last.
const AVOID: Duration = Duration::from_secs(5);

/// Where names that are not ours are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upstreams {
    /// The servers in the host's `/etc/resolv.conf`, followed when it changes.
    Host,
    /// These, in this order.
    Servers(Vec<SocketAddr>),
    /// Nowhere: such names get SERVFAIL.
    Nowhere,
}

pub(super) struct ServerList {
    upstreams: Upstreams,
    host: Mutex<HostList>,
    /// Until when a server is asked last.
    avoided: Mutex<HashMap<SocketAddr, Instant>>,
}

#[derive(Default)]
struct HostList {
    looked: Option<Instant>,
    changed: Option<SystemTime>,
    servers: Vec<SocketAddr>,
}

impl ServerList {
    pub(super) fn new(upstreams: Upstreams) -> ServerList {
        ServerList { upstreams, host: Mutex::default(), avoided: Mutex::default() }
    }

    /// The servers; those that lately did not answer last.
    pub(super) fn in_order(&self, now: Instant) -> Vec<SocketAddr> {
        let mut servers = match &self.upstreams {
            Upstreams::Nowhere => Vec::new(),
            Upstreams::Servers(servers) => servers.clone(),
            Upstreams::Host => self.host_servers(now),
        };
        let avoided = self.avoided.lock();
        // A stable sort: the order of the list counts otherwise.
        servers.sort_by_key(|server| avoided.get(server).is_some_and(|until| *until > now));
        servers
    }

    pub(super) fn good(&self, server: SocketAddr) {
        self.avoided.lock().remove(&server);
    }

    pub(super) fn bad(&self, server: SocketAddr, now: Instant) {
        let mut avoided = self.avoided.lock();
        avoided.retain(|_, until| *until > now);
        avoided.insert(server, now + AVOID);
    }

    fn host_servers(&self, now: Instant) -> Vec<SocketAddr> {
        let mut host = self.host.lock();
        if host.looked.is_none_or(|looked| now.saturating_duration_since(looked) >= LOOK_AGAIN) {
            host.looked = Some(now);
            let changed = std::fs::metadata(RESOLV_CONF).and_then(|file| file.modified()).ok();
            if host.servers.is_empty() || changed != host.changed {
                host.changed = changed;
                host.servers = parse(&std::fs::read_to_string(RESOLV_CONF).unwrap_or_default());
            }
        }
        host.servers.clone()
    }
}

/// The `nameserver` lines of resolv.conf(5). Addresses with a zone (`fe80::1%eth0`) are passed over.
fn parse(text: &str) -> Vec<SocketAddr> {
    text.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let address = (words.next() == Some("nameserver")).then(|| words.next())??;
            Some(SocketAddr::new(address.parse::<IpAddr>().ok()?, PORT))
        })
        .take(MAX_SERVERS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_s_list() {
        let text = "# nameserver 9.9.9.9\nsearch a b\nnameserver 10.0.0.1\nnameserver ::1 # local\nnameserver\n\
                    nameserver fe80::1%eth0\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n";
        let expected: Vec<SocketAddr> =
            ["10.0.0.1:53", "[::1]:53", "10.0.0.3:53"].map(|a| a.parse().unwrap()).into();
        assert_eq!(parse(text), expected);
        assert!(parse("").is_empty());
    }

    #[test]
    fn who_was_silent_is_asked_last_for_a_while() {
        let servers: Vec<SocketAddr> = ["10.0.0.1:53", "10.0.0.2:53"].map(|a| a.parse().unwrap()).into();
        let list = ServerList::new(Upstreams::Servers(servers.clone()));
        let now = Instant::now();
        list.bad(servers[0], now);
        assert_eq!(list.in_order(now), [servers[1], servers[0]]);
        assert_eq!(list.in_order(now + AVOID), servers);
        list.good(servers[0]);
        assert_eq!(list.in_order(now), servers);
        assert!(ServerList::new(Upstreams::Nowhere).in_order(now).is_empty());
    }
}
