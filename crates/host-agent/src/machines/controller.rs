//! The controller of instances: level-triggered, one instance at a time, nothing taken from the wake-up.

use super::launch::{blocking, launch};
use super::{Shared, commands, interfaces};
use crate::queue::Queue;
use machine::{Event, ExitCause, MachineState, MachineStatus, StopMode};
use records::{Instance, InstanceState, transitions};
use state_store::StoreError;
use state_store::typed::{Scope, Tx, TypedEvent};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// Instances worked on at once: enough to hide waiting, few enough not to starve the API.
const WIDTH: usize = 4;
/// Attempts to launch before the instance is given up.
const ATTEMPTS: u32 = 3;
/// How long an orderly shutdown may take, in milliseconds.
const STOP_GRACE: u64 = 30_000;
const TERMINATE_GRACE: u64 = 5_000;
/// Period of the sweep that also catches lost wake-ups.
const PERIOD: Duration = Duration::from_secs(30);

/// Drives machines to what their records say.
pub(crate) struct Controller {
    shared: Arc<Shared>,
    queue: Arc<Queue>,
}

impl Controller {
    pub(crate) fn new(shared: Arc<Shared>) -> Arc<Controller> {
        Arc::new(Controller { shared, queue: Queue::new(WIDTH) })
    }

    fn ask(self: &Arc<Self>, id: &str) {
        let controller = self.clone();
        self.queue.ask(id, move |id| {
            let controller = controller.clone();
            async move { controller.reconcile(&id).await }
        });
    }

