//! Random requests, sensible and foolish, and what must hold whatever they were.

use super::Cloud;
use super::cloud::all;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use records::address::{PublicAddressClaim, pool_scope};
use records::{Address, NetworkInterface, Peer, RouteTable, SecurityGroup, Subnet, Tags, Vpc};
use std::collections::{BTreeSet, HashSet};

/// Ids that requests have made, dead ones too.
#[derive(Default)]
struct Known {
    ids: Vec<String>,
}

impl Known {
    fn some(&self, rng: &mut StdRng, prefix: &str) -> String {
        let of_kind: Vec<&String> = self.ids.iter().filter(|id| id.starts_with(prefix)).collect();
        of_kind.choose(rng).map_or_else(|| format!("{prefix}00000000"), |id| (*id).clone())
    }
}

fn request(rng: &mut StdRng, known: &Known) -> (&'static str, String) {
    let mut some = |prefix: &str| known.some(rng, prefix);
    let (vpc, subnet, group, other) = (some("vpc-0"), some("subnet-0"), some("sg-0"), some("sg-0"));
    let (table, gateway, nic) = (some("rtb-0"), some("igw-0"), some("eni-0"));
    let (allocation, association, list) = (some("eipalloc-0"), some("eipassoc-0"), some("pl-0"));
    let (route_association, rule) = (some("rtbassoc-0"), some("sgr-0"));
    let (a, b) = (rng.gen_range(0..4), rng.gen_range(0..6));
    let name = format!("g{b}");
    let tcp = "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=1&IpPermissions.1.ToPort=1";
    match rng.gen_range(0..32) {
        0 => ("CreateVpc", format!("CidrBlock=10.{a}.0.0/16")),
        1 => ("DeleteVpc", format!("VpcId={vpc}")),
        2..=4 => ("CreateSubnet", format!("VpcId={vpc}&CidrBlock=10.{a}.{b}.0/28")),
        5 => ("DeleteSubnet", format!("SubnetId={subnet}")),
        6 | 7 => ("CreateSecurityGroup", format!("VpcId={vpc}&GroupName={name}&GroupDescription=d")),
        8 => ("DeleteSecurityGroup", format!("GroupId={group}")),
        9 => (
            "AuthorizeSecurityGroupIngress",
            format!("GroupId={group}&{tcp}&IpPermissions.1.Groups.1.GroupId={other}"),
        ),
        10 => (
            "AuthorizeSecurityGroupEgress",
            format!("GroupId={group}&{tcp}&IpPermissions.1.PrefixListIds.1.PrefixListId={list}"),
        ),
        11 => ("RevokeSecurityGroupIngress", format!("GroupId={group}&SecurityGroupRuleId.1={rule}")),
        12 => ("CreateRouteTable", format!("VpcId={vpc}")),
        13 => ("DeleteRouteTable", format!("RouteTableId={table}")),
        14 => ("AssociateRouteTable", format!("RouteTableId={table}&SubnetId={subnet}")),
        15 => ("DisassociateRouteTable", format!("AssociationId={route_association}")),
        16 => (
            "ReplaceRouteTableAssociation",
            format!("AssociationId={route_association}&RouteTableId={table}"),
        ),
        17 => (
            "CreateRoute",
            format!("RouteTableId={table}&DestinationCidrBlock=9.{a}.0.0/16&GatewayId={gateway}"),
        ),
        18 => (
            "CreateRoute",
            format!("RouteTableId={table}&DestinationPrefixListId={list}&NetworkInterfaceId={nic}"),
        ),
        19 => ("DeleteRoute", format!("RouteTableId={table}&DestinationCidrBlock=9.{a}.0.0/16")),
        20 => ("CreateInternetGateway", String::new()),
        21 => ("AttachInternetGateway", format!("InternetGatewayId={gateway}&VpcId={vpc}")),
        22 => ("DetachInternetGateway", format!("InternetGatewayId={gateway}&VpcId={vpc}")),
        23..=25 => {
            ("CreateNetworkInterface", format!("SubnetId={subnet}&SecondaryPrivateIpAddressCount={a}"))
        }
        26 => ("DeleteNetworkInterface", format!("NetworkInterfaceId={nic}")),
        27 => ("AllocateAddress", String::new()),
        28 => ("ReleaseAddress", format!("AllocationId={allocation}")),
        29 => ("AssociateAddress", format!("AllocationId={allocation}&NetworkInterfaceId={nic}")),
        30 => ("DisassociateAddress", format!("AssociationId={association}")),
        _ => {
            let any = known.ids.choose(rng).cloned().unwrap_or_default();
            ("CreateTags", format!("ResourceId.1={any}&Tag.1.Key=k{a}"))
        }
    }
}

