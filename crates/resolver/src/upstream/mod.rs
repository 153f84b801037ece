//! Asking others: one exchange per question at a time, whoever waits for it.

mod decode;
mod exchange;
mod random_case;
pub(crate) mod servers;

use crate::cache::{Cache, Entry};
use crate::wire::answer::{Answer, Rcode};
use crate::wire::name::Name;
use crate::wire::record::Kind;
use parking_lot::Mutex;
use servers::{ServerList, Upstreams};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::Instant;

pub(crate) use exchange::Trouble;

/// Rounds over all servers before giving up: with the usual timeout a machine has its SERVFAIL before it asks again
/// (resolv.conf(5): after five seconds).
const ROUNDS: usize = 2;
/// Servers asked in one question altogether.
const MAX_TRIES: usize = 3;
/// Exchanges at once; each holds a socket.
const MAX_EXCHANGES: usize = 512;

/// A question that somebody is asking.
type Flight = Arc<OnceCell<Arc<Entry>>>;

/// The way to upstream servers.
pub(crate) struct Upstream {
    servers: ServerList,
    timeout: Duration,
    max_ttl: u32,
    flights: Mutex<HashMap<(Name, Kind), Flight>>,
    exchanges: Semaphore,
    /// Answers that did not fit their question: somebody guesses.
    pub(crate) forged: AtomicU64,
    /// Exchanges with a server, of whatever outcome.
    pub(crate) exchanged: AtomicU64,
}

impl Upstream {
    pub(crate) fn new(upstreams: Upstreams, timeout: Duration, max_ttl: u32) -> Upstream {
        Upstream {
            servers: ServerList::new(upstreams),
            timeout,
            max_ttl,
            flights: Mutex::default(),
            exchanges: Semaphore::new(MAX_EXCHANGES),
            forged: AtomicU64::new(0),
            exchanged: AtomicU64::new(0),
        }
    }

    /// The answer: from the cache, from an exchange that is under way, or from a new one. A failure is an answer too.
    pub(crate) async fn ask(&self, cache: &Cache, name: &Name, kind: Kind) -> Arc<Entry> {
        if let Some(entry) = cache.get(name.as_wire(), kind, Instant::now()) {
            return entry;
        }
        let key = (name.clone(), kind);
        let flight = self.flights.lock().entry(key.clone()).or_default().clone();
        // If the first who asks goes away, the next one in line takes over.
        let entry = flight.get_or_init(|| self.fetch(cache, name, kind)).await.clone();
        let mut flights = self.flights.lock();
        if flights.get(&key).is_some_and(|current| Arc::ptr_eq(current, &flight)) {
            flights.remove(&key);
        }
        entry
    }

    async fn fetch(&self, cache: &Cache, name: &Name, kind: Kind) -> Arc<Entry> {
        let mut answer = self.try_servers(name, kind).await;
        answer.cap(self.max_ttl);
        let entry = Arc::new(Entry::new(name.as_wire(), kind, answer, Instant::now()));
        cache.put(name.as_wire(), kind, &entry);
        entry
    }

    async fn try_servers(&self, name: &Name, kind: Kind) -> Answer {
        // Only closed at the end of the process.
        let Ok(_turn) = self.exchanges.acquire().await else { return Answer::failure(Rcode::ServFail) };
        let servers = self.servers.in_order(Instant::now());
        let tries = servers.iter().cycle().take((servers.len() * ROUNDS).min(MAX_TRIES));
        for server in tries {
            self.exchanged.fetch_add(1, Ordering::Relaxed);
            match exchange::ask(*server, name, kind, self.timeout, &self.forged).await {
                Ok(answer) => {
                    self.servers.good(*server);
                    return answer;
                }
                Err(trouble) => {
                    tracing::debug!(%server, %name, %trouble, "no answer from upstream");
                    // A server that refuses one name may well know the next.
                    if matches!(trouble, Trouble::Silent | Trouble::Unreachable(_)) {
                        self.servers.bad(*server, Instant::now());
                    }
                }
            }
        }
        Answer::failure(Rcode::ServFail)
    }
}
