//! Listening to a VPC's router, for flow logs and for the list of dropped packets. Nobody listens where neither is
//! wanted: events that nobody hears cost the kernel nothing.

mod feed;
mod listen;
mod outposts;

use crate::flow_logs::Writer;
use contracts::Clock;
use feed::Feed;
use network_plan::VpcInput;
use parking_lot::{Mutex, RwLock};
use records::Millis;
use serde_json::Value;
use state_store::typed::{Scope, Store};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(super) use listen::{Ears, listen};
pub(super) use outposts::{EDGE, Outlook, attend};

/// How long dropped packets are listened to after the last question for them.
const INTEREST: Millis = 600_000;
/// VPCs without anything here whose questions are remembered.
const EARLY: usize = 1_000;

/// What is known of the VPCs of this host outside the network thread.
pub(crate) struct Board {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) writer: Writer,
    vpcs: RwLock<HashMap<String, Arc<Known>>>,
    /// What the edge dropped, and when somebody last asked for it.
    edge: outposts::Edge,
    /// When somebody last asked for the dropped packets of a VPC that has nothing here yet.
    early: Mutex<HashMap<String, Millis>>,
    pub(super) counters: Counters,
}

/// A VPC with kernel objects on this host.
pub(super) struct Known {
    pub(super) scope: Scope,
    /// What its plan was last made from.
    pub(super) input: RwLock<Arc<VpcInput>>,
    feed: Mutex<Feed>,
    /// When somebody last asked for dropped packets.
    asked: Mutex<Option<Millis>>,
}

/// Ever-growing counters of the data plane.
#[derive(Default)]
pub(crate) struct Counters {
    /// Repairs of what somebody else had changed in the kernel.
    pub(super) repairs: AtomicU64,
    /// Plans that the kernel or the planner refused.
    pub(super) refusals: AtomicU64,
    /// Dropped packets heard of.
    pub(super) drops: AtomicU64,
    /// How often events were lost before they were heard.
    pub(super) lost: AtomicU64,
    /// Flow log deliveries given up because too many waited.
    pub(super) undelivered: AtomicU64,
    /// Connections that could not begin because the kernel's table was full …
    pub(super) refused: AtomicU64,
    /// … and those never answered that it forgot to make room.
    pub(super) forgotten: AtomicU64,
}

impl Counters {
    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Board {
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>, writer: Writer) -> Arc<Board> {
        Arc::new(Board {
            store,
            clock,
            writer,
            vpcs: RwLock::default(),
            edge: outposts::Edge::default(),
            early: Mutex::default(),
            counters: Counters::default(),
        })
    }

    /// A plan was applied.
    pub(super) fn put(&self, scope: &Scope, input: &VpcInput) {
        let input = Arc::new(input.clone());
        if let Some(known) = self.vpcs.read().get(&input.id) {
            *known.input.write() = input;
            return;
        }
        let id = input.id.clone();
        let known = Known {
            scope: scope.clone(),
            input: RwLock::new(input),
            feed: Mutex::default(),
            asked: Mutex::new(self.early.lock().remove(&id)),
        };
        self.vpcs.write().insert(id, Arc::new(known));
    }

    pub(super) fn remove(&self, vpc_id: &str) {
        self.vpcs.write().remove(vpc_id);
    }

    pub(super) fn clear(&self) {
        self.vpcs.write().clear();
        self.early.lock().clear();
        self.edge.clear();
    }

    pub(super) fn known(&self, vpc_id: &str) -> Option<Arc<Known>> {
        self.vpcs.read().get(vpc_id).cloned()
    }

    /// Notes that somebody wants dropped packets.
    pub(super) fn ask(&self, vpc_id: &str) {
        let now = self.clock.now();
        if vpc_id == EDGE {
            self.edge.ask(now);
        } else if let Some(known) = self.known(vpc_id) {
            *known.asked.lock() = Some(now);
        } else {
            // Its first machine, gateway or endpoint will find that somebody waits.
            let mut early = self.early.lock();
            early.retain(|_, at| now - *at < INTEREST);
            if early.len() < EARLY {
                early.insert(vpc_id.to_owned(), now);
            }
        }
    }

    /// Whether anybody wants to know what the edge drops.
    pub(super) fn wants_edge(&self) -> bool {
        self.edge.is_wanted(self.clock.now())
    }

    /// Whether anybody wants to know what happens in a VPC.
    pub(super) fn is_wanted(&self, vpc_id: &str) -> bool {
        let Some(known) = self.known(vpc_id) else { return false };
        let asked = *known.asked.lock();
        asked.is_some_and(|at| self.clock.now() - at < INTEREST)
            || !crate::flow_logs::of_vpc(&self.store, &known.scope, vpc_id).is_empty()
    }

    /// The list of dropped packets; of a VPC that has nothing here an empty one.
    pub(super) fn drops(&self, vpc_id: &str, after: u64, limit: usize) -> Value {
        if vpc_id == EDGE {
            return self.edge.after(after, limit);
        }
        match self.known(vpc_id) {
            Some(known) => known.feed.lock().after(after, limit),
            None => Feed::default().after(after, limit),
        }
    }

    /// Names and values for the metrics page.
    pub(crate) fn counters(&self) -> Vec<(&'static str, u64)> {
        let Counters { repairs, refusals, drops, lost, undelivered, refused, forgotten } = &self.counters;
        [
            ("allod_network_repairs_total", repairs),
            ("allod_network_refusals_total", refusals),
            ("allod_network_drops_heard_total", drops),
            ("allod_network_events_lost_total", lost),
            ("allod_flow_log_deliveries_dropped_total", undelivered),
            ("allod_connections_refused_by_full_table_total", refused),
            ("allod_connections_forgotten_by_full_table_total", forgotten),
        ]
        .map(|(name, counter)| (name, counter.load(Ordering::Relaxed)))
        .to_vec()
    }
}
