//! What the router itself offers: metadata, names, time, and an echo from the gateway's address.
//!
//! Neither groups nor ACLs filter these (VPC guide, "Security group rules"; "Network ACL basics").

use std::net::IpAddr;

use super::Draft;
use crate::{
    Element, GATEWAY_V6, Key, METADATA_V4, METADATA_V6, RESOLVER_V4, RESOLVER_V6, SetId, TIME_V4, VpcInput,
    subnet_gateway, subnet_resolver,
};

const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
const HTTP: u16 = 80;
const DNS: u16 = 53;
const NTP: u16 = 123;
/// Type and code of an echo request.
const ECHO: u16 = 8 << 8;
const ECHO_V6: u16 = 128 << 8;

pub(super) fn compile(input: &VpcInput, draft: &mut Draft) {
    let mut offer = |address: IpAddr, protocol: u8, port: u16| {
        let set = if address.is_ipv4() { SetId::Service4 } else { SetId::Service6 };
        draft.element(set, Element::of(Key::new().address(address).byte(protocol).short(port)));
    };
    offer(METADATA_V4.into(), TCP, HTTP);
    offer(METADATA_V6.into(), TCP, HTTP);
    offer(TIME_V4.into(), UDP, NTP);
    // The resolver stands at the VPC's base + 2 and at every subnet's.
    let blocks = input.cidrs_v4.first().into_iter().chain(input.subnets.iter().map(|subnet| &subnet.cidr_v4));
    let resolvers = blocks.map(|block| IpAddr::V4(subnet_resolver(*block)));
    for resolver in resolvers.chain([RESOLVER_V4.into(), RESOLVER_V6.into()]) {
        offer(resolver, TCP, DNS);
        offer(resolver, UDP, DNS);
    }
    for subnet in &input.subnets {
        offer(subnet_gateway(subnet.cidr_v4).into(), ICMP, ECHO);
    }
    offer(GATEWAY_V6.into(), ICMPV6, ECHO_V6);
}
