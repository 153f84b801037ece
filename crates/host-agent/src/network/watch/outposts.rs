//! Listening outside of the routers: at the edge, where packets for addresses end that no VPC here has, and in NAT
//! gateways.

use super::feed::{Feed, report_of_outpost};
use super::listen::waited_for;
use super::{Board, Counters, INTEREST};
use network_apply::{DropListener, DroppedPacket, Heard};
use parking_lot::Mutex;
use records::Millis;
use serde_json::Value;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What the edge is called where a VPC is asked for; no VPC's id looks like it.
pub(in crate::network) const EDGE: &str = "edge";
/// How often it is looked whether anybody is still interested.
const TICK: Duration = Duration::from_secs(5);

/// The edge's list of dropped packets.
#[derive(Default)]
pub(super) struct Edge {
    feed: Mutex<Feed>,
    asked: Mutex<Option<Millis>>,
}

impl Edge {
    pub(super) fn ask(&self, now: Millis) {
        *self.asked.lock() = Some(now);
    }

    pub(super) fn clear(&self) {
        *self.feed.lock() = Feed::default();
        *self.asked.lock() = None;
    }

    pub(super) fn is_wanted(&self, now: Millis) -> bool {
        self.asked.lock().is_some_and(|at| now - at < INTEREST)
    }

    pub(super) fn after(&self, number: u64, limit: usize) -> Value {
        self.feed.lock().after(number, limit)
    }
}

/// Where is listened.
pub(in crate::network) enum Outlook {
    /// At the edge.
    Edge,
    /// In a NAT gateway; what it drops is in its VPC's list.
    Gateway {
        /// The VPC.
        vpc: String,
        /// `nat-…`.
        gateway: String,
        /// `eni-…`.
        interface: String,
    },
}

/// Listens until nobody is interested any more.
pub(in crate::network) async fn attend(board: Arc<Board>, outlook: Outlook, drops: DropListener) {
    if let Err(error) = hear(&board, &outlook, drops).await {
        // The next question begins anew.
        tracing::warn!(%error, "drops outside of a router can no longer be listened to");
    }
}

async fn hear(board: &Board, outlook: &Outlook, drops: DropListener) -> io::Result<()> {
    let drops = waited_for(drops)?;
    let mut tick = tokio::time::interval(TICK);
    while outlook.is_wanted(board) {
        tokio::select! {
            ready = drops.readable() => {
                let mut ready = ready?;
                while outlook.note(board, ready.get_inner().hear()?) {}
                ready.clear_ready();
            }
            _ = tick.tick() => {}
        }
    }
    Ok(())
}

impl Outlook {
    fn is_wanted(&self, board: &Board) -> bool {
        match self {
            Self::Edge => board.wants_edge(),
            Self::Gateway { vpc, .. } => board.is_wanted(vpc),
        }
    }

    /// Takes dropped packets; whether more may be waiting.
    fn note(&self, board: &Board, heard: Heard<DroppedPacket>) -> bool {
        match heard {
            Heard::Nothing => return false,
            Heard::Lost => {
                Counters::add(&board.counters.lost);
                self.with_feed(board, Feed::lost);
            }
            Heard::Some(packets) => {
                let count = u64::try_from(packets.len()).unwrap_or_default();
                board.counters.drops.fetch_add(count, Ordering::Relaxed);
                let (now, behind) = (board.clock.now(), self.behind());
                let reports = packets.iter().filter_map(|packet| report_of_outpost(packet, behind, now));
                let reports: Vec<Value> = reports.collect();
                self.with_feed(board, |feed| reports.into_iter().for_each(|report| feed.push(report)));
            }
        }
        true
    }

    fn behind(&self) -> Option<(&str, &str)> {
        match self {
            Self::Edge => None,
            Self::Gateway { gateway, interface, .. } => Some((gateway, interface)),
        }
    }

    fn with_feed(&self, board: &Board, work: impl FnOnce(&mut Feed)) {
        match self {
            Self::Edge => work(&mut board.edge.feed.lock()),
            Self::Gateway { vpc, .. } => {
                if let Some(known) = board.known(vpc) {
                    work(&mut known.feed.lock());
                }
            }
        }
    }
}
