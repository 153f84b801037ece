//! Records to the input of the network plan. Pure: reads the store and nothing else.

mod acls;
mod forwards;
mod groups;
mod interfaces;
mod nsgs;
mod peerings;
mod routes;
#[cfg(test)]
mod tests;

use super::numbers::Numbers;
use network_plan as plan;
use records::{CidrAssociation, InternetGateway, NetworkAcl, NetworkSecurityGroup, RouteTable, Subnet, Vpc};
use state_store::typed::{Scope, Store};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) use peerings::neighbours;

/// Where the parts of a VPC's input are read from.
#[derive(Clone, Copy)]
struct From<'a> {
    store: &'a Store,
    scope: &'a Scope,
    vpc_id: &'a str,
}

/// The VPC as the records have it now, with those interfaces that hang on machines of this host, its NAT gateways and
/// its endpoints. Nothing when the VPC is gone.
pub(crate) fn vpc_input(
    store: &Store,
    scope: &Scope,
    vpc_id: &str,
    attached: &BTreeSet<String>,
    numbers: &mut Numbers,
) -> Option<plan::VpcInput> {
    let from = From { store, scope, vpc_id };
    let vpc = store.get::<Vpc>(scope, vpc_id)?;
    let tables = store.by_index::<RouteTable>(scope, "vpc", vpc_id);
    let gateway = store.by_index::<InternetGateway>(scope, "vpc", vpc_id).first().map(|g| g.id.clone());
    let acls = store.by_index::<NetworkAcl>(scope, "vpc", vpc_id);
    let nsgs = store.by_index::<NetworkSecurityGroup>(scope, "vpc", vpc_id);
    let subnets = store.by_index::<Subnet>(scope, "vpc", vpc_id);
    let peerings = peerings::peerings(from, numbers);
    let nat_gateways = interfaces::nat_gateways(from);
    let gateway_table = gateway.as_deref().and_then(|id| routes::edge_table(&tables, id));
    Some(plan::VpcInput {
        id: vpc.id.clone(),
        number: numbers.of("vpc", vpc_id),
        cidrs_v4: alive(&vpc.cidr_associations).collect(),
        cidrs_v6: alive(&vpc.ipv6_associations).collect(),
        subnets: subnets.iter().filter_map(|s| subnet(s, &tables, &acls, &nsgs)).collect(),
        route_tables: routes::tables(from, &tables, gateway.as_deref(), numbers),
        enis: interfaces::enis(from, attached, &nat_gateways, &nsgs, numbers),
        groups: groups::groups(from, numbers),
        port_forwards: gateway
            .as_deref()
            .map(|id| forwards::of_internet_gateway(from, id))
            .unwrap_or_default(),
        internet_gateway: gateway,
        gateway_table,
        acls: acls.iter().map(|a| acls::acl(a, numbers.of(&format!("acl {vpc_id}"), &a.id))).collect(),
        nat_gateways: nat_gateways.iter().map(|g| forwards::nat_gateway(from, g)).collect(),
        nsgs: nsgs::nsgs(&nsgs, &nsgs::Space::of(&vpc, &peerings), vpc_id, numbers),
        peerings,
    })
}

fn subnet(
    subnet: &Subnet,
    tables: &[Arc<RouteTable>],
    acls: &[Arc<NetworkAcl>],
    nsgs: &[Arc<NetworkSecurityGroup>],
) -> Option<plan::Subnet> {
    let acl = acls.iter().find(|a| a.associations.iter().any(|s| s.subnet_id == subnet.id));
    Some(plan::Subnet {
        id: subnet.id.clone(),
        cidr_v4: subnet.cidr_block,
        cidr_v6: alive(&subnet.ipv6_associations).next(),
        route_table_id: routes::table_of(&subnet.id, tables)?.id.clone(),
        acl_id: acl.map(|a| a.id.clone()),
        nsg_id: nsgs.iter().find(|g| g.subnet_ids.contains(&subnet.id)).map(|g| g.id.clone()),
    })
}

/// The blocks that are in use: those on their way out are not.
fn alive<N: Copy>(associations: &[CidrAssociation<N>]) -> impl Iterator<Item = N> + '_ {
    associations.iter().filter(|a| !a.state.starts_with("disassociat")).map(|a| a.cidr)
}

/// Every port when the record names none.
fn ports(ports: Option<(u16, u16)>) -> plan::Ports {
    let (from, to) = ports.unwrap_or((0, u16::MAX));
    plan::Ports { from, to }
}
