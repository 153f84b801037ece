//! Role sessions for instances: what the metadata service hands out.

use contracts::seams::{RoleSessions, SessionCredentials};
use contracts::{BoxFuture, Platform, access_key_id, secret_text};
use parking_lot::Mutex;
use records::Millis;
use records::iam::{InstanceProfile, Role, Session};
use state_store::typed::Scope;
use std::collections::HashMap;
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
        self.platform.store.get::<Role>(&scope, profile.role.as_deref()?)
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
        let keys = SessionCredentials {
            access_key_id: access_key_id("ASIA", &account),
            secret_access_key: secret_text(30),
            session_token: secret_text(180),
            expiration: now + LIFE,
        };
        let seal = |text: &str| {
            self.platform.sealer.seal(&keys.access_key_id, text.as_bytes()).map_err(|e| e.to_string())
        };
        let session = Session {
            id: keys.access_key_id.clone(),
            arn: format!("arn:aws:sts::{account}:assumed-role/{}/{instance_id}", role.name),
            user_id: format!("{}:{instance_id}", role.role_id),
            kind: "role".to_owned(),
            name: role.name.clone(),
            session_name: instance_id,
            sealed_secret: seal(&keys.secret_access_key)?,
            sealed_token: seal(&keys.session_token)?,
            account,
            created: now,
            expires: keys.expiration,
        };
        let written = self.platform.transact(|tx| {
            tx.put(&Scope::global("allod"), session.clone());
            Ok(())
        });
        written.await.map_err(|fault| fault.message)?;
        let mut issued = self.issued.lock();
        if issued.len() >= CACHE {
            issued.clear();
        }
        issued.insert(place, keys.clone());
        Ok(Some((role.name.clone(), keys)))
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
