//! CreateTags and DeleteTags.

use super::rules::{check_key, limit};
use super::{check_tags, of_in_tx, put};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults};
use api_ec2::{CreateTagsRequest, DeleteTagsRequest, Tag};
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::{Instance, Tags};
use state_store::typed::{Scope, Tx};

/// Most resources in one request.
const MAX_RESOURCES: usize = 1000;
/// Resources changed in one transaction; the store takes 128 writes at a time.
const CHUNK: usize = 100;

/// The resources of a request with their kinds.
fn resources(ids: Option<Vec<String>>) -> Result<Vec<(ResourceKind, String)>, Fault> {
    let ids = faults::required(ids.filter(|ids| !ids.is_empty()), "resourceIdSet")?;
    if ids.len() > MAX_RESOURCES {
        return Err(faults::invalid_parameter_value(format!(
            "The number of resources specified exceeds the limit of {MAX_RESOURCES}"
        )));
    }
    ids.into_iter()
        .map(|id| {
            let kind = ResourceKind::of_id(&id).ok_or_else(|| {
                let shown: String = id.chars().take(200).collect();
                Fault::sender("InvalidID", format!("The ID '{shown}' is not valid"))
            })?;
            Ok((kind, id))
        })
        .collect()
}

/// Whether a taggable resource exists.
fn exists(tx: &mut Tx<'_>, scope: &Scope, kind: ResourceKind, id: &str) -> bool {
    use ResourceKind as K;
    match kind {
        K::Vpc => tx.exists::<records::Vpc>(scope, id),
        K::Subnet => tx.exists::<records::Subnet>(scope, id),
        K::RouteTable => tx.exists::<records::RouteTable>(scope, id),
        K::InternetGateway => tx.exists::<records::InternetGateway>(scope, id),
        K::EgressOnlyInternetGateway => tx.exists::<records::EgressOnlyInternetGateway>(scope, id),
        K::VpnGateway => tx.exists::<records::VpnGateway>(scope, id),
        K::NatGateway => tx.exists::<records::NatGateway>(scope, id),
        K::NetworkAcl => tx.exists::<records::NetworkAcl>(scope, id),
        K::DhcpOptions => tx.exists::<records::DhcpOptions>(scope, id),
        K::SecurityGroup => tx.exists::<records::SecurityGroup>(scope, id),
        K::SecurityGroupRule => !tx.by_index::<records::SecurityGroup>(scope, "rule", id).is_empty(),
        K::PrefixList => tx.exists::<records::PrefixList>(scope, id),
        K::NetworkInterface => tx.exists::<records::NetworkInterface>(scope, id),
        K::ElasticIp => tx.exists::<records::Address>(scope, id),
        K::Instance => tx.exists::<Instance>(scope, id),
        K::Image => tx.exists::<records::Image>(scope, id),
        K::VpcPeering => tx.exists::<records::VpcPeering>(scope, id),
        K::VpcEndpoint => tx.exists::<records::VpcEndpoint>(scope, id),
        K::FlowLog => tx.exists::<records::FlowLog>(scope, id),
        K::SubnetCidrReservation => tx.exists::<records::SubnetCidrReservation>(scope, id),
        K::InsightsPath => tx.exists::<records::InsightsPath>(scope, id),
        K::InsightsAnalysis => tx.exists::<records::InsightsAnalysis>(scope, id),
        K::KeyPair => !tx.by_index::<records::KeyPair>(scope, "key-pair-id", id).is_empty(),
        // Volumes have no records of their own yet: they stand in the instance that owns them.
        K::Volume => {
            let owns = |instance: &Instance| instance.block_devices.iter().any(|d| d.volume_id == id);
            tx.list::<Instance>(scope).iter().any(|instance| owns(instance))
        }
        _ => false,
    }
}

/// The `NotFound` fault of the first resource that does not exist.
fn all_exist(tx: &mut Tx<'_>, scope: &Scope, resources: &[(ResourceKind, String)]) -> Result<(), Fault> {
    match resources.iter().find(|(kind, id)| !exists(tx, scope, *kind, id)) {
        Some((kind, id)) => Err(kind.not_found(id)),
        None => Ok(()),
    }
}

/// CreateTags: adds or overwrites.
///
/// # Errors
/// `InvalidID` for what is no id, `NotFound` faults of the resources, `TagLimitExceeded`, faults of [`check_tags`]. Nothing
/// changes unless all resources exist.
pub(super) async fn create_tags(call: Call<Ec2>, input: CreateTagsRequest) -> Reply<Unit> {
    let resources = resources(input.resources)?;
    let tags = check_tags(faults::required(input.tags.filter(|t| !t.is_empty()), "tagSet")?)?;
    let scope = call.scope();
    if resources.len() > CHUNK {
        // Nothing may change when one resource of a later chunk is unknown.
        call.platform.transact(|tx| all_exist(tx, scope, &resources)).await?;
    }
    for chunk in resources.chunks(CHUNK) {
        call.platform
            .transact(|tx| {
                all_exist(tx, scope, chunk)?;
                for (kind, id) in chunk {
                    let mut all = of_in_tx(tx, scope, id);
                    all.extend(tags.clone());
                    limit(all.len())?;
                    put(tx, scope, *kind, id, &all);
                }
                Ok(())
            })
            .await?;
    }
    Ok(Unit)
}

/// DeleteTags: by key, by key and value, or all when no tags are named. Absent tags are no error.
///
/// # Errors
/// `InvalidID`, `InvalidParameterValue` for reserved keys.
pub(super) async fn delete_tags(call: Call<Ec2>, input: DeleteTagsRequest) -> Reply<Unit> {
    let resources = resources(input.resources)?;
    let wanted: Vec<Tag> = input.tags.unwrap_or_default();
    for tag in &wanted {
        check_key(tag.key.as_deref().unwrap_or_default())?;
    }
    let scope = call.scope();
    for chunk in resources.chunks(CHUNK) {
        call.platform
            .transact(|tx| {
                for (_, id) in chunk {
                    let Some(record) = tx.get::<Tags>(scope, id) else { continue };
                    let mut record = Tags::clone(&record);
                    if wanted.is_empty() {
                        record.tags.retain(|key, _| key.starts_with("aws:"));
                    }
                    for tag in &wanted {
                        let key = tag.key.as_deref().unwrap_or_default();
                        // A value narrows the deletion, the empty one too; without one any value goes.
                        let goes = record
                            .tags
                            .get(key)
                            .is_some_and(|have| tag.value.as_ref().is_none_or(|value| value == have));
                        if goes {
                            record.tags.remove(key);
                        }
                    }
                    if record.tags.is_empty() {
                        tx.delete::<Tags>(scope, id);
                    } else {
                        tx.put(scope, record);
                    }
                }
                Ok(())
            })
            .await?;
    }
    Ok(Unit)
}
