//! CreatePortForwarding.

use super::gateway::{self, Gateway};
use super::show;
use crate::kind::Kind;
use crate::listing::required;
use crate::{Extension, faults, text};
use api_allod::{CreatePortForwardingRequest, CreatePortForwardingResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use ipnet::Ipv4Net;
use records::{PortForwarding, Subnet, Vpc};
use state_store::typed::{Scope, Tx};
use std::net::{IpAddr, Ipv4Addr};

const TCP: u8 = 6;
const UDP: u8 = 17;

fn port(value: Option<i32>, name: &str) -> Result<u16, Fault> {
    let value = required(value, name)?;
    u16::try_from(value)
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(|| faults::invalid_value(name, &value.to_string(), "Expected 1 to 65535."))
}

/// AWS keeps the first four addresses of a subnet and the last one; name server and router must not be exposed.
fn is_usable(subnet: Ipv4Net, address: Ipv4Addr) -> bool {
    let first = u32::from(subnet.network()).saturating_add(4);
    (first..u32::from(subnet.broadcast())).contains(&address.into())
}

/// Refuses places packets cannot be delivered at. Only a NAT gateway that masquerades may lead out of the VPC: without
/// that, answers would go to the sender past the gateway.
fn check_destination(
    tx: &mut Tx<'_>,
    scope: &Scope,
    gateway: &Gateway,
    to: Ipv4Addr,
    masquerade: bool,
) -> Result<(), Fault> {
    let refuse = |why: &str| Err(faults::invalid_value("ToAddress", &to.to_string(), why));
    if !text::is_routable(IpAddr::V4(to)) {
        return refuse("Packets cannot be delivered there.");
    }
    if to == gateway.address || gateway.inside == Some(to) {
        return refuse("This is the gateway itself.");
    }
    let vpc = Kind::VPC.find::<Vpc>(tx, scope, &gateway.vpc_id)?;
    if !vpc.ipv4_blocks().any(|block| block.contains(&to)) {
        return match (gateway.inside, masquerade) {
            (Some(_), true) => Ok(()),
            (Some(_), false) => refuse("Without Masquerade the address must be in the VPC."),
            (None, _) => refuse("The address must be in the VPC."),
        };
    }
    let subnets = tx.by_index::<Subnet>(scope, "vpc", &gateway.vpc_id);
    match subnets.iter().find(|subnet| subnet.cidr_block.contains(&to)) {
        None => refuse("The address is in no subnet of the VPC."),
        Some(subnet) if !is_usable(subnet.cidr_block, to) => refuse("The address is reserved."),
        Some(_) => Ok(()),
    }
}

/// CreatePortForwarding: the port leads inside when the call answers. Groups, network ACLs and routes judge the packets as
/// they are behind the translation.
///
/// # Errors
/// Faults of the gateway and of `ToAddress`; `PortForwardingAlreadyExists`, `PortForwardingLimitExceeded`.
pub(crate) async fn create_port_forwarding(
    call: Call<Extension>,
    input: CreatePortForwardingRequest,
) -> Reply<CreatePortForwardingResult> {
    let gateway_id = input.gateway_id();
    let protocol = match required(input.protocol.as_ref(), "Protocol")?.as_str() {
        "tcp" => TCP,
        "udp" => UDP,
        other => return Err(faults::invalid_value("Protocol", other, "")),
    };
    let at = port(input.port, "Port")?;
    let to_port = input.to_port.map_or(Ok(at), |to| port(Some(to), "ToPort"))?;
    let to_address = text::address_v4("ToAddress", input.to_address())?;
    let masquerade = input.masquerade.unwrap_or(false);
    let (scope, now, id) = (call.scope(), call.platform.clock.now(), Kind::PORT_FORWARDING.new_id());
    let made = call.platform.transact(|tx| {
        let gateway = gateway::find(tx, scope, gateway_id, input.allocation_id.as_deref())?;
        check_destination(tx, scope, &gateway, to_address, masquerade)?;
        // An elastic address may have come from another gateway: what is taken is looked for under the address.
        let others = tx.list::<PortForwarding>(scope);
        let same = |o: &PortForwarding| (o.public_ip, o.protocol, o.port) == (gateway.address, protocol, at);
        if let Some(other) = others.iter().find(|other| same(other)) {
            let message = format!("The port is forwarded already, by {}.", other.id);
            return Err(Fault::sender("PortForwardingAlreadyExists", message));
        }
        let elsewhere = |o: &PortForwarding| o.public_ip == gateway.address && o.gateway_id != gateway_id;
        if let (Some(allocation), Some(other)) =
            (&gateway.allocation_id, others.iter().find(|other| elsewhere(other)))
        {
            return Err(faults::already_associated(allocation, &other.id));
        }
        if others.iter().filter(|other| other.gateway_id == gateway_id).count() >= PortForwarding::MOST {
            let of = format!("port forwardings of {gateway_id}");
            return Err(faults::limit_exceeded("PortForwardingLimitExceeded", &of, PortForwarding::MOST));
        }
        let forwarding = PortForwarding {
            id: id.clone(),
            gateway_id: gateway_id.to_owned(),
            vpc_id: gateway.vpc_id,
            protocol,
            public_ip: gateway.address,
            allocation_id: gateway.allocation_id,
            port: at,
            to_address,
            to_port,
            masquerade,
            created: now,
        };
        tx.put(scope, forwarding.clone());
        Ok(forwarding)
    });
    let done = made.await?;
    call.settled(scope, &done.value.vpc_id, done.revision).await?;
    Ok(CreatePortForwardingResult { port_forwarding: Some(show::shown(&done.value)) })
}
