//! DeleteKeyPair.

use super::not_found;
use crate::{Ec2, faults, tags};
use api_ec2::{DeleteKeyPairRequest, DeleteKeyPairResult};
use contracts::{Call, Reply};
use records::KeyPair;

/// DeleteKeyPair, by name or id. A name that is not there is no error; an id is. Running machines keep the key.
pub(super) async fn delete_key_pair(
    call: Call<Ec2>,
    input: DeleteKeyPairRequest,
) -> Reply<DeleteKeyPairResult> {
    let (name, id) = (input.key_name, input.key_pair_id);
    if name.is_some() && id.is_some() {
        return Err(faults::invalid_combination(
            "The parameters KeyName and KeyPairId cannot be specified together.",
        ));
    }
    if name.is_none() && id.is_none() {
        return Err(faults::missing_parameter("KeyName"));
    }
    let scope = call.scope();
    let done = call
        .platform
        .transact(|tx| {
            let found = match (&name, &id) {
                (Some(name), _) => tx.get::<KeyPair>(scope, name),
                (None, Some(id)) => {
                    let found = tx.by_index::<KeyPair>(scope, "key-pair-id", id).into_iter().next();
                    Some(found.ok_or_else(|| not_found(id))?)
                }
                (None, None) => None,
            };
            Ok(found.map(|key| {
                tags::delete(tx, scope, &key.key_pair_id);
                tx.delete::<KeyPair>(scope, &key.id);
                key.key_pair_id.clone()
            }))
        })
        .await?;
    Ok(DeleteKeyPairResult { return_: Some(true), key_pair_id: done.value })
}
