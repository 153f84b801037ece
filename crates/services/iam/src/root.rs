//! The first key of an account.

use crate::keys::keys_scope;
use contracts::{Platform, access_key_id, secret_text};
use records::iam::AccessKey;

/// The account's root key, made at the first start: its id and secret, to be shown once. Nothing if it has one.
pub async fn ensure_root_key(platform: &Platform, account: &str) -> Result<Option<(String, String)>, String> {
    let held = platform.store.by_index::<AccessKey>(&keys_scope(), "holder", &format!("{account}/"));
    if !held.is_empty() {
        return Ok(None);
    }
    let (id, secret) = (access_key_id("AKIA", account), secret_text(30));
    let sealed_secret = platform.sealer.seal(&id, secret.as_bytes()).map_err(|e| e.to_string())?;
    let record = AccessKey {
        id: id.clone(),
        account: account.to_owned(),
        user: None,
        sealed_secret,
        active: true,
        created: platform.clock.now(),
        last_used: None,
    };
    let written = platform.transact(|tx| {
        tx.put(&keys_scope(), record.clone());
        Ok(())
    });
    written.await.map_err(|fault| fault.message)?;
    Ok(Some((id, secret)))
}

/// The root keys of all accounts, to be kept over a reset.
pub fn root_keys(platform: &Platform) -> Vec<AccessKey> {
    let keys = platform.store.list::<AccessKey>(&keys_scope());
    keys.iter().filter(|key| key.user.is_none()).map(|key| (**key).clone()).collect()
}

/// Puts root keys back after everything was wiped.
///
/// # Errors
/// The store's refusal, in words.
pub async fn restore_root_keys(platform: &Platform, keys: Vec<AccessKey>) -> Result<(), String> {
    for some in keys.chunks(100) {
        let written = platform.transact(|tx| {
            for key in some {
                tx.put(&keys_scope(), key.clone());
            }
            Ok(())
        });
        written.await.map_err(|fault| fault.message)?;
    }
    Ok(())
}
