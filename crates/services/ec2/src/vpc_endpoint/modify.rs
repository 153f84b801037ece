//! ModifyVpcEndpoint.

use super::faults::invalid;
use super::{interfaces, options, policy};
use crate::resource_kind::ResourceKind;
use crate::security_group::resolve_groups;
use crate::{Ec2, faults, lookup};
use api_ec2::{ModifyVpcEndpointRequest, ModifyVpcEndpointResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::vpc_endpoint::service;
use records::{Vpc, VpcEndpoint};
use state_store::typed::{Scope, Tx};

/// What does not depend on the endpoint.
fn check(input: &ModifyVpcEndpointRequest) -> Result<(), Fault> {
    let some = |ids: &Option<Vec<String>>| ids.as_ref().is_some_and(|ids| !ids.is_empty());
    if some(&input.add_route_table_ids) || some(&input.remove_route_table_ids) {
        return Err(invalid("Route table IDs are only supported for Gateway type VPC Endpoint."));
    }
    if input.reset_policy == Some(true) && input.policy_document.is_some() {
        return Err(faults::invalid_combination(
            "The parameters PolicyDocument and ResetPolicy cannot be used together",
        ));
    }
    options::check_family(input.ip_address_type.as_ref().map(|t| t.as_str()))?;
    options::check_dns(input.dns_options.as_ref())?;
    input.policy_document.as_deref().map_or(Ok(()), policy::check)
}

/// The endpoint's groups after the change; at least one stays.
fn change_groups(
    tx: &mut Tx<'_>,
    scope: &Scope,
    endpoint: &mut VpcEndpoint,
    add: &[String],
    remove: &[String],
) -> Result<(), Fault> {
    if let Some(unknown) = remove.iter().find(|id| !endpoint.group_ids.contains(id)) {
        return Err(invalid(format!(
            "The security group '{unknown}' is not associated with '{}'.",
            endpoint.id
        )));
    }
    let mut wanted: Vec<String> =
        endpoint.group_ids.iter().filter(|id| !remove.contains(id)).cloned().collect();
    wanted.extend(add.iter().cloned());
    if wanted.is_empty() {
        return Err(invalid(format!("'{}' must have at least one security group.", endpoint.id)));
    }
    endpoint.group_ids = resolve_groups(tx, scope, &endpoint.vpc_id, &wanted, &[])?;
    interfaces::regroup(tx, scope, endpoint);
    Ok(())
}

/// ModifyVpcEndpoint: policy, subnets, groups, private names.
///
/// # Errors
/// `InvalidVpcEndpointId.NotFound`, `IncorrectState` while it is being deleted, otherwise as CreateVpcEndpoint.
pub(super) async fn modify_vpc_endpoint(
    call: Call<Ec2>,
    input: ModifyVpcEndpointRequest,
) -> Reply<ModifyVpcEndpointResult> {
    check(&input)?;
    let id = faults::required(input.vpc_endpoint_id, "VpcEndpointId")?;
    let (add, remove) =
        (input.add_subnet_ids.unwrap_or_default(), input.remove_subnet_ids.unwrap_or_default());
    let addresses = interfaces::wanted_addresses(input.subnet_configurations, &add)?;
    let (join, leave) = (
        input.add_security_group_ids.unwrap_or_default(),
        input.remove_security_group_ids.unwrap_or_default(),
    );
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut endpoint = lookup::find_mut::<VpcEndpoint>(tx, scope, ResourceKind::VpcEndpoint, &id)?;
        if !matches!(endpoint.state.as_str(), "pending" | "available") {
            return Err(faults::incorrect_state(format!(
                "The Vpc Endpoint '{id}' is in the state '{}', in which it cannot be modified.",
                endpoint.state
            )));
        }
        if input.reset_policy == Some(true) {
            policy::FULL_ACCESS.clone_into(&mut endpoint.policy);
        }
        if let Some(text) = &input.policy_document {
            endpoint.policy.clone_from(text);
        }
        if let Some(on) = input.private_dns_enabled {
            if on {
                let vpc = lookup::find::<Vpc>(tx, scope, ResourceKind::Vpc, &endpoint.vpc_id)?;
                let service = service(&scope.region, &endpoint.service_name)
                    .ok_or_else(|| super::faults::no_service(&endpoint.service_name))?;
                options::check_private_dns(tx, scope, &vpc, service, &id)?;
            }
            endpoint.private_dns = on;
        }
        if !join.is_empty() || !leave.is_empty() {
            change_groups(tx, scope, &mut endpoint, &join, &leave)?;
        }
        interfaces::remove(tx, scope, &mut endpoint, &remove)?;
        interfaces::add(&call, tx, scope, &mut endpoint, &add, &addresses)?;
        let vpc_id = endpoint.vpc_id.clone();
        tx.put(scope, endpoint);
        Ok(vpc_id)
    });
    let done = changed.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(ModifyVpcEndpointResult { return_: Some(true) })
}