fn learn(known: &mut Known, xml: &str) {
    for element in [
        "vpcId",
        "subnetId",
        "groupId",
        "routeTableId",
        "routeTableAssociationId",
        "associationId",
        "newAssociationId",
        "internetGatewayId",
        "networkInterfaceId",
        "allocationId",
        "securityGroupRuleId",
        "prefixListId",
    ] {
        for id in all(xml, element) {
            if !known.ids.contains(&id) {
                known.ids.push(id);
            }
        }
    }
}

fn check(cloud: &Cloud) {
    let (store, scope) = (cloud.world.store(), cloud.world.scope());
    let vpcs: HashSet<String> = store.list::<Vpc>(&scope).iter().map(|v| v.id.clone()).collect();
    let subnets = store.list::<Subnet>(&scope);
    let groups = store.list::<SecurityGroup>(&scope);
    let tables = store.list::<RouteTable>(&scope);
    let interfaces = store.list::<NetworkInterface>(&scope);
    for vpc in &vpcs {
        assert_eq!(tables.iter().filter(|t| t.vpc_id == *vpc && t.is_main()).count(), 1, "one main table");
        let defaults = groups.iter().filter(|g| g.vpc_id == *vpc && g.name == "default");
        assert_eq!(defaults.count(), 1, "one default group");
    }
    let mut used = HashSet::new();
    for table in &tables {
        assert!(vpcs.contains(&table.vpc_id));
        for subnet in table.associations.iter().filter_map(|a| a.subnet_id.as_ref()) {
            assert!(subnets.iter().any(|s| s.id == *subnet && s.vpc_id == table.vpc_id));
            assert!(used.insert(subnet.clone()), "a subnet has one table");
        }
    }
    for (at, subnet) in subnets.iter().enumerate() {
        assert!(vpcs.contains(&subnet.vpc_id));
        let overlaps = |s: &&std::sync::Arc<Subnet>| {
            s.vpc_id == subnet.vpc_id && crate::cidr::overlap(&s.cidr_block, &subnet.cidr_block)
        };
        assert!(!subnets[..at].iter().any(|s| overlaps(&s)));
    }
    for rule in groups.iter().flat_map(|g| &g.rules) {
        if let Peer::Group { id, .. } = &rule.peer {
            assert!(groups.iter().any(|g| g.id == *id), "{id} is gone but named by a rule");
        }
    }
    let mut private = HashSet::new();
    let mut public: BTreeSet<String> = BTreeSet::new();
    for interface in &interfaces {
        let subnet = subnets.iter().find(|s| s.id == interface.subnet_id).expect("its subnet");
        assert!(!interface.groups.is_empty());
        for group in &interface.groups {
            assert!(groups.iter().any(|g| g.id == *group && g.vpc_id == interface.vpc_id));
        }
        for address in &interface.private_addresses {
            assert!(subnet.cidr_block.contains(&address.address));
            assert!(private.insert((subnet.id.clone(), address.address)), "an address is one interface's");
            if let Some(id) = &address.allocation_id {
                let elastic = store.get::<Address>(&scope, id).expect("the allocation of a mapped address");
                assert_eq!(elastic.network_interface_id.as_deref(), Some(interface.id.as_str()));
                assert_eq!(elastic.association_id, address.association_id);
                assert_eq!(elastic.private_ip, Some(address.address));
            }
        }
        public.extend(interface.private_addresses.iter().filter_map(|a| a.public).map(|p| p.to_string()));
    }
    for address in store.list::<Address>(&scope) {
        public.insert(address.public_ip.to_string());
        if let Some(id) = &address.network_interface_id {
            assert!(interfaces.iter().any(|i| i.id == *id), "associated with what is gone");
        }
    }
    let claims: BTreeSet<String> =
        store.list::<PublicAddressClaim>(&pool_scope()).iter().map(|claim| claim.id.clone()).collect();
    assert_eq!(claims, public, "every claim is an address in use and the other way round");
    let alive = format!("{vpcs:?} {subnets:?} {groups:?} {tables:?} {interfaces:?}");
    for tags in store.list::<Tags>(&scope) {
        let elsewhere = tags.id.starts_with("igw-")
            || tags.id.starts_with("eipalloc-")
            || tags.id.starts_with("pl-")
            || tags.id.starts_with("dopt-");
        assert!(elsewhere || alive.contains(&tags.id), "tags of {}, which is gone", tags.id);
    }
}

