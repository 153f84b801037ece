//! The engine: takes in every command that has not ended and conducts it.

use super::conductor::conduct;
use super::sweep::sweep;
use crate::parameter::purge_expired;
use crate::service::Ssm;
use records::ssm::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// How often the engine looks for commands nobody handed it, for expired parameters and for old commands.
const PERIOD: Duration = Duration::from_secs(60);
/// Commands after which old ones are looked for without waiting for the period.
const SWEEP_AFTER: usize = 2_000;

/// Runs commands until `shutdown` turns true (or its sender is gone). Commands that run then go on in their machines;
/// the next engine picks them up. One engine per store.
pub async fn run_engine(service: Arc<Ssm>, mut shutdown: watch::Receiver<bool>) {
    let (mut conductors, mut sweeper) = (JoinSet::new(), JoinSet::new());
    let mut since_sweep = 0;
    let mut period = interval(PERIOD);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            stop = shutdown.wait_for(|stop| *stop) => {
                drop(stop);
                break;
            }
            live = service.live.next() => {
                conductors.spawn(conduct(service.clone(), live));
                while conductors.try_join_next().is_some() {}
                since_sweep += 1;
                if since_sweep >= SWEEP_AFTER {
                    start_sweep(&service, &mut sweeper, &mut since_sweep);
                }
            }
            _ = period.tick() => {
                resync(&service);
                start_sweep(&service, &mut sweeper, &mut since_sweep);
            }
        }
    }
    conductors.shutdown().await;
    sweeper.shutdown().await;
    // What was handed over and not finished lies in the store; a later engine in this process finds it there.
    service.live.clear();
}

/// Starts a sweep unless one is under way.
fn start_sweep(service: &Arc<Ssm>, sweeper: &mut JoinSet<()>, since: &mut usize) {
    while sweeper.try_join_next().is_some() {}
    if !sweeper.is_empty() {
        return;
    }
    *since = 0;
    let service = service.clone();
    sweeper.spawn(async move {
        purge_expired(&service).await;
        sweep(&service).await;
    });
}

/// Takes in open commands that nobody conducts: after a restart all of them, later whatever fell through.
fn resync(service: &Ssm) {
    for (scope, command) in service.platform.store.list_all::<Command>() {
        if command.outcome.is_none() && !service.live.holds(&command.id) {
            service.live.adopt(scope, command, true);
        }
    }
    // A command whose record was wiped has nobody left who could ask for it.
    for live in service.live.all() {
        if service.platform.store.get::<Command>(&live.scope, &live.command.id).is_none() {
            live.cancel(&[]);
        }
    }
}
