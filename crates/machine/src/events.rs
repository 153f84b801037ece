//! One thread that listens to the keeper and passes on what it says.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::time::Duration;

use keeper::client::{Connection, Events};
use keeper::protocol::{CommandStatus, MachineStatus};

use crate::keeper_process::KeeperProcess;

/// What a listener of [`crate::Machines::events`] receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A machine's state or progress changed.
    Machine(MachineStatus),
    /// A command ended.
    Command(CommandStatus),
    /// The connection was lost and is back: events may be missing, compare with
    /// [`crate::Machines::adopt`] and [`crate::Machines::commands`].
    Resync,
}

/// Waits between attempts to reach a keeper that does not start.
const RETRY: Duration = Duration::from_millis(200);

/// Starts the listening thread; it ends when the receiver or the [`crate::Machines`] is dropped.
pub(crate) fn listen(keeper: &Arc<KeeperProcess>) -> Receiver<Event> {
    let (sender, receiver) = channel();
    let first = Connection::open(keeper.socket()).and_then(Connection::subscribe);
    let keeper = Arc::downgrade(keeper);
    std::thread::spawn(move || pump(first.ok(), &keeper, &sender));
    receiver
}

fn pump(mut source: Option<Events>, keeper: &Weak<KeeperProcess>, sender: &Sender<Event>) {
    loop {
        if let Some(events) = &mut source {
            let event = match events.next_event() {
                Ok(keeper::protocol::Event::Machine(status)) => Event::Machine(status),
                Ok(keeper::protocol::Event::Command(status)) => Event::Command(status),
                Err(error) => {
                    // One that was told to end goes without a warning.
                    if keeper.upgrade().is_some_and(|keeper| !keeper.is_closed()) {
                        tracing::warn!(%error, "lost the keeper's events");
                    }
                    source = None;
                    continue;
                }
            };
            if sender.send(event).is_err() {
                return;
            }
            continue;
        }
        let Some(alive) = keeper.upgrade().filter(|keeper| !keeper.is_closed()) else { return };
        match alive.connect().and_then(|connection| Ok(connection.subscribe()?)) {
            Ok(events) => {
                source = Some(events);
                if sender.send(Event::Resync).is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "keeper not reachable");
                drop(alive);
                std::thread::sleep(RETRY);
            }
        }
    }
}
