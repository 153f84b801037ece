//! Handlers on a store in memory.

mod assume;
mod instance;
mod tokens;

use crate::Sts;
use aws_schema::Fault;
use contracts::{Call, Caller, ManualClock, Platform, Principal, PrincipalKind};
use records::Millis;
use records::iam::{Role, Session, User};
use state_store::typed::{Record, Scope};
use std::sync::Arc;

/// 2026-11-20T10:00:00Z.
const NOW: Millis = 1_795_168_800_000;
const ACCOUNT: &str = "123456789012";

struct World {
    platform: Platform,
    clock: ManualClock,
    sts: Arc<Sts>,
}

impl World {
    fn new() -> World {
        let clock = ManualClock::new(NOW);
        let platform = Platform::without_host(Arc::new(clock.clone()), ACCOUNT, false);
        World { sts: Arc::new(Sts { platform: platform.clone() }), clock, platform }
    }

    /// By root.
    fn call(&self) -> Call<Sts> {
        self.call_by(Principal::root(ACCOUNT), "AKIATEST")
    }

    fn call_by(&self, principal: Principal, key: &str) -> Call<Sts> {
        let caller = Caller {
            scope: Scope::new(ACCOUNT, "us-east-1"),
            principal,
            access_key_id: key.to_owned(),
            source_ip: None,
            request_id: contracts::new_uuid(),
            user_agent: String::new(),
            host: String::new(),
            enforced: true,
        };
        Call::new(Arc::new(caller), self.sts.clone())
    }

    /// By the session of a role that was made before.
    fn call_in(&self, key: &str) -> Call<Sts> {
        let session = self.session(key);
        let kind = PrincipalKind::AssumedRole {
            role: session.name.clone(),
            role_id: session.bound_to.clone().unwrap(),
            session: session.session_name.clone(),
        };
        let (arn, user_id) = (session.arn.clone(), session.user_id.clone());
        self.call_by(Principal { kind, arn, user_id }, key)
    }

    fn session(&self, key: &str) -> Arc<Session> {
        self.platform.store.get(&crate::session::sessions_scope(), key).unwrap()
    }

    async fn put<R: Record>(&self, record: R) {
        let written = self.platform.transact(|tx| {
            tx.put(&Scope::global(ACCOUNT), record.clone());
            Ok(())
        });
        written.await.unwrap();
    }

    /// A role with this principal, actions and more elements in its trust policy.
    async fn role(&self, name: &str, principal: &str, actions: &str, more: &str) {
        let trust_policy = format!(
            r#"{{"Statement":{{"Effect":"Allow","Principal":{principal},"Action":{actions}{more}}}}}"#
        );
        self.put(Role {
            id: name.to_owned(),
            name: name.to_owned(),
            role_id: format!("AROA{name}"),
            path: "/".to_owned(),
            trust_policy,
            trusted: Default::default(),
            description: None,
            max_session_duration: 7200,
            created: NOW,
            tags: Default::default(),
            policies: Default::default(),
            last_used: None,
        })
        .await;
    }

    async fn user(&self, name: &str) -> Principal {
        let user = User {
            id: name.to_owned(),
            name: name.to_owned(),
            user_id: format!("AIDA{name}"),
            path: "/".to_owned(),
            created: NOW,
            tags: Default::default(),
            policies: Default::default(),
            groups: Vec::new(),
        };
        self.put(user.clone()).await;
        Principal {
            kind: PrincipalKind::User { name: name.to_owned(), id: user.user_id.clone() },
            arn: user.arn(ACCOUNT),
            user_id: user.user_id,
        }
    }
}

/// `OWN` admits everybody in the account.
const OWN: &str = r#"{"AWS":"123456789012"}"#;
const ASSUME: &str = r#""sts:AssumeRole""#;

/// The code of a refusal; `ok` without one.
fn code<T>(result: &Result<T, Fault>) -> &str {
    result.as_ref().err().map_or("ok", |fault| &fault.code)
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}
