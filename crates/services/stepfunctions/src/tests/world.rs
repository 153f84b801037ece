//! What handlers stand on in tests.

use crate::States;
use crate::service::StatesCall;
use aws_schema::Fault;
use contracts::seams::{
    Authorizer, CommandEnd, CommandHost, CommandRequest, LogLine, LogSink, MachineView, NetworkGate,
};
use contracts::{BoxFuture, Call, Caller, CloudConfig, PageKey, Platform, Principal, Sealer, SystemClock};
use records::Millis;
use state_store::typed::{Scope, Store};
use std::net::Ipv4Addr;
use std::sync::Arc;
use tokio::sync::watch;

pub(super) const ACCOUNT: &str = "000000000000";
pub(super) const ROLE: &str = "arn:aws:iam::000000000000:role/tester";

struct Nothing;

impl NetworkGate for Nothing {
    fn settled(&self, _: Scope, _: String, _: u64) -> BoxFuture<'static, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}

impl MachineView for Nothing {
    fn console(&self, _: &str) -> Option<(Vec<u8>, Millis)> {
        None
    }
    fn reachable(&self, _: &str) -> bool {
        false
    }
}

impl CommandHost for Nothing {
    fn deliverable(&self, _: &str) -> bool {
        false
    }
    fn run(&self, _: CommandRequest) -> BoxFuture<'static, CommandEnd> {
        Box::pin(async { CommandEnd::Unreachable("no machine".to_owned()) })
    }
    fn cancel(&self, _: &str) {}
}

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
        let nothing = Arc::new(Nothing);
        let platform = Platform {
            store: Store::in_memory(),
            clock: Arc::new(SystemClock),
            sealer: Sealer::new(&[1; 32]),
            pages: PageKey::new([2; 32]),
            config: Arc::new(CloudConfig {
                default_account: ACCOUNT.to_owned(),
                open: true,
                endpoint: String::new(),
                public_pool: (Ipv4Addr::new(198, 18, 0, 0), 16),
            }),
            network: nothing.clone(),
            refusals: contracts::Refusals::default(),
            machines: nothing.clone(),
            commands: nothing.clone(),
        };
        let states = States::new(platform);
        let tables = vec![crate::table(&states)];
        states.open(None, [3; 32], tables, nothing.clone(), nothing).unwrap();
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
