//! NAT gateways and interface endpoints follow their records: the network makes them, this writes down that it did.

use crate::machines::Shared;
use crate::queue::Queue;
use records::{Millis, NatGateway, NatGatewayState, VpcEndpoint, transitions};
use state_store::StoreError;
use state_store::typed::{Record, Scope, Tx, TypedEvent};
use std::sync::Arc;
use std::time::Duration;

/// Worked on at once; each is one plan, and plans are made one after the other anyway.
const WIDTH: usize = 2;
/// Attempts to make a gateway before it is given up.
const ATTEMPTS: u32 = 3;
/// Failure code of a gateway the host could not make (VPC guide, "Troubleshoot NAT gateways").
const INTERNAL: &str = "InternalError";

/// Drives gateways and endpoints to what their records say.
pub(crate) struct Gateways {
    shared: Arc<Shared>,
    queue: Arc<Queue>,
}

/// A record that the network makes something of without a machine.
trait Made: Record {
    /// Where it is.
    fn vpc_id(&self) -> &str;
    /// Whether the network has something to do now; at the start also for what is there already.
    fn wants_work(&self, at_start: bool) -> bool;
    /// Writes down that the network follows the record.
    fn made(&self, tx: &mut Tx<'_>, scope: &Scope, now: Millis);
    /// Writes down that the network cannot follow.
    fn failed(&self, tx: &mut Tx<'_>, scope: &Scope, why: &str, now: Millis);
}

impl Made for NatGateway {
    fn vpc_id(&self) -> &str {
        &self.vpc_id
    }

    fn wants_work(&self, at_start: bool) -> bool {
        use NatGatewayState::{Available, Deleting, Pending};
        matches!(self.state, Pending | Deleting) || at_start && self.state == Available
    }

    fn made(&self, tx: &mut Tx<'_>, scope: &Scope, now: Millis) {
        match self.state {
            NatGatewayState::Pending => drop(transitions::mark_nat_available(tx, scope, &self.id)),
            NatGatewayState::Deleting => drop(transitions::mark_nat_deleted(tx, scope, &self.id, now)),
            _ => {}
        }
    }

    fn failed(&self, tx: &mut Tx<'_>, scope: &Scope, why: &str, now: Millis) {
        let words = format!("Network Gateway {} encountered an internal error: {why}", self.id);
        transitions::mark_nat_failed(tx, scope, &self.id, INTERNAL, &words, now);
    }
}

impl Made for VpcEndpoint {
    fn vpc_id(&self) -> &str {
        &self.vpc_id
    }

    fn wants_work(&self, at_start: bool) -> bool {
        let state = self.state.as_str();
        self.interface && (matches!(state, "pending" | "deleting") || at_start && state == "available")
    }

    fn made(&self, tx: &mut Tx<'_>, scope: &Scope, _now: Millis) {
        if !transitions::mark_endpoint_deleted(tx, scope, &self.id) {
            transitions::mark_endpoint_available(tx, scope, &self.id);
        }
    }

    fn failed(&self, tx: &mut Tx<'_>, scope: &Scope, _why: &str, _now: Millis) {
        if let Some(found) = tx.get::<VpcEndpoint>(scope, &self.id).filter(|e| e.state == "pending") {
            tx.put(scope, VpcEndpoint { state: "failed".to_owned(), ..(*found).clone() });
        }
    }
}

impl Gateways {
    pub(crate) fn new(shared: Arc<Shared>) -> Arc<Gateways> {
        Arc::new(Gateways { shared, queue: Queue::new(WIDTH) })
    }

    /// Follows the records until the store closes.
    pub(crate) async fn follow(self: Arc<Self>) {
        tokio::join!(self.follow_kind::<NatGateway>(), self.follow_kind::<VpcEndpoint>());
    }

    async fn follow_kind<R: Made>(self: &Arc<Self>) {
        let mut watch = self.shared.store.watch_kind::<R>();
        while let Ok(changes) = watch.next().await {
            for event in changes.events {
                // One that is deleted was made to vanish before; a VPC that is deleted takes everything along.
                if let TypedEvent::Put { scope, record, .. } = event
                    && record.wants_work(changes.snapshot)
                {
                    self.ask::<R>(scope, record.id());
                }
            }
        }
    }

    fn ask<R: Made>(self: &Arc<Self>, scope: Scope, id: &str) {
        let gateways = self.clone();
        self.queue.ask(id, move |id| {
            let (gateways, scope) = (gateways.clone(), scope.clone());
            async move { gateways.reconcile::<R>(&scope, &id).await }
        });
    }

    async fn reconcile<R: Made>(&self, scope: &Scope, id: &str) {
        let mut attempt = 1;
        loop {
            let closed = self.shared.closed.read().await;
            let Some(record) = self.shared.store.get::<R>(scope, id).filter(|_| !*closed) else { return };
            let settled = self.shared.network.settle(scope, record.vpc_id()).await;
            let now = self.shared.clock.now();
            match settled {
                Ok(()) => {
                    return self.write(id, |tx| record.made(tx, scope, now)).await;
                }
                Err(error) if attempt >= ATTEMPTS => {
                    tracing::error!(id, %error, "the network cannot make it");
                    return self.write(id, |tx| record.failed(tx, scope, &error, now)).await;
                }
                Err(error) => tracing::warn!(id, %error, attempt, "not made yet; trying again"),
            }
            drop(closed);
            tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
            attempt += 1;
        }
    }

    async fn write(&self, id: &str, change: impl Fn(&mut Tx<'_>) + Send + Sync) {
        let run = move |tx: &mut Tx<'_>| {
            change(tx);
            Ok::<(), StoreError>(())
        };
        if let Err(error) = self.shared.store.transact(run).await {
            tracing::error!(id, %error, "what became of it could not be written down");
        }
    }
}
