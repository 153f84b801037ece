//! DescribeKeyPairs.

use super::not_found;
use crate::filters::{Filters, one};
use crate::{Ec2, tags};
use api_ec2::{DescribeKeyPairsRequest, DescribeKeyPairsResult, KeyPairInfo};
use aws_schema::Timestamp;
use contracts::{Call, Reply};
use records::KeyPair;

const FILTERS: &[&str] = &["fingerprint", "key-name", "key-pair-id"];

/// DescribeKeyPairs. Names and ids given together are alternatives; each must exist.
pub(super) async fn describe_key_pairs(
    call: Call<Ec2>,
    input: DescribeKeyPairsRequest,
) -> Reply<DescribeKeyPairsResult> {
    let filters = Filters::parse(input.filters, FILTERS)?;
    let all = call.store().list::<KeyPair>(call.scope());
    let (names, ids) = (input.key_names.unwrap_or_default(), input.key_pair_ids.unwrap_or_default());
    if let Some(missing) = names.iter().find(|name| !all.iter().any(|key| key.id == **name)) {
        return Err(not_found(missing));
    }
    if let Some(missing) = ids.iter().find(|id| !all.iter().any(|key| key.key_pair_id == **id)) {
        return Err(not_found(missing));
    }
    let named = |key: &KeyPair| {
        (names.is_empty() && ids.is_empty()) || names.contains(&key.id) || ids.contains(&key.key_pair_id)
    };
    let with_public = input.include_public_key.unwrap_or(false);
    let mut found = Vec::new();
    for key in all.iter().filter(|key| named(key)) {
        let its_tags = tags::of(call.store(), call.scope(), &key.key_pair_id);
        let values = |name: &str| match name {
            "fingerprint" => one(&key.fingerprint),
            "key-name" => one(&key.id),
            _ => one(&key.key_pair_id),
        };
        if filters.matches(&its_tags, values) {
            found.push(KeyPairInfo {
                key_pair_id: Some(key.key_pair_id.clone()),
                key_type: Some(key.key_type.clone().into()),
                tags: Some(tags::to_api(&its_tags)),
                public_key: with_public.then(|| key.public_key.clone()),
                create_time: Some(Timestamp::from_millis(key.created)),
                key_name: Some(key.id.clone()),
                key_fingerprint: Some(key.fingerprint.clone()),
            });
        }
    }
    Ok(DescribeKeyPairsResult { key_pairs: Some(found) })
}
