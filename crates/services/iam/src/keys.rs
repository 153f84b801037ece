//! The key ring: every key the cloud issued, long-lived and temporary.

use contracts::seams::{KeyRing, KnownKey};
use contracts::{Platform, Principal, PrincipalKind};
use parking_lot::Mutex;
use records::Millis;
use records::iam::{AccessKey, Role, Session, User};
use state_store::typed::Scope;
use std::collections::HashMap;
use std::sync::Arc;

/// Opened keys kept in memory; beyond this the ring starts over, which costs one opening per key.
const CACHE: usize = 10_000;

/// Where keys and sessions live: they must be found by their id alone.
pub(crate) fn keys_scope() -> Scope {
    Scope::global("allod")
}

/// Finds issued keys in the records.
pub struct Keys {
    platform: Platform,
    /// Opened keys with the record they were opened from; a changed record is another `Arc`.
    opened: Mutex<HashMap<String, (Source, KnownKey)>>,
    /// Uses not yet written to the records, by key id.
    uses: Mutex<HashMap<String, Use>>,
}

/// A key's latest use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) at: Millis,
    pub(crate) service: String,
    pub(crate) region: String,
}

enum Source {
    Key(Arc<AccessKey>, Option<Arc<User>>),
    Session(Arc<Session>),
}

impl Keys {
    /// On the shared platform.
    pub fn new(platform: Platform) -> Arc<Keys> {
        Arc::new(Keys { platform, opened: Mutex::default(), uses: Mutex::default() })
    }

    fn long_lived(&self, id: &str) -> Option<KnownKey> {
        let record = self.platform.store.get::<AccessKey>(&keys_scope(), id)?;
        let user = match &record.user {
            Some(name) => {
                Some(self.platform.store.get::<User>(&Scope::global(record.account.as_str()), name)?)
            }
            None => None,
        };
        if let Some((Source::Key(known, of), key)) = self.opened.lock().get(id)
            && Arc::ptr_eq(known, &record)
            && of.as_ref().map(Arc::as_ptr) == user.as_ref().map(Arc::as_ptr)
        {
            return Some(key.clone());
        }
        let key = KnownKey {
            account: record.account.clone(),
            principal: user.as_ref().map_or_else(
                || Principal::root(&record.account),
                |user| user_principal(&record.account, user),
            ),
            secret: self.open(&record.id, &record.sealed_secret)?,
            session_token: None,
            expires: None,
            active: record.active,
        };
        self.keep(id, Source::Key(record, user), &key);
        Some(key)
    }

    fn temporary(&self, id: &str) -> Option<KnownKey> {
        let record = self.platform.store.get::<Session>(&keys_scope(), id)?;
        if !self.is_alive(&record) {
            return None;
        }
        if let Some((Source::Session(known), key)) = self.opened.lock().get(id)
            && Arc::ptr_eq(known, &record)
        {
            return Some(key.clone());
        }
        let key = KnownKey {
            account: record.account.clone(),
            principal: session_principal(&record),
            secret: self.open(&record.id, &record.sealed_secret)?,
            session_token: Some(self.open(&record.id, &record.sealed_token)?),
            expires: Some(record.expires),
            active: true,
        };
        self.keep(id, Source::Session(record), &key);
        Some(key)
    }

    /// A session ends with the role or user it acts for, even if another of the same name comes.
    fn is_alive(&self, session: &Session) -> bool {
        let Some(bound) = &session.bound_to else { return true };
        let (store, scope) = (&self.platform.store, Scope::global(session.account.as_str()));
        if session.kind == "role" {
            let role = store.get::<Role>(&scope, &session.name.to_lowercase());
            return role.is_some_and(|role| role.role_id == *bound);
        }
        // By id: a user may have been renamed since.
        !store.by_index::<User>(&scope, "user-id", bound).is_empty()
    }

    /// Takes the uses noted since the last time.
    pub(crate) fn take_uses(&self) -> HashMap<String, Use> {
        std::mem::take(&mut *self.uses.lock())
    }

    pub(crate) fn platform(&self) -> &Platform {
        &self.platform
    }

    fn open(&self, id: &str, sealed: &[u8]) -> Option<String> {
        let opened = self.platform.sealer.open(id, sealed);
        let opened =
            opened.inspect_err(|error| tracing::error!(id, %error, "an access key cannot be opened"));
        String::from_utf8(opened.ok()?).ok()
    }

    fn keep(&self, id: &str, source: Source, key: &KnownKey) {
        let mut opened = self.opened.lock();
        if opened.len() >= CACHE {
            opened.clear();
        }
        opened.insert(id.to_owned(), (source, key.clone()));
    }
}

/// An IAM user as a principal.
pub(crate) fn user_principal(account: &str, user: &User) -> Principal {
    Principal {
        kind: PrincipalKind::User { name: user.name.clone(), id: user.user_id.clone() },
        arn: user.arn(account),
        user_id: user.user_id.clone(),
    }
}

fn session_principal(session: &Session) -> Principal {
    let kind = match session.kind.as_str() {
        "role" => PrincipalKind::AssumedRole {
            role: session.name.clone(),
            role_id: session.user_id.split(':').next().unwrap_or_default().to_owned(),
            session: session.session_name.clone(),
        },
        "federated" => PrincipalKind::FederatedUser { name: session.name.clone() },
        "user" => PrincipalKind::User { name: session.name.clone(), id: session.user_id.clone() },
        _ => PrincipalKind::Root,
    };
    Principal { kind, arn: session.arn.clone(), user_id: session.user_id.clone() }
}

impl KeyRing for Keys {
    fn key(&self, access_key_id: &str) -> Option<KnownKey> {
        if access_key_id.starts_with("ASIA") {
            self.temporary(access_key_id)
        } else {
            self.long_lived(access_key_id)
        }
    }

    fn used(&self, access_key_id: &str, service: &str, region: &str) {
        // In open mode any text may be a key id; only issued ones are remembered.
        if !access_key_id.starts_with("AKIA") && !access_key_id.starts_with("ASIA") {
            return;
        }
        let at = self.platform.clock.now();
        let mut uses = self.uses.lock();
        if let Some(known) = uses.get_mut(access_key_id) {
            known.at = at;
            if known.service != service || known.region != region {
                (known.service, known.region) = (service.to_owned(), region.to_owned());
            }
        } else if uses.len() < CACHE {
            let (service, region) = (service.to_owned(), region.to_owned());
            uses.insert(access_key_id.to_owned(), Use { at, service, region });
        }
    }
}
