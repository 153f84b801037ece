//! A NAT gateway as the API shows it.

use super::addresses::Status;
use crate::tags;
use api_ec2::NatGatewayAddress;
use aws_schema::Timestamp;
use records::{NatAddress, NatGateway, NatGatewayState};
use state_store::typed::{Scope, Store};

/// The name of a state.
pub(super) fn state(state: NatGatewayState) -> &'static str {
    match state {
        NatGatewayState::Pending => "pending",
        NatGatewayState::Available => "available",
        NatGatewayState::Failed => "failed",
        NatGatewayState::Deleting => "deleting",
        NatGatewayState::Deleted => "deleted",
    }
}

fn address(interface_id: &str, address: &NatAddress, status: &str) -> NatGatewayAddress {
    NatGatewayAddress {
        allocation_id: address.allocation_id.clone(),
        association_id: address.association_id.clone(),
        network_interface_id: Some(interface_id.to_owned()).filter(|id| !id.is_empty()),
        private_ip: Some(address.private_ip.to_string()),
        public_ip: address.public_ip.map(|ip| ip.to_string()),
        is_primary: Some(address.primary),
        status: Some(status.to_owned().into()),
        ..NatGatewayAddress::default()
    }
}

/// Addresses a call has just changed: AWS shows them on the way, the next Describe where they have got to.
pub(super) fn on_the_way(
    interface_id: &str,
    addresses: &[NatAddress],
    status: Status,
) -> Vec<NatGatewayAddress> {
    addresses.iter().map(|a| address(interface_id, a, status.name())).collect()
}

/// The gateway with its addresses and tags.
pub(super) fn gateway(store: &Store, scope: &Scope, gateway: &NatGateway) -> api_ec2::NatGateway {
    let addresses = gateway.addresses.iter();
    let addresses = addresses.map(|a| address(&gateway.network_interface_id, a, &a.status)).collect();
    api_ec2::NatGateway {
        nat_gateway_id: Some(gateway.id.clone()),
        vpc_id: Some(gateway.vpc_id.clone()),
        subnet_id: Some(gateway.subnet_id.clone()),
        connectivity_type: Some(if gateway.public { "public" } else { "private" }.into()),
        availability_mode: Some("zonal".into()),
        state: Some(state(gateway.state).into()),
        failure_code: gateway.failure.as_ref().map(|(code, _)| code.clone()),
        failure_message: gateway.failure.as_ref().map(|(_, message)| message.clone()),
        nat_gateway_addresses: Some(addresses),
        create_time: Some(Timestamp::from_millis(gateway.created)),
        delete_time: gateway.deleted.map(Timestamp::from_millis),
        tags: Some(tags::to_api(&tags::of(store, scope, &gateway.id))),
        ..api_ec2::NatGateway::default()
    }
}
