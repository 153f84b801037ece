//! Handlers on a store in memory.

mod keys;
mod limits;
mod names;
mod policies;
mod users;

use crate::Iam;
use aws_schema::Fault;
use contracts::seams::{CommandEnd, CommandHost, CommandRequest, MachineView, NetworkGate};
use contracts::{
    BoxFuture, Call, Caller, CloudConfig, ManualClock, PageKey, Platform, Principal, PrincipalKind, Sealer,
};
use records::Millis;
use state_store::typed::{Scope, Store};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// 2026-11-20T10:00:00Z.
const NOW: Millis = 1_795_168_800_000;
const ACCOUNT: &str = "123456789012";
const ALLOW: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
const TRUST: &str = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}}"#;

/// IAM needs no host.
struct NoHost;

impl NetworkGate for NoHost {
    fn settled(&self, _: Scope, _: String, _: u64) -> BoxFuture<'static, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}

impl MachineView for NoHost {
    fn console(&self, _: &str) -> Option<(Vec<u8>, Millis)> {
        None
    }
    fn reachable(&self, _: &str) -> bool {
        false
    }
}

impl CommandHost for NoHost {
    fn deliverable(&self, _: &str) -> bool {
        false
    }
    fn run(&self, _: CommandRequest) -> BoxFuture<'static, CommandEnd> {
        Box::pin(async { CommandEnd::Unreachable("no host".to_owned()) })
    }
    fn cancel(&self, _: &str) {}
}

struct World {
    platform: Platform,
    clock: ManualClock,
    iam: Arc<Iam>,
}

impl World {
    fn new() -> World {
        let (clock, host) = (ManualClock::new(NOW), Arc::new(NoHost));
        let platform = Platform {
            store: Store::in_memory(),
            clock: Arc::new(clock.clone()),
            sealer: Sealer::new(&[1; 32]),
            pages: PageKey::new([2; 32]),
            config: Arc::new(CloudConfig {
                default_account: ACCOUNT.to_owned(),
                open: false,
                endpoint: String::new(),
                public_pool: (Ipv4Addr::new(198, 18, 0, 0), 15),
            }),
            network: host.clone(),
            refusals: contracts::Refusals::default(),
            machines: host.clone(),
            commands: host,
        };
        World { iam: Arc::new(Iam { platform: platform.clone() }), clock, platform }
    }

    /// By root.
    fn call(&self) -> Call<Iam> {
        self.call_by(Principal::root(ACCOUNT))
    }

    fn call_by(&self, principal: Principal) -> Call<Iam> {
        Call::new(Arc::new(caller(principal, "AKIATEST")), self.iam.clone())
    }
}

/// In us-east-1, enforced.
fn caller(principal: Principal, key: &str) -> Caller {
    Caller {
        scope: Scope::new(ACCOUNT, "us-east-1"),
        principal,
        access_key_id: key.to_owned(),
        source_ip: None,
        request_id: contracts::new_uuid(),
        user_agent: String::new(),
        host: String::new(),
        enforced: true,
    }
}

/// A session of a role.
fn role_session() -> Principal {
    Principal {
        kind: PrincipalKind::AssumedRole {
            role: "r".to_owned(),
            role_id: "AROA".to_owned(),
            session: "s".to_owned(),
        },
        arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/r/s"),
        user_id: "AROA:s".to_owned(),
    }
}

/// The code of a refusal; `ok` without one.
fn code<T>(result: Result<T, Fault>) -> String {
    result.err().map_or_else(|| "ok".to_owned(), |fault| fault.code.into_owned())
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

async fn make_user(world: &World, name: &str) {
    let input = api_iam::CreateUserRequest { user_name: text(name), ..Default::default() };
    crate::user::create_user(world.call(), input).await.unwrap();
}

async fn make_role(world: &World, name: &str) {
    let input = api_iam::CreateRoleRequest {
        role_name: text(name),
        assume_role_policy_document: text(TRUST),
        ..Default::default()
    };
    crate::role::create_role(world.call(), input).await.unwrap();
}
