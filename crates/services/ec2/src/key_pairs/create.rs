//! CreateKeyPair.

use super::{check_name, generate, store};
use crate::resource_kind::ResourceKind;
use crate::tags::{TagSpecifications, to_api};
use crate::{Ec2, faults};
use api_ec2::{CreateKeyPairRequest, KeyPair as ApiKeyPair};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::KeyPair;

/// CreateKeyPair. The private key stands in the answer and nowhere else.
pub(super) async fn create_key_pair(call: Call<Ec2>, input: CreateKeyPairRequest) -> Reply<ApiKeyPair> {
    let name = check_name(input.key_name)?;
    let tags = TagSpecifications::parse(input.tag_specifications, &[ResourceKind::KeyPair])?
        .of(ResourceKind::KeyPair);
    let key_type = input.key_type.as_ref().map_or("rsa", |t| t.as_str()).to_owned();
    match input.key_format.as_ref().map_or("pem", |f| f.as_str()) {
        "pem" => {}
        "ppk" => return Err(faults::unsupported("Key format ppk is not supported by this cloud; use pem.")),
        other => return Err(faults::invalid_value("KeyFormat", other, "")),
    }
    // Known duplicates are refused before the costly part; the transaction decides for good.
    if call.store().get::<KeyPair>(call.scope(), &name).is_some() {
        return Err(Fault::sender("InvalidKeyPair.Duplicate", "The keypair already exists"));
    }
    let generated = match key_type.as_str() {
        "rsa" => {
            let name = name.clone();
            // Finding primes keeps a processor busy: not on a thread that serves requests.
            tokio::task::spawn_blocking(move || generate::rsa(&name))
                .await
                .map_err(|error| faults::internal(format!("The key pair could not be made: {error}.")))??
        }
        "ed25519" => generate::ed25519(&name),
        other => return Err(faults::invalid_value("KeyType", other, "")),
    };
    // Only the public half is kept; nobody can ask for the private one again.
    let record = KeyPair {
        id: name,
        key_pair_id: ResourceKind::KeyPair.new_id(),
        key_type,
        fingerprint: generated.fingerprint,
        public_key: generated.public_line,
        created: call.now(),
    };
    let record = store(&call, record, &tags).await?;
    Ok(ApiKeyPair {
        key_pair_id: Some(record.key_pair_id),
        tags: Some(to_api(&tags)),
        key_name: Some(record.id),
        key_fingerprint: Some(record.fingerprint),
        key_material: Some(generated.private_pem),
    })
}