    fn ask_later(self: &Arc<Self>, id: &str, after: Duration) {
        let (controller, id) = (self.clone(), id.to_owned());
        #[expect(clippy::disallowed_methods, reason = "only asks again, which does no harm later")]
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            controller.ask(&id);
        });
    }

    /// Follows the records until the store closes.
    pub(crate) async fn follow_records(self: Arc<Self>) {
        let mut watch = self.shared.store.watch_kind::<Instance>();
        while let Ok(changes) = watch.next().await {
            for event in changes.events {
                match event {
                    TypedEvent::Put { scope, record, .. } => {
                        self.shared.scopes.lock().insert(record.id.clone(), scope.clone());
                        if changes.snapshot || self.wants_work(&scope, &record) {
                            self.ask(&record.id);
                        }
                    }
                    TypedEvent::Delete { id, .. } => self.ask(&id),
                }
            }
        }
    }

    /// Follows what the keeper tells; blocks, so it has a thread of its own.
    pub(crate) fn follow_keeper(
        self: &Arc<Self>,
        events: &Receiver<Event>,
        runtime: &tokio::runtime::Handle,
    ) {
        let _inside = runtime.enter();
        while let Ok(event) = events.recv() {
            match event {
                Event::Command(status) => self.shared.waiting.ended(&status),
                Event::Machine(status) => self.ask(&status.id),
                Event::Resync => {
                    commands::resync(&self.shared);
                    self.ask_all();
                }
            }
        }
    }

    /// Plugs again what lost its link, until the cloud ends.
    pub(crate) async fn follow_lost(self: Arc<Self>) {
        loop {
            for (interface, scope) in self.shared.network.lost().next().await {
                let closed = self.shared.closed.read().await;
                if *closed {
                    return;
                }
                if let Err(error) = interfaces::replug(&self.shared, &scope, &interface).await {
                    tracing::warn!(interface, %error, "the interface stays without a link");
                }
            }
        }
    }

    /// Looks at everything from time to time: drops records that have been terminated for an hour, catches what a lost
    /// wake-up left behind.
    pub(crate) async fn sweep(self: Arc<Self>) {
        let mut tick = tokio::time::interval(PERIOD);
        loop {
            tick.tick().await;
            let now = self.shared.clock.now();
            if let Err(error) = transitions::sweep_terminated(&self.shared.store, now).await {
                tracing::warn!(%error, "terminated instances stay for now");
            }
            if let Err(error) = transitions::sweep_nat_gateways(&self.shared.store, now).await {
                tracing::warn!(%error, "NAT gateways that are gone stay for now");
            }
            self.ask_all();
        }
    }

    fn ask_all(self: &Arc<Self>) {
        for (scope, instance) in self.shared.store.list_all::<Instance>() {
            if self.wants_work(&scope, &instance)
                || instance.state == InstanceState::Running && !self.shared.is_up(&instance.id)
            {
                self.ask(&instance.id);
            }
        }
    }

    fn wants_work(&self, scope: &Scope, instance: &Instance) -> bool {
        use InstanceState::{Pending, Running, ShuttingDown, Stopping};
        matches!(instance.state, Pending | Stopping | ShuttingDown)
            || instance.reboot_requested
            || instance.state == Running && interfaces::on_the_way(&self.shared, scope, instance)
    }

    async fn reconcile(self: &Arc<Self>, id: &str) {
        let closed = self.shared.closed.read().await;
        if *closed {
            return;
        }
        let Some(scope) = self.shared.scope_of(id) else { return };
        let instance = self.shared.store.get::<Instance>(&scope, id);
        let status = match self.status(id).await {
            Ok(status) => status,
            Err(error) => {
                tracing::warn!(id, %error, "cannot ask the keeper; trying again");
                return self.ask_later(id, Duration::from_millis(500));
            }
        };
        let running = matches!(status.as_ref().map(|s| &s.state), Some(MachineState::Running));
        self.shared.set_up(id, running);
        let outcome = match &instance {
            None => self.destroy(id).await,
            Some(instance) => self.step(&scope, instance, status).await,
        };
        if let Err(error) = outcome {
            tracing::warn!(id, %error, "the machine does not follow its record yet; trying again");
            self.ask_later(id, Duration::from_secs(1));
        }
    }

    async fn status(&self, id: &str) -> Result<Option<MachineStatus>, String> {
        let (shared, id) = (self.shared.clone(), id.to_owned());
        blocking(move || {
            let machines = shared.machines().ok_or("the keeper does not answer")?;
            machines.status(&id).map_err(|e| e.to_string())
        })
        .await
    }

    async fn step(
        self: &Arc<Self>,
        scope: &Scope,
        instance: &Arc<Instance>,
        status: Option<MachineStatus>,
    ) -> Result<(), String> {
        let state = status.as_ref().map(|s| &s.state);
        match (instance.state, state) {
            (InstanceState::Pending, Some(MachineState::Running)) => self.mark_running(scope, instance).await,
            // Forked by a run of ours that did not live to plug its network.
            (_, Some(MachineState::Held)) => self.stop(&instance.id, StopMode::Force).await,
            (InstanceState::Pending, _) => self.start(scope, instance, status.is_some()).await,
            (InstanceState::Running, Some(MachineState::Running)) => self.keep(scope, instance, status).await,
            (InstanceState::Running, Some(MachineState::Exited(cause))) => {
                let cause = cause.clone();
                self.ended(scope, instance, &cause).await
            }
            // The host itself restarted: the machine comes back with its disk.
            (InstanceState::Running, None) => self.start(scope, instance, false).await,
            (InstanceState::Stopping, Some(MachineState::Running)) => {
                let mode =
                    if instance.force { StopMode::Force } else { StopMode::Orderly { grace_ms: STOP_GRACE } };
                self.stop(&instance.id, mode).await
            }
            (InstanceState::Stopping, None | Some(MachineState::Exited(_))) => {
                self.unplug(scope, instance).await?;
                self.forget(&instance.id).await?;
                self.record(|tx, _| transitions::mark_stopped(tx, scope, &instance.id)).await
            }
            (InstanceState::ShuttingDown, Some(MachineState::Running)) => {
                let mode = if instance.force {
                    StopMode::Force
                } else {
                    StopMode::Orderly { grace_ms: TERMINATE_GRACE }
                };
                self.stop(&instance.id, mode).await
            }
            (InstanceState::ShuttingDown, None | Some(MachineState::Exited(_))) => {
                self.unplug(scope, instance).await?;
                self.destroy(&instance.id).await?;
                self.record(|tx, now| transitions::terminate(tx, scope, &instance.id, now)).await
            }
            // A machine that must not be there: a crash between two steps left it.
            (InstanceState::Terminated, Some(_)) => self.destroy(&instance.id).await,
            (InstanceState::Stopped, Some(MachineState::Running)) => {
                self.stop(&instance.id, StopMode::Force).await
            }
            (InstanceState::Stopped, Some(MachineState::Exited(_))) => self.forget(&instance.id).await,
            (_, Some(MachineState::Stopping))
            | (InstanceState::Stopped | InstanceState::Terminated, None) => Ok(()),
        }
    }

    /// Launches, with a bounded number of attempts; `left_over` when the keeper still knows an earlier run.
    async fn start(
        self: &Arc<Self>,
        scope: &Scope,
        instance: &Arc<Instance>,
        left_over: bool,
    ) -> Result<(), String> {
        if left_over {
            self.forget(&instance.id).await?;
        }
        let mut attempt = 1;
        loop {
            match launch(&self.shared, scope, instance).await {
                Ok(()) => break,
                Err(error) if attempt < ATTEMPTS => {
                    tracing::warn!(id = instance.id, %error, attempt, "launch failed; trying again");
                    let _ = self.stop(&instance.id, StopMode::Force).await;
                    tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
                    let _ = self.forget(&instance.id).await;
                    attempt += 1;
                }
                Err(error) => return self.give_up(scope, instance, &error).await,
            }
        }
        self.mark_running(scope, instance).await
    }

    async fn give_up(
        self: &Arc<Self>,
        scope: &Scope,
        instance: &Arc<Instance>,
        error: &str,
    ) -> Result<(), String> {
        tracing::error!(id = instance.id, %error, "the instance cannot be started");
        let _ = self.stop(&instance.id, StopMode::Force).await;
        if instance.state == InstanceState::Pending && instance.generation <= 1 {
            // What was never plugged cannot be unplugged; the instance must end all the same.
            if let Err(error) = self.unplug(scope, instance).await {
                tracing::warn!(id = instance.id, %error, "the network of a failed launch stays for the next sweep");
            }
            self.destroy(&instance.id).await?;
        }
        self.record(|tx, now| transitions::mark_failed(tx, scope, &instance.id, error, now)).await
    }

    async fn mark_running(self: &Arc<Self>, scope: &Scope, instance: &Arc<Instance>) -> Result<(), String> {
        self.shared.set_up(&instance.id, true);
        let host = &self.shared.host;
        self.record(|tx, _| transitions::mark_running(tx, scope, &instance.id, host)).await
    }

    /// A machine that runs as it should: a wanted reboot, and the moment its boot was done.
    async fn keep(
        self: &Arc<Self>,
        scope: &Scope,
        instance: &Arc<Instance>,
        status: Option<MachineStatus>,
    ) -> Result<(), String> {
        if instance.reboot_requested {
            let (shared, id) = (self.shared.clone(), instance.id.clone());
            blocking(move || {
                let machines = shared.machines().ok_or("the keeper does not answer")?;
                machines.reboot(&id).map_err(|e| e.to_string())
            })
            .await?;
            self.record(|tx, _| transitions::mark_rebooted(tx, scope, &instance.id)).await?;
        }
        interfaces::follow(&self.shared, scope, instance).await?;
        if instance.booted_at.is_none() && status.is_some_and(|s| s.progress.boot_finished_ns > 0) {
            self.record(|tx, now| transitions::mark_booted(tx, scope, &instance.id, now)).await?;
        }
        Ok(())
    }

    /// PID 1 is gone without the API having asked for it.
    async fn ended(
        self: &Arc<Self>,
        scope: &Scope,
        instance: &Arc<Instance>,
        cause: &ExitCause,
    ) -> Result<(), String> {
        if *cause == ExitCause::Reboot {
            return self.start(scope, instance, true).await;
        }
        tracing::info!(id = instance.id, ?cause, "the machine ended");
        self.unplug(scope, instance).await?;
        self.forget(&instance.id).await?;
        self.record(|tx, _| transitions::mark_exited(tx, scope, &instance.id)).await
    }

    async fn stop(&self, id: &str, mode: StopMode) -> Result<(), String> {
        let (shared, id) = (self.shared.clone(), id.to_owned());
        blocking(move || {
            let machines = shared.machines().ok_or("the keeper does not answer")?;
            match machines.stop(&id, mode) {
                Ok(()) | Err(machine::MachineError::NotFound(_)) => Ok(()),
                Err(error) => Err(error.to_string()),
            }
        })
        .await
    }

    async fn forget(&self, id: &str) -> Result<(), String> {
        let (shared, id) = (self.shared.clone(), id.to_owned());
        blocking(move || {
            let machines = shared.machines().ok_or("the keeper does not answer")?;
            match machines.forget(&id) {
                Ok(()) | Err(machine::MachineError::NotFound(_)) => Ok(()),
                Err(error) => Err(error.to_string()),
            }
        })
        .await
    }

    /// Kills what is left of a machine and removes its disk.
    async fn destroy(&self, id: &str) -> Result<(), String> {
        let (shared, owned) = (self.shared.clone(), id.to_owned());
        blocking(move || {
            let machines = shared.machines().ok_or("the keeper does not answer")?;
            machines.terminate(&owned).map_err(|e| e.to_string())
        })
        .await?;
        self.shared.set_up(id, false);
        Ok(())
    }

    async fn unplug(&self, scope: &Scope, instance: &Instance) -> Result<(), String> {
        self.shared.set_up(&instance.id, false);
        for interface in &instance.network_interfaces {
            self.shared.network.detach(scope, &instance.vpc_id, interface).await?;
        }
        Ok(())
    }

    async fn record(
        &self,
        change: impl Fn(&mut Tx<'_>, records::Millis) -> Option<Instance> + Send + Sync,
    ) -> Result<(), String> {
        let now = self.shared.clock.now();
        let run = move |tx: &mut Tx<'_>| {
            change(tx, now);
            Ok::<(), StoreError>(())
        };
        self.shared.store.transact(run).await.map(|_| ()).map_err(|e| e.to_string())
    }
}
