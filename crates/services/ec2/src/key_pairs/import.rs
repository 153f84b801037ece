//! ImportKeyPair.

use super::{check_name, public_key, store};
use crate::resource_kind::ResourceKind;
use crate::tags::{TagSpecifications, to_api};
use crate::{Ec2, faults};
use api_ec2::{ImportKeyPairRequest, ImportKeyPairResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::KeyPair;

/// Longest material looked at: a 4,096-bit key with comments stays below 2 KiB.
const MAX_MATERIAL: usize = 16 * 1024;

/// ImportKeyPair.
pub(super) async fn import_key_pair(
    call: Call<Ec2>,
    input: ImportKeyPairRequest,
) -> Reply<ImportKeyPairResult> {
    let name = check_name(input.key_name)?;
    let material =
        faults::required(input.public_key_material.filter(|m| !m.is_empty()), "PublicKeyMaterial")?;
    let tags = TagSpecifications::parse(input.tag_specifications, &[ResourceKind::KeyPair])?
        .of(ResourceKind::KeyPair);
    if material.len() > MAX_MATERIAL {
        return Err(Fault::sender("InvalidKey.Format", "Key is not in valid OpenSSH public key format"));
    }
    let key = public_key::parse(&material, &name)?;
    let record = KeyPair {
        id: name,
        key_pair_id: ResourceKind::KeyPair.new_id(),
        key_type: key.key_type.to_owned(),
        fingerprint: key.fingerprint,
        public_key: key.line,
        created: call.now(),
    };
    let record = store(&call, record, &tags).await?;
    Ok(ImportKeyPairResult {
        key_fingerprint: Some(record.fingerprint),
        key_name: Some(record.id),
        key_pair_id: Some(record.key_pair_id),
        tags: Some(to_api(&tags)),
    })
}
