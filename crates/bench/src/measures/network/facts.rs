//! VPCs of any size, as facts for the planner.

use network_plan::{
    AclEntry, Eni, EniKind, InputRoute, NetworkAcl, Peer, Ports, Protocol, RouteOrigin, RouteTable,
    RouteTarget, Rule, SecurityGroup, Subnet, VpcInput,
};
use std::net::Ipv4Addr;

/// The port that the measures speak on.
pub(super) const PORT: u16 = 9;

/// How large a VPC is. Its machines take turns in two subnets with an ACL each, so that between an even and an odd one
/// every gate stands.
#[derive(Clone, Copy)]
pub(super) struct Facts {
    /// Makes its ids and kernel objects unique.
    pub(super) number: u32,
    /// Machines.
    pub(super) machines: u32,
    /// Security groups; each machine is in two of them.
    pub(super) groups: u32,
    /// Ingress rules per group.
    pub(super) rules: u16,
    /// Entries that deny in each ACL, in front of the one that leaves the rest.
    pub(super) denials: u16,
}

impl Facts {
    /// The facts.
    pub(super) fn input(&self) -> anyhow::Result<VpcInput> {
        let number = self.number;
        let subnet = |half: u32| -> anyhow::Result<Subnet> {
            Ok(Subnet {
                id: format!("subnet-{number}-{half}"),
                cidr_v4: format!("10.0.{}.0/17", half * 128).parse()?,
                cidr_v6: None,
                route_table_id: "rtb-1".into(),
                acl_id: Some(format!("acl-{half}")),
                nsg_id: None,
            })
        };
        Ok(VpcInput {
            id: format!("vpc-{number}"),
            number,
            cidrs_v4: vec!["10.0.0.0/16".parse()?],
            subnets: vec![subnet(0)?, subnet(1)?],
            acls: vec![self.acl(0)?, self.acl(1)?],
            route_tables: vec![RouteTable {
                id: "rtb-1".into(),
                number: 1,
                routes: vec![InputRoute {
                    destination: "10.0.0.0/16".parse()?,
                    target: RouteTarget::Local,
                    origin: RouteOrigin::Static,
                }],
            }],
            groups: (0..self.groups).map(|group| self.group(group)).collect::<anyhow::Result<_>>()?,
            enis: (0..self.machines).map(|eni| self.eni(eni)).collect(),
            ..VpcInput::default()
        })
    }

    /// The last rule of a group admits the measures; the others admit what never comes.
    fn group(&self, number: u32) -> anyhow::Result<SecurityGroup> {
        let mut ingress = Vec::new();
        for nth in 1..self.rules {
            let ports = Ports { from: 20_000 + nth, to: 20_000 + nth };
            let block = format!("172.16.{}.0/24", number % 256).parse()?;
            let id = format!("sgr-{number}-{nth}");
            ingress.push(Rule { id, protocol: Protocol::Tcp(ports), peer: Peer::Cidr(block) });
        }
        // From the VPC only: what is open to everybody would not be tracked, and be cheaper.
        let inside = Peer::Cidr("10.0.0.0/16".parse()?);
        ingress.push(Rule { id: format!("sgr-{number}-in"), protocol: Protocol::All, peer: inside });
        let everywhere = Peer::Cidr("0.0.0.0/0".parse()?);
        let egress =
            vec![Rule { id: format!("sgr-{number}-out"), protocol: Protocol::All, peer: everywhere }];
        Ok(SecurityGroup { id: format!("sg-{number}"), number, ingress, egress })
    }

    fn eni(&self, number: u32) -> Eni {
        let half = number % 2;
        let [_, high, middle, low] = number.to_be_bytes();
        let [_, vpc, ..] = self.number.to_le_bytes();
        Eni {
            id: eni(number),
            number: self.number * 10_000 + number,
            subnet_id: format!("subnet-{}-{half}", self.number),
            mac: [2, 0, vpc, high, middle, low],
            private_v4: vec![Ipv4Addr::from(0x0a00_0004 + half * 0x8000 + number / 2)],
            v6: Vec::new(),
            public_v4: Vec::new(),
            source_dest_check: true,
            groups: vec![
                format!("sg-{}", number % self.groups),
                format!("sg-{}", (number + 1) % self.groups),
            ],
            kind: EniKind::Machine,
            nsg_id: None,
            prefixes: Vec::new(),
        }
    }

    /// Denials that match nothing here, then leave for everything.
    fn acl(&self, number: u32) -> anyhow::Result<NetworkAcl> {
        let mut entries = Vec::new();
        for nth in 1..=self.denials {
            let ports = Ports { from: 10_000 + nth, to: 10_000 + nth };
            entries.push(AclEntry {
                number: nth,
                protocol: Protocol::Tcp(ports),
                cidr: "192.0.2.0/24".parse()?,
                allow: false,
            });
        }
        let all = AclEntry { number: 100, protocol: Protocol::All, cidr: "0.0.0.0/0".parse()?, allow: true };
        entries.push(all);
        Ok(NetworkAcl {
            id: format!("acl-{number}"),
            number: number + 1,
            ingress: entries.clone(),
            egress: entries,
        })
    }
}

/// The id of a machine's interface.
pub(super) fn eni(number: u32) -> String {
    format!("eni-{number}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use network_plan::SetId;

    #[test]
    fn facts_are_what_the_planner_takes() {
        let facts = Facts { number: 1, machines: 7, groups: 3, rules: 5, denials: 2 };
        let plan = network_plan::plan(&facts.input().unwrap()).unwrap();
        assert_eq!(plan.links.len(), 7);
        let rules =
            [SetId::IngressExact4, SetId::Ingress4, SetId::Egress4].map(|set| plan.elements[&set].len());
        assert_eq!(rules, [3 * 4, 3, 3], "every rule is in the kernel");
        let addresses: std::collections::BTreeSet<_> = plan.links.values().map(|l| l.address_v4).collect();
        assert_eq!(addresses.len(), 7);
    }
}
