//! CreateVpnGateway.

use super::describe::show;
use crate::places::catalogue::zone_of;
use crate::resource_kind::ResourceKind;
use crate::tags::{self, TagSpecifications};
use crate::{Ec2, faults, limits, subnet};
use api_ec2::{CreateVpnGatewayRequest, CreateVpnGatewayResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::VpnGateway;

/// The autonomous system number of a gateway that was given none.
const DEFAULT_ASN: i64 = 64_512;

/// Private numbers only (API reference, `CreateVpnGateway`).
fn check_asn(asn: i64) -> Result<i64, Fault> {
    if (64_512..=65_534).contains(&asn) || (4_200_000_000..=4_294_967_294).contains(&asn) {
        return Ok(asn);
    }
    let why = "It must be in the range 64512 to 65534 or 4200000000 to 4294967294.";
    Err(faults::invalid_value("amazonSideAsn", &asn.to_string(), why))
}

/// CreateVpnGateway: attached to nothing yet. The zone is checked and otherwise without meaning, as in AWS today.
///
/// # Errors
/// `InvalidParameterValue` for a type, zone or number that cannot be, `VpnGatewayLimitExceeded`.
pub(super) async fn create_vpn_gateway(
    call: Call<Ec2>,
    input: CreateVpnGatewayRequest,
) -> Reply<CreateVpnGatewayResult> {
    let gateway_type = faults::required(input.type_, "type")?;
    if gateway_type.as_str() != "ipsec.1" {
        return Err(faults::invalid_value("type", gateway_type.as_str(), ""));
    }
    if let Some(zone) = &input.availability_zone
        && zone_of(call.caller.region(), zone).is_none()
    {
        return Err(subnet::invalid_zone(call.caller.region(), zone));
    }
    let asn = check_asn(input.amazon_side_asn.unwrap_or(DEFAULT_ASN))?;
    let kind = ResourceKind::VpnGateway;
    let specified = TagSpecifications::parse(input.tag_specifications, &[kind])?;
    let scope = call.scope();
    let made = call.platform.transact(|tx| {
        if tx.count::<VpnGateway>(scope) >= limits::INTERNET_GATEWAYS {
            let message = "The maximum number of virtual private gateways has been reached.";
            return Err(Fault::sender("VpnGatewayLimitExceeded", message));
        }
        let gateway = VpnGateway { id: kind.new_id(), vpc_id: None, asn };
        tags::put(tx, scope, kind, &gateway.id, &specified.of(kind));
        tx.put(scope, gateway.clone());
        Ok(gateway)
    });
    let gateway = made.await?.value;
    Ok(CreateVpnGatewayResult { vpn_gateway: Some(show(call.store(), scope, &gateway)) })
}