#[tokio::test]
async fn invariants_hold_after_any_requests() {
    for seed in 0..8 {
        let mut rng = StdRng::seed_from_u64(seed);
        let (cloud, mut known) = (Cloud::new(), Known::default());
        let list =
            "PrefixListName=l&MaxEntries=3&AddressFamily=IPv4&Entry.1.Cidr=7.0.0.0/8&Entry.2.Cidr=6.0.0.0/8";
        learn(&mut known, &cloud.ok("CreateManagedPrefixList", list).await);
        let mut succeeded = 0;
        for step in 0..400 {
            let (action, parameters) = request(&mut rng, &known);
            let before = cloud.world.store().revision();
            match cloud.ask(action, &parameters).await {
                Ok(xml) => {
                    succeeded += 1;
                    learn(&mut known, &xml);
                    if action == "CreateVpc" {
                        learn(&mut known, &cloud.ok("DescribeRouteTables", "").await);
                        learn(&mut known, &cloud.ok("DescribeSecurityGroups", "").await);
                    }
                }
                Err(fault) => {
                    assert!(fault.status < 500, "seed {seed} step {step}: {action} {parameters}: {fault}");
                    assert_eq!(cloud.world.store().revision(), before, "{action} {parameters}: {fault}");
                }
            }
            if step % 10 == 0 {
                check(&cloud);
            }
        }
        check(&cloud);
        assert!(succeeded > 80, "seed {seed}: only {succeeded} requests did anything");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_at_once() {
    let cloud = std::sync::Arc::new(Cloud::new());
    // The first requests of an account come together, and there is one default VPC.
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let cloud = cloud.clone();
        tasks.spawn(async move { cloud.list("DescribeVpcs", "", "vpcId").await });
    }
    let seen: HashSet<Vec<String>> = tasks.join_all().await.into_iter().collect();
    assert_eq!(seen.len(), 1, "{seen:?}");
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let subnet = cloud.subnet(&vpc, "10.0.1.0/26").await;
    let mut tasks = tokio::task::JoinSet::new();
    // 59 addresses for 70 requests.
    for _ in 0..70 {
        let (cloud, parameters) = (cloud.clone(), format!("SubnetId={subnet}"));
        tasks.spawn(async move { cloud.ask("CreateNetworkInterface", &parameters).await });
    }
    let (made, refused): (Vec<_>, Vec<_>) = tasks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 59);
    assert!(refused.into_iter().all(|r| r.unwrap_err().code == "InsufficientFreeAddressesInSubnet"));
    // One token, many requests, one table.
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (cloud, parameters) = (cloud.clone(), format!("VpcId={vpc}&ClientToken=once"));
        tasks.spawn(async move { cloud.get("CreateRouteTable", &parameters, "routeTableId").await });
    }
    let tables: HashSet<String> = tasks.join_all().await.into_iter().collect();
    assert_eq!(tables.len(), 1);
    check(&cloud);
}
