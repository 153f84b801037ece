//! Address families and names of an endpoint.

use super::faults::invalid;
use api_ec2::DnsOptionsSpecification;
use aws_schema::Fault;
use records::vpc_endpoint::EndpointService;
use records::{Vpc, VpcEndpoint};
use state_store::typed::{Scope, Tx};

/// The only family endpoints of this cloud listen on.
pub(super) const IPV4: &str = "ipv4";

/// Checks `IpAddressType`.
///
/// # Errors
/// `InvalidParameter`.
pub(super) fn check_family(given: Option<&str>) -> Result<(), Fault> {
    match given {
        None | Some(IPV4) => Ok(()),
        Some(other) => Err(invalid(format!(
            "Endpoint IP address type ({other}) does not match service IP address types ([{IPV4}])."
        ))),
    }
}

/// Checks `DnsOptions`: names lead to the addresses there are.
///
/// # Errors
/// `InvalidParameter`.
pub(super) fn check_dns(given: Option<&DnsOptionsSpecification>) -> Result<(), Fault> {
    let Some(options) = given else { return Ok(()) };
    if let Some(kind) =
        options.dns_record_ip_type.as_ref().filter(|k| !matches!(k.as_str(), IPV4 | "service-defined"))
    {
        return Err(invalid(format!(
            "DNS record IP type ({}) does not match the endpoint IP address type ({IPV4}).",
            kind.as_str()
        )));
    }
    let elsewhere = options.private_dns_only_for_inbound_resolver_endpoint == Some(true)
        || options.private_dns_preference.is_some()
        || options.private_dns_specified_domains.as_ref().is_some_and(|d| !d.is_empty());
    if elsewhere {
        return Err(invalid("The given DNS options are not supported for this service."));
    }
    Ok(())
}

/// Whether the service's usual name may lead to an endpoint in this VPC: the VPC gives names, and no other endpoint has
/// taken this one.
///
/// # Errors
/// `InvalidParameter`.
pub(super) fn check_private_dns(
    tx: &mut Tx<'_>,
    scope: &Scope,
    vpc: &Vpc,
    service: EndpointService,
    own_id: &str,
) -> Result<(), Fault> {
    if !(vpc.enable_dns_support && vpc.enable_dns_hostnames) {
        return Err(invalid(format!(
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {}",
            vpc.id
        )));
    }
    let name = service.private_dns_name(&scope.region);
    let others = tx.by_index::<VpcEndpoint>(scope, "vpc", &vpc.id);
    let taken = others.iter().any(|o| {
        o.id != own_id && o.state != "deleting" && o.private_name(&scope.region).as_ref() == Some(&name)
    });
    if taken {
        return Err(invalid(format!(
            "private-dns-enabled cannot be set because there is already a conflicting DNS domain for {name} in the VPC {}",
            vpc.id
        )));
    }
    Ok(())
}
