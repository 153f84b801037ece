//! One task per VPC that is listened to.

use super::feed::report;
use super::{Board, Counters, Known};
use crate::flow_logs::Delivery;
use crate::flow_logs::{self, Rejection, Seen, Sides, Window};
use network_apply::{DropListener, DroppedPacket, Flow, FlowListener, FlowTable, Heard};
use network_plan::{DropRecord, VpcInput};
use records::{FlowLog, Millis};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// How often it is looked whether an interval is over.
const TICK: Duration = Duration::from_millis(500);

/// What a router is listened to with.
pub(in crate::network) struct Ears {
    pub(in crate::network) drops: DropListener,
    pub(in crate::network) flows: FlowListener,
    pub(in crate::network) table: FlowTable,
}

/// Listens until nobody is interested any more.
pub(in crate::network) async fn listen(board: Arc<Board>, vpc_id: String, ears: Ears) {
    if let Err(error) = attend(&board, &vpc_id, ears).await {
        // The next plan or question begins anew.
        tracing::warn!(vpc_id, %error, "the router can no longer be listened to");
    }
}

async fn attend(board: &Arc<Board>, vpc_id: &str, ears: Ears) -> io::Result<()> {
    let Some(known) = board.known(vpc_id) else { return Ok(()) };
    let (drops, flows) = (waited_for(ears.drops)?, waited_for(ears.flows)?);
    let mut listener = Listener {
        board: board.clone(),
        known,
        table: Some(ears.table),
        windows: BTreeMap::new(),
        sides: (Arc::default(), Arc::default()),
    };
    let mut tick = tokio::time::interval(TICK);
    while board.is_wanted(vpc_id) {
        tokio::select! {
            ready = drops.readable() => {
                let mut ready = ready?;
                while listener.drops(ready.get_inner().hear()?) {}
                ready.clear_ready();
            }
            ready = flows.readable() => {
                let mut ready = ready?;
                while listener.ends(ready.get_inner().hear()?) {}
                ready.clear_ready();
            }
            _ = tick.tick() => {
                let logs = flow_logs::of_vpc(&board.store, &listener.known.scope, vpc_id);
                listener.turn(&logs, &flows, &drops).await?;
            }
        }
    }
    Ok(())
}

/// A listener whose socket the runtime waits for.
#[allow(unsafe_code, reason = "the runtime takes the word of a type for what its descriptor is")]
pub(super) fn waited_for<T: AsFd + AsRawFd>(listener: T) -> io::Result<AsyncFd<T>> {
    // SAFETY: a listener owns its one socket from its making to its end, and always names that one.
    let registered = unsafe { AsyncFd::register_with_interest(listener, Interest::READABLE) };
    registered.map_err(io::Error::from)
}

struct Listener {
    board: Arc<Board>,
    known: Arc<Known>,
    /// Lent to a blocking thread while it is read.
    table: Option<FlowTable>,
    /// By period in seconds.
    windows: BTreeMap<i32, Window>,
    /// Who is who, and the facts that was read from.
    sides: (Arc<VpcInput>, Arc<Sides>),
}

impl Listener {
    /// Takes dropped packets; whether more may be waiting.
    fn drops(&mut self, heard: Heard<DroppedPacket>) -> bool {
        match heard {
            Heard::Nothing => return false,
            Heard::Lost => {
                self.known.feed.lock().lost();
                self.lost();
            }
            Heard::Some(packets) => {
                let (input, time) = (self.known.input.read().clone(), self.board.clock.now());
                let counter = &self.board.counters.drops;
                counter.fetch_add(u64::try_from(packets.len()).unwrap_or_default(), Ordering::Relaxed);
                let reports: Vec<_> = packets.iter().filter_map(|p| report(p, &input, time)).collect();
                let mut feed = self.known.feed.lock();
                for report in reports {
                    feed.push(report);
                }
                drop(feed);
                if !self.windows.is_empty() {
                    let sides = self.sides();
                    for rejection in packets.iter().filter_map(|packet| rejection(packet, time)) {
                        self.windows.values_mut().for_each(|window| window.dropped(&sides, &rejection));
                    }
                }
            }
        }
        true
    }

    /// Takes ends of connections; whether more may be waiting.
    fn ends(&mut self, heard: Heard<Flow>) -> bool {
        match heard {
            Heard::Nothing => return false,
            Heard::Lost => self.lost(),
            Heard::Some(flows) => {
                for window in self.windows.values_mut() {
                    for flow in &flows {
                        window.ended(flow);
                    }
                }
            }
        }
        true
    }

    fn lost(&mut self) {
        Counters::add(&self.board.counters.lost);
        self.windows.values_mut().for_each(Window::lost);
    }

    fn sides(&mut self) -> Arc<Sides> {
        let input = self.known.input.read().clone();
        if !Arc::ptr_eq(&input, &self.sides.0) {
            let sides = Sides::of(&self.board.store, &self.known.scope, &input);
            self.sides = (input, Arc::new(sides));
        }
        self.sides.1.clone()
    }

    /// Begins intervals for flow logs that are new, ends those that are over.
    async fn turn(
        &mut self,
        logs: &[Arc<FlowLog>],
        flows: &AsyncFd<FlowListener>,
        drops: &AsyncFd<DropListener>,
    ) -> io::Result<()> {
        let periods: std::collections::BTreeSet<i32> =
            logs.iter().map(|log| log.aggregation_seconds).collect();
        self.windows.retain(|period, _| periods.contains(period));
        let now = self.board.clock.now();
        let over = self.windows.values().any(|window| window.is_over(now));
        let new = periods.iter().any(|period| !self.windows.contains_key(period));
        if !over && !new {
            return Ok(());
        }
        // Instances come and go without the plan changing: the names are read anew for every interval.
        self.sides = (Arc::default(), Arc::default());
        let sides = self.sides();
        let alive = self.read_table().await?;
        // What ended before the table was read is waiting here.
        while self.ends(flows.get_ref().hear()?) {}
        while self.drops(drops.get_ref().hear()?) {}
        for period in periods {
            match self.windows.get_mut(&period) {
                Some(window) if window.is_over(now) => {
                    let lines = window.turn(now, &alive, &sides, logs);
                    self.deliver(period, lines);
                }
                Some(_) => {}
                None => drop(self.windows.insert(period, Window::begin(period, now, &alive))),
            }
        }
        Ok(())
    }

    async fn read_table(&mut self) -> io::Result<Vec<Flow>> {
        let Some(mut table) = self.table.take() else { return Ok(Vec::new()) };
        let read = tokio::task::spawn_blocking(move || {
            let flows = table.read();
            (table, flows)
        });
        let (table, flows) = read.await.map_err(io::Error::other)?;
        self.table = Some(table);
        flows.map_err(io::Error::other)
    }

    fn deliver(&mut self, period: i32, all: Vec<(Arc<FlowLog>, String, Vec<contracts::seams::LogLine>)>) {
        for (log, stream, lines) in all {
            let delivery = Delivery { scope: self.known.scope.clone(), log, stream, lines };
            if !self.board.writer.deliver(delivery) {
                Counters::add(&self.board.counters.undelivered);
                if let Some(window) = self.windows.get_mut(&period) {
                    window.lost();
                }
            }
        }
    }
}

fn rejection(packet: &DroppedPacket, time: Millis) -> Option<Rejection> {
    let gate = DropRecord::parse(&packet.prefix)?.gate;
    let (incoming, outgoing) = (packet.incoming, packet.outgoing);
    Some(Rejection { gate, incoming, outgoing, packet: Seen::parse(&packet.bytes)?, time })
}
