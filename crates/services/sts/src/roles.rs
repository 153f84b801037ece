//! Role sessions for instances: what the metadata service hands out.

use crate::session;
use contracts::seams::{RoleSessions, SessionCredentials};
use contracts::{BoxFuture, Platform};
use iam_policy::{Context, PolicyUse, TrustCaller, Verdict};
use parking_lot::Mutex;
use records::Millis;
use records::iam::{InstanceProfile, Role, SessionPolicies};
use state_store::typed::Scope;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Life of an instance's session, and how long before its end the next one is made (EC2 User Guide: new keys come at
/// least five minutes before the old ones end).
const LIFE: Millis = 6 * 3600 * 1000;
const RENEW: Millis = 15 * 60 * 1000;
/// Sessions remembered; beyond this they are made anew.
const CACHE: usize = 10_000;

/// Issues sessions of the roles in instance profiles.
pub struct Roles(Arc<Issuer>);

struct Issuer {
    platform: Platform,
    /// By account, instance and role.
    issued: Mutex<HashMap<(String, String, String), SessionCredentials>>,
}

impl Roles {
    /// On the shared platform.
    pub fn new(platform: Platform) -> Arc<Roles> {
        Arc::new(Roles(Arc::new(Issuer { platform, issued: Mutex::default() })))
    }
}

impl Issuer {
    fn role(&self, account: &str, profile_arn: &str) -> Option<Arc<Role>> {
        let scope = Scope::global(account);
        let name = profile_arn.rsplit('/').next()?.to_lowercase();
        let profile = self.platform.store.get::<InstanceProfile>(&scope, &name)?;
        let role = self.platform.store.get::<Role>(&scope, profile.role.as_deref()?)?;
        trusts_ec2(&role).then_some(role)
    }

    async fn issue(
        &self,
        account: String,
        profile_arn: String,
        instance_id: String,
    ) -> Result<Option<(String, SessionCredentials)>, String> {
        let Some(role) = self.role(&account, &profile_arn) else { return Ok(None) };
        let now = self.platform.clock.now();
        let place = (account.clone(), instance_id.clone(), role.role_id.clone());
        if let Some(known) = self.issued.lock().get(&place).filter(|k| k.expiration - now > RENEW) {
            return Ok(Some((role.name.clone(), known.clone())));
        }
        let minted =
            session::mint(&self.platform, &account, LIFE / 1000, 0).map_err(|fault| fault.message)?;
        let keys = minted.open.clone();
        let scope = Scope::global(account.as_str());
        let written = self.platform.transact(|tx| {
            // The role may have gone meanwhile, or another come in its place.
            let Some(role) = tx.get::<Role>(&scope, &role.id).filter(|now| now.role_id == role.role_id)
            else {
                return Ok(false);
            };
            session::put(tx, &minted, actor(&account, &role, &instance_id));
            Ok(true)
        });
        if !written.await.map_err(|fault| fault.message)?.value {
            return Ok(None);
        }
        let mut issued = self.issued.lock();
        if issued.len() >= CACHE {
            issued.clear();
        }
        issued.insert(place, keys.clone());
        Ok(Some((role.name.clone(), keys)))
    }
}

/// Only a role that trusts EC2 gives keys to instances.
fn trusts_ec2(role: &Role) -> bool {
    let ec2 = TrustCaller::Service("ec2.amazonaws.com".to_owned());
    iam_policy::parse(&role.trust_policy, PolicyUse::Trust).is_ok_and(|trust| {
        iam_policy::decide(&trust, "sts:AssumeRole", &ec2, &Context::default()) == Verdict::Allowed
    })
}

/// The session is named after the instance.
fn actor(account: &str, role: &Role, instance_id: &str) -> session::Actor {
    session::Actor {
        account: account.to_owned(),
        kind: "role",
        name: role.name.clone(),
        session_name: instance_id.to_owned(),
        arn: format!("arn:aws:sts::{account}:assumed-role/{}/{instance_id}", role.name),
        user_id: format!("{}:{instance_id}", role.role_id),
        bound_to: Some(role.role_id.clone()),
        policies: SessionPolicies::default(),
        tags: BTreeMap::new(),
        transitive_tags: Vec::new(),
        source_identity: None,
    }
}

impl RoleSessions for Roles {
    fn instance_role(
        &self,
        account: String,
        profile_arn: String,
        instance_id: String,
    ) -> BoxFuture<'static, Result<Option<(String, SessionCredentials)>, String>> {
        let roles = self.0.clone();
        Box::pin(async move { roles.issue(account, profile_arn, instance_id).await })
    }
}
