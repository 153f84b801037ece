//! What handlers stand on in tests.

use crate::States;
use crate::service::StatesCall;
use aws_schema::Fault;
use contracts::audit::AuditSink;
use contracts::seams::{Authorizer, LogLine, LogSink};
use contracts::{Call, Caller, Platform, Principal, ServiceTable, SystemClock};
use state_store::typed::Scope;
use std::sync::Arc;
use tokio::sync::watch;

pub(super) const ACCOUNT: &str = "000000000000";
pub(super) const ROLE: &str = "arn:aws:iam::000000000000:role/tester";

struct Nothing;

impl LogSink for Nothing {
    fn append(&self, _: &Scope, _: &str, _: &str, _: &[LogLine]) -> std::io::Result<()> {
        Ok(())
    }
}

impl Authorizer for Nothing {
    fn authorize(&self, _: &Caller, _: &str) -> Result<(), Fault> {
        Ok(())
    }
}

/// One cloud with an open engine in memory.
pub(super) struct World {
    pub(super) states: Arc<States>,
    stop: watch::Sender<bool>,
    desk: tokio::task::JoinHandle<()>,
}

impl World {
    pub(super) fn new() -> World {
        let platform = Platform::without_host(Arc::new(SystemClock), ACCOUNT, true);
        let states = States::new(platform);
        let tables = vec![crate::table(&states)];
        World::with(states, tables, None)
    }

    /// On these tables for tasks, with executions in a folder.
    pub(super) fn with(
        states: Arc<States>,
        tables: Vec<ServiceTable>,
        folder: Option<std::path::PathBuf>,
    ) -> World {
        World::guarded(states, tables, folder, Arc::new(Nothing), None)
    }

    /// The same with rights and an audit log.
    pub(super) fn guarded(
        states: Arc<States>,
        tables: Vec<ServiceTable>,
        folder: Option<std::path::PathBuf>,
        authorizer: Arc<dyn Authorizer>,
        audit: Option<Arc<dyn AuditSink>>,
    ) -> World {
        states.open(folder, [3; 32], tables, authorizer, audit, Arc::new(Nothing)).unwrap();
        let (stop, stopped) = watch::channel(false);
        #[expect(clippy::disallowed_methods, reason = "the handle is kept in the world")]
        let desk = tokio::spawn(states.clone().run(stopped));
        World { states, stop, desk }
    }

    pub(super) fn call(&self) -> StatesCall {
        let caller = Caller {
            scope: Scope::new(ACCOUNT, "eu-central-1"),
            principal: Principal::root(ACCOUNT),
            access_key_id: String::new(),
            source_ip: None,
            request_id: String::new(),
            user_agent: String::new(),
            host: String::new(),
            enforced: false,
        };
        Call::new(Arc::new(caller), self.states.clone())
    }

    pub(super) async fn close(self) {
        self.stop.send(true).unwrap();
        self.desk.await.unwrap();
    }
}

/// A definition of one state.
pub(super) fn one_state(state: &str) -> String {
    format!(r#"{{"StartAt":"S","States":{{"S":{state}}}}}"#)
}

/// The simplest machine.
pub(super) fn pass() -> String {
    one_state(r#"{"Type":"Pass","End":true}"#)
}
