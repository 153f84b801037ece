//! Key pairs: made here or imported; only the public half is kept.

mod create;
mod delete;
mod describe;
mod fingerprint;
mod generate;
mod import;
mod openssh;
mod public_key;
pub(crate) mod table;
#[cfg(test)]
mod tests;

use crate::Ec2;
use crate::faults;
use crate::resource_kind::ResourceKind;
use crate::tags;
use aws_schema::Fault;
use contracts::Call;
use records::KeyPair;
use std::collections::BTreeMap;

/// Key pairs of an account in a region (AWS: 5,000).
const MAX_KEY_PAIRS: usize = 5000;

/// A key pair's name: 1 to 255 ASCII characters, no blank at either end.
fn check_name(name: Option<String>) -> Result<String, Fault> {
    let name = faults::required(name.filter(|name| !name.is_empty()), "KeyName")?;
    if name.len() > 255
        || !name.is_ascii()
        || name.bytes().any(|b| b.is_ascii_control())
        || name.trim() != name
    {
        return Err(faults::invalid_value(
            "keyName",
            &name,
            "Character sets beyond ASCII are not supported.",
        ));
    }
    Ok(name)
}

/// The fault for a key pair that is not there.
pub(crate) fn not_found(name: &str) -> Fault {
    let shown: String = name.chars().take(255).collect();
    Fault::sender("InvalidKeyPair.NotFound", format!("The key pair '{shown}' does not exist"))
}

/// Writes a new key pair with its tags.
async fn store(
    call: &Call<Ec2>,
    record: KeyPair,
    its_tags: &BTreeMap<String, String>,
) -> Result<KeyPair, Fault> {
    let scope = call.scope();
    call.platform
        .transact(|tx| {
            if tx.exists::<KeyPair>(scope, &record.id) {
                return Err(Fault::sender("InvalidKeyPair.Duplicate", "The keypair already exists"));
            }
            if tx.count::<KeyPair>(scope) >= MAX_KEY_PAIRS {
                return Err(Fault::sender(
                    "ResourceLimitExceeded",
                    format!("You have reached your limit of {MAX_KEY_PAIRS} key pairs."),
                ));
            }
            tags::put(tx, scope, ResourceKind::KeyPair, &record.key_pair_id, its_tags);
            tx.put(scope, record.clone());
            Ok(())
        })
        .await?;
    Ok(record)
}
