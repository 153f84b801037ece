//! Machines follow their records: the controller of instances, and commands in them.

mod commands;
mod console;
mod controller;
mod interfaces;
mod launch;

pub(crate) use commands::{Commands, Waiting};
pub(crate) use console::Consoles;
pub(crate) use controller::Controller;

use crate::network::NetworkHandle;
use contracts::Clock;
use machine::{Image, Machines};
use parking_lot::Mutex;
use state_store::typed::{Scope, Store};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

/// What the parts of the host agent share.
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    /// Name of this host in records.
    pub(crate) host: String,
    pub(crate) network: NetworkHandle,
    pub(crate) waiting: Waiting,
    /// The keeper's client; set once the keeper answers.
    pub(crate) machines: OnceLock<Machines>,
    /// The built-in image; made before the first launch.
    pub(crate) image: OnceLock<Image>,
    /// True once the keeper was opened, or cannot be: before that an end would miss machines that are about to be.
    pub(crate) opened: tokio::sync::watch::Sender<bool>,
    /// Held shared by every step of a controller, and alone by a reset, which must not meet one half-way.
    /// True once the cloud goes away for good.
    pub(crate) closed: tokio::sync::RwLock<bool>,
    /// Instances whose processes run.
    up: Mutex<HashSet<String>>,
    /// Account and region of every instance seen; ids are unique in the cloud.
    scopes: Mutex<HashMap<String, Scope>>,
}

impl Shared {
    pub(crate) fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        host: String,
        network: NetworkHandle,
    ) -> Arc<Shared> {
        Arc::new(Shared {
            store,
            clock,
            host,
            network,
            waiting: Waiting::default(),
            machines: OnceLock::new(),
            image: OnceLock::new(),
            opened: tokio::sync::watch::Sender::new(false),
            closed: tokio::sync::RwLock::new(false),
            up: Mutex::default(),
            scopes: Mutex::default(),
        })
    }

    pub(crate) async fn wait_opened(&self) {
        // The sender is ours, so the wait cannot fail.
        let _ = self.opened.subscribe().wait_for(|opened| *opened).await;
    }

    pub(crate) fn machines(&self) -> Option<&Machines> {
        self.machines.get()
    }

    pub(crate) fn is_up(&self, id: &str) -> bool {
        self.up.lock().contains(id)
    }

    fn set_up(&self, id: &str, up: bool) {
        if up {
            self.up.lock().insert(id.to_owned());
        } else {
            self.up.lock().remove(id);
        }
    }

    fn scope_of(&self, id: &str) -> Option<Scope> {
        self.scopes.lock().get(id).cloned()
    }
}
