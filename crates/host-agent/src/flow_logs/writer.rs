//! The thread that hands records to the log sink: whoever makes them never waits for a disk.

use contracts::seams::{LogLine, LogSink};
use records::FlowLog;
use state_store::StoreError;
use state_store::typed::{Scope, Store};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

/// Deliveries that may wait; an interval of one interface each.
const WAITING: usize = 4_096;

/// Lines for one stream.
pub(crate) struct Delivery {
    pub(crate) scope: Scope,
    pub(crate) log: Arc<FlowLog>,
    pub(crate) stream: String,
    pub(crate) lines: Vec<LogLine>,
}

/// Gives deliveries to the writing thread.
#[derive(Clone)]
pub(crate) struct Writer(SyncSender<Delivery>);

impl Writer {
    /// Starts the thread; it ends when every writer is gone.
    pub(crate) fn start(sink: Arc<dyn LogSink>, store: Store, runtime: tokio::runtime::Handle) -> Writer {
        let (sender, inbox) = sync_channel(WAITING);
        let work = move || write(&*sink, &store, &runtime, &inbox);
        if let Err(error) = std::thread::Builder::new().name("flow-logs".into()).spawn(work) {
            tracing::error!(%error, "no thread for flow logs; nothing is delivered");
        }
        Writer(sender)
    }

    /// Hands over a delivery; false when too many wait and it was dropped.
    pub(crate) fn deliver(&self, delivery: Delivery) -> bool {
        match self.0.try_send(delivery) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }
}

fn write(sink: &dyn LogSink, store: &Store, runtime: &tokio::runtime::Handle, inbox: &Receiver<Delivery>) {
    while let Ok(Delivery { scope, log, stream, lines }) = inbox.recv() {
        let outcome = sink.append(&scope, &log.log_group, &stream, &lines);
        let error = outcome.err().map(|error| error.to_string());
        if error.is_some() {
            tracing::warn!(flow_log = log.id, stream, ?error, "flow log records are lost");
        }
        // Shown by DescribeFlowLogs; written only when it changes.
        let known = store.get::<FlowLog>(&scope, &log.id);
        if known.is_some_and(|known| known.delivery_error != error) {
            let change = store.transact(|tx| {
                let error = error.clone();
                tx.update::<FlowLog>(&scope, &log.id, |log| log.delivery_error = error);
                Ok::<(), StoreError>(())
            });
            if let Err(error) = runtime.block_on(change) {
                tracing::warn!(%error, "the state of a flow log could not be written");
            }
        }
    }
}
