//! Handlers on a store in memory.

mod keys;
mod limits;
mod names;
mod policies;
mod users;

use crate::Iam;
use aws_schema::Fault;
use contracts::{Call, Caller, ManualClock, Platform, Principal, PrincipalKind, Sealer};
use records::Millis;
use state_store::typed::Scope;
use std::sync::Arc;

/// 2026-11-20T10:00:00Z.
const NOW: Millis = 1_795_168_800_000;
const ACCOUNT: &str = "123456789012";
const ALLOW: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
const TRUST: &str = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}}"#;

struct World {
    platform: Platform,
    clock: ManualClock,
    iam: Arc<Iam>,
}

impl World {
    fn new() -> World {
        let clock = ManualClock::new(NOW);
        let platform = Platform::without_host(Arc::new(clock.clone()), ACCOUNT, false);
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
