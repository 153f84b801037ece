//! CreateVpcEndpoint.

use super::faults::{invalid, no_service, too_many};
use super::{interfaces, options, policy, show};
use crate::client_token::{self, Idempotent};
use crate::resource_kind::ResourceKind;
use crate::security_group::resolve_groups;
use crate::tags::{self, TagSpecifications};
use crate::{Ec2, faults, limits, lookup};
use api_ec2::{CreateVpcEndpointRequest, CreateVpcEndpointResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::vpc_endpoint::{EndpointService, service};
use records::{Vpc, VpcEndpoint};
use state_store::typed::Scope;

/// The service a request asks for, which must offer the kind of endpoint it asks for (`Gateway` unless said otherwise).
///
/// # Errors
/// `InvalidServiceName`, `InvalidParameter`, `UnsupportedOperation`.
fn wanted_service(scope: &Scope, input: &CreateVpcEndpointRequest) -> Result<EndpointService, Fault> {
    let elsewhere = input.service_region.as_ref().is_some_and(|region| **region != *scope.region);
    let given = [
        ("ServiceNetworkArn", input.service_network_arn.is_some()),
        ("ResourceConfigurationArn", input.resource_configuration_arn.is_some()),
        ("ServiceRegion", elsewhere),
    ];
    if let Some((name, _)) = given.iter().find(|(_, given)| *given) {
        return Err(faults::unsupported_parameter(name));
    }
    let name = faults::required(input.service_name.as_deref(), "ServiceName")?;
    let found = service(&scope.region, name).ok_or_else(|| no_service(name))?;
    let kind = input.vpc_endpoint_type.as_ref().map_or("Gateway", |kind| kind.as_str());
    if kind != "Interface" {
        return Err(invalid(format!(
            "Endpoint type ({kind}) does not match available service types ([Interface])."
        )));
    }
    if input.route_table_ids.as_ref().is_some_and(|ids| !ids.is_empty()) {
        return Err(invalid("Route table IDs are only supported for Gateway type VPC Endpoint."));
    }
    Ok(found)
}

/// CreateVpcEndpoint: an interface endpoint. It is `pending` until the host has made its interfaces.
///
/// # Errors
/// `InvalidServiceName`, `InvalidParameter`, `InvalidPolicyDocument`, `DuplicateSubnetsInSameZone`,
/// `VpcEndpointLimitExceeded`, `IdempotentParameterMismatch`, `NotFound` faults, faults about groups and addresses.
pub(super) async fn create_vpc_endpoint(
    call: Call<Ec2>,
    input: CreateVpcEndpointRequest,
) -> Reply<CreateVpcEndpointResult> {
    let kind = ResourceKind::VpcEndpoint;
    let once = Idempotent::of("CreateVpcEndpoint", input.client_token.as_deref(), &input)?;
    let (scope, now) = (call.scope(), call.now());
    let service = wanted_service(scope, &input)?;
    options::check_family(input.ip_address_type.as_ref().map(|t| t.as_str()))?;
    options::check_dns(input.dns_options.as_ref())?;
    let policy = input.policy_document.unwrap_or_else(|| policy::FULL_ACCESS.to_owned());
    policy::check(&policy)?;
    let vpc_id = faults::required(input.vpc_id, "VpcId")?;
    let subnets = input.subnet_ids.unwrap_or_default();
    let addresses = interfaces::wanted_addresses(input.subnet_configurations, &subnets)?;
    let groups = input.security_group_ids.unwrap_or_default();
    let specified = TagSpecifications::parse(input.tag_specifications, &[kind])?;
    let service_name = input.service_name.unwrap_or_default();
    let made = call.platform.transact(|tx| {
        if let Some(id) = client_token::earlier(tx, scope, &once, now)? {
            return lookup::find_mut::<VpcEndpoint>(tx, scope, kind, &id);
        }
        let vpc = lookup::find::<Vpc>(tx, scope, ResourceKind::Vpc, &vpc_id)?;
        if tx.by_index::<VpcEndpoint>(scope, "vpc", &vpc_id).len() >= limits::ENDPOINTS_PER_VPC {
            return Err(too_many(&vpc_id));
        }
        let mut endpoint = VpcEndpoint {
            id: kind.new_id(),
            vpc_id: vpc_id.clone(),
            service_name: service_name.clone(),
            interface: true,
            state: "pending".to_owned(),
            route_table_ids: Vec::new(),
            subnet_ids: Vec::new(),
            network_interface_ids: Vec::new(),
            group_ids: resolve_groups(tx, scope, &vpc_id, &groups, &[])?,
            private_dns: input.private_dns_enabled.unwrap_or(true),
            ip_address_type: options::IPV4.to_owned(),
            policy: policy.clone(),
            created: now,
        };
        if endpoint.private_dns {
            options::check_private_dns(tx, scope, &vpc, service, &endpoint.id)?;
        }
        interfaces::add(&call, tx, scope, &mut endpoint, &subnets, &addresses)?;
        tags::put(tx, scope, kind, &endpoint.id, &specified.of(kind));
        client_token::remember(tx, scope, &once, &endpoint.id, now);
        tx.put(scope, endpoint.clone());
        Ok(endpoint)
    });
    let endpoint = made.await?.value;
    let shown = show::endpoint(call.store(), scope, &endpoint);
    Ok(CreateVpcEndpointResult { vpc_endpoint: Some(shown), client_token: input.client_token })
}
