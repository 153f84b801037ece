//! Prefixes delegated to interfaces, reservations, idle timeouts, primary IPv6 addresses, interfaces of services.

use super::Cloud;
use super::cloud::all;
use ipnet::{Ipv4Net, Ipv6Net};
use records::NetworkInterface;
use std::collections::HashSet;

async fn world(cidr: &str) -> (Cloud, String) {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let subnet = cloud.subnet(&vpc, cidr).await;
    (cloud, subnet)
}

/// A subnet with an IPv6 block.
async fn world_v6() -> (Cloud, String, Ipv6Net) {
    let cloud = Cloud::new();
    let xml = cloud.ok("CreateVpc", "CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=true").await;
    let vpc = all(&xml, "vpcId").remove(0);
    let described = cloud.ok("DescribeVpcs", &format!("VpcId.1={vpc}")).await;
    let block: Ipv6Net = all(&described, "ipv6CidrBlock").remove(0).parse().expect("a block");
    let block = block.subnets(64).expect("subnets").next().expect("one");
    let parameters = format!("VpcId={vpc}&CidrBlock=10.0.1.0/24&Ipv6CidrBlock={block}");
    let subnet = cloud.get("CreateSubnet", &parameters, "subnetId").await;
    (cloud, subnet, block)
}

fn record(cloud: &Cloud, id: &str) -> NetworkInterface {
    NetworkInterface::clone(&cloud.world.store().get(&cloud.world.scope(), id).expect("an interface"))
}

#[tokio::test]
async fn prefixes_by_name_and_number() {
    let (cloud, subnet) = world("10.0.1.0/24").await;
    let xml = cloud
        .ok(
            "CreateNetworkInterface",
            &format!("SubnetId={subnet}&PrivateIpAddress=10.0.1.20&Ipv4PrefixCount=2"),
        )
        .await;
    assert_eq!(all(&xml, "ipv4Prefix").len(), 2, "{xml}");
    let id = all(&xml, "networkInterfaceId").remove(0);
    cloud.settled();
    let named = format!("NetworkInterfaceId={id}&Ipv4Prefix.1=10.0.1.64/28");
    let xml = cloud.ok("AssignPrivateIpAddresses", &named).await;
    assert!(xml.contains("<ipv4Prefix>10.0.1.64/28</ipv4Prefix>"), "{xml}");
    assert_eq!(cloud.settled().len(), 1, "the way to the prefix is there");
    assert_eq!(record(&cloud, &id).ipv4_prefixes.len(), 3);
    let free = cloud.get("DescribeSubnets", &format!("SubnetId.1={subnet}"), "availableIpAddressCount").await;
    assert_eq!(free, (251 - 1 - 48).to_string());

    for (parameters, code) in [
        ("Ipv4Prefix.1=10.0.1.64/28", "InvalidIPAddress.InUse"),
        ("Ipv4Prefix.1=10.0.1.16/28", "InvalidIPAddress.InUse"),
        ("Ipv4Prefix.1=10.0.1.0/28", "InvalidParameterValue"),
        ("Ipv4Prefix.1=10.0.1.240/28", "InvalidParameterValue"),
        ("Ipv4Prefix.1=10.0.2.0/28", "InvalidParameterValue"),
        ("Ipv4Prefix.1=10.0.1.64/27", "InvalidParameterValue"),
        ("Ipv4Prefix.1=x", "InvalidParameterValue"),
        ("Ipv4PrefixCount=-1", "InvalidParameterValue"),
        ("Ipv4PrefixCount=12", "InsufficientCidrBlocks"),
        ("Ipv4PrefixCount=1000000", "PrivateIpAddressLimitExceeded"),
        ("Ipv4PrefixCount=1&Ipv4Prefix.1=10.0.1.80/28", "InvalidParameterCombination"),
        ("Ipv4PrefixCount=1&SecondaryPrivateIpAddressCount=1", "InvalidParameterCombination"),
        ("Ipv4Prefix.1=10.0.1.80/28&PrivateIpAddress.1=10.0.1.21", "InvalidParameterCombination"),
        ("PrivateIpAddress.1=10.0.1.65", "InvalidIPAddress.InUse"),
        ("", "MissingParameter"),
    ] {
        let parameters = format!("NetworkInterfaceId={id}&{parameters}");
        assert_eq!(cloud.code("AssignPrivateIpAddresses", &parameters).await, code, "{parameters}");
    }
    cloud.ok("UnassignPrivateIpAddresses", &named).await;
    assert_eq!(cloud.code("UnassignPrivateIpAddresses", &named).await, "InvalidParameterValue");
    cloud
        .ok("AssignPrivateIpAddresses", &format!("NetworkInterfaceId={id}&PrivateIpAddress.1=10.0.1.65"))
        .await;
    let both = format!("SubnetId={subnet}&Ipv4PrefixCount=1&SecondaryPrivateIpAddressCount=1");
    assert_eq!(cloud.code("CreateNetworkInterface", &both).await, "InvalidParameterCombination");
}

#[tokio::test]
async fn nothing_is_given_twice() {
    // 14 whole prefixes; fill them and the single addresses between them until nothing is left.
    let (cloud, subnet) = world("10.0.1.0/24").await;
    let mut holders = Vec::new();
    while let Ok(xml) =
        cloud.ask("CreateNetworkInterface", &format!("SubnetId={subnet}&Ipv4PrefixCount=1")).await
    {
        holders.push(all(&xml, "networkInterfaceId").remove(0));
        if holders.len() > 14 {
            break;
        }
    }
    let code = cloud.code("CreateNetworkInterface", &format!("SubnetId={subnet}&Ipv4PrefixCount=1")).await;
    assert!(matches!(&*code, "InsufficientCidrBlocks" | "InsufficientFreeAddressesInSubnet"), "{code}");
    let mut singles = 0;
    while cloud.ask("CreateNetworkInterface", &format!("SubnetId={subnet}")).await.is_ok() {
        singles += 1;
        assert!(singles < 256);
    }
    let all = cloud.world.store().list::<NetworkInterface>(&cloud.world.scope());
    let prefixes: Vec<Ipv4Net> = all.iter().flat_map(|i| i.ipv4_prefixes.clone()).collect();
    let addresses: Vec<_> = all.iter().flat_map(|i| &i.private_addresses).map(|a| a.address).collect();
    assert_eq!(prefixes.iter().collect::<HashSet<_>>().len(), prefixes.len());
    assert_eq!(addresses.iter().collect::<HashSet<_>>().len(), addresses.len());
    assert!(addresses.iter().all(|a| !prefixes.iter().any(|p| p.contains(a))));
    assert_eq!(addresses.len() + 16 * prefixes.len(), 251, "the subnet is full to the last address");
}

#[tokio::test]
async fn prefixes_of_ipv6() {
    let (cloud, subnet, block) = world_v6().await;
    let id = cloud.interface(&subnet).await;
    let prefixes: Vec<Ipv6Net> = block.subnets(80).expect("prefixes").take(4).collect();
    let inside = prefixes[2].hosts().nth(9).expect("an address");
    cloud.ok("AssignIpv6Addresses", &format!("NetworkInterfaceId={id}&Ipv6Addresses.1={inside}")).await;
    let named = format!("NetworkInterfaceId={id}&Ipv6Prefix.1={}", prefixes[1]);
    let xml = cloud.ok("AssignIpv6Addresses", &named).await;
    assert!(xml.contains(&prefixes[1].to_string()), "{xml}");
    let taken = prefixes[1].hosts().nth(5).expect("an address");
    for (parameters, code) in [
        (format!("Ipv6Prefix.1={}", prefixes[0]), "InvalidParameterValue"),
        (format!("Ipv6Prefix.1={}", prefixes[1]), "InvalidIPAddress.InUse"),
        (format!("Ipv6Prefix.1={}", prefixes[2]), "InvalidIPAddress.InUse"),
        ("Ipv6Prefix.1=2001:db8::/80".to_owned(), "InvalidParameterValue"),
        (format!("Ipv6Prefix.1={block}"), "InvalidParameterValue"),
        (format!("Ipv6Addresses.1={taken}"), "InvalidIPAddress.InUse"),
        ("Ipv6PrefixCount=1&Ipv6AddressCount=1".to_owned(), "InvalidParameterCombination"),
    ] {
        let parameters = format!("NetworkInterfaceId={id}&{parameters}");
        assert_eq!(cloud.code("AssignIpv6Addresses", &parameters).await, code, "{parameters}");
    }
    cloud.ok("AssignIpv6Addresses", &format!("NetworkInterfaceId={id}&Ipv6PrefixCount=2")).await;
    assert_eq!(record(&cloud, &id).ipv6_prefixes.len(), 3);
    let xml = cloud.ok("UnassignIpv6Addresses", &named).await;
    assert!(xml.contains(&prefixes[1].to_string()), "{xml}");
    assert_eq!(record(&cloud, &id).ipv6_prefixes.len(), 2);
}

#[tokio::test]
async fn reserved_addresses_are_not_given_by_themselves() {
    let (cloud, subnet) = world("10.0.1.0/24").await;
    let of = |cidr: &str, kind: &str| format!("SubnetId={subnet}&Cidr={cidr}&ReservationType={kind}");
    let parameters = of("10.0.1.128/25", "explicit")
        + "&Description=ours&TagSpecification.1.ResourceType=subnet-cidr-reservation&TagSpecification.1.Tag.1.Key=a";
    let xml = cloud.ok("CreateSubnetCidrReservation", &parameters).await;
    for expected in
        ["<cidr>10.0.1.128/25</cidr>", "<reservationType>explicit</reservationType>", "ours", "<key>a</key>"]
    {
        assert!(xml.contains(expected), "{expected}: {xml}");
    }
    let id = all(&xml, "subnetCidrReservationId").remove(0);
    cloud.ok("CreateSubnetCidrReservation", &of("10.0.1.32/27", "prefix")).await;

    // Prefixes come from their reservation first, single addresses from outside of both.
    for _ in 0..2 {
        let prefix = cloud
            .get("CreateNetworkInterface", &format!("SubnetId={subnet}&Ipv4PrefixCount=1"), "ipv4Prefix")
            .await;
        let reserved: Ipv4Net = "10.0.1.32/27".parse().expect("a block");
        assert!(reserved.contains(&prefix.parse::<Ipv4Net>().expect("a prefix")), "{prefix}");
    }
    let many = format!("SubnetId={subnet}&SecondaryPrivateIpAddressCount=40");
    for _ in 0..2 {
        cloud.ok("CreateNetworkInterface", &many).await;
    }
    assert_eq!(cloud.code("CreateNetworkInterface", &many).await, "InsufficientFreeAddressesInSubnet");
    let high = cloud.world.store().list::<NetworkInterface>(&cloud.world.scope());
    assert!(high.iter().flat_map(|i| &i.private_addresses).all(|a| a.address.octets()[3] < 128));
    // By name they can be had.
    cloud.ok("CreateNetworkInterface", &format!("SubnetId={subnet}&PrivateIpAddress=10.0.1.200")).await;

    cloud.ok("DeleteSubnetCidrReservation", &format!("SubnetCidrReservationId={id}")).await;
    cloud.ok("CreateNetworkInterface", &many).await;
}

#[tokio::test]
async fn reservations_good_and_bad() {
    let (cloud, subnet, block) = world_v6().await;
    let of = |cidr: &str, kind: &str| format!("SubnetId={subnet}&Cidr={cidr}&ReservationType={kind}");
    let v6 = block.subnets(80).expect("prefixes").nth(7).expect("one").to_string();
    cloud.ok("CreateSubnetCidrReservation", &of("10.0.1.16/28", "prefix")).await;
    cloud.ok("CreateSubnetCidrReservation", &of("10.0.1.33/32", "explicit")).await;
    cloud.ok("CreateSubnetCidrReservation", &of(&v6, "prefix")).await;
    for (parameters, code) in [
        (of("10.0.1.24/29", "explicit"), "InvalidCidrReservation.Conflict"),
        (of("10.0.1.0/24", "explicit"), "InvalidCidrReservation.Conflict"),
        (of("10.0.2.0/28", "prefix"), "InvalidParameterValue"),
        (of("2001:db8::/80", "prefix"), "InvalidParameterValue"),
        (of("10.0.1.64/29", "prefix"), "InvalidParameterValue"),
        (of("10.0.1.64", "prefix"), "InvalidParameterValue"),
        (of("10.0.1.64/28", "reserved"), "InvalidParameterValue"),
        (of("10.0.1.64/28", "prefix").replace(&subnet, "subnet-00000000"), "InvalidSubnetID.NotFound"),
        (format!("SubnetId={subnet}&Cidr=10.0.1.64/28"), "MissingParameter"),
    ] {
        assert_eq!(cloud.code("CreateSubnetCidrReservation", &parameters).await, code, "{parameters}");
    }
    let xml = cloud.ok("GetSubnetCidrReservations", &format!("SubnetId={subnet}")).await;
    assert_eq!(all(&all(&xml, "subnetIpv4CidrReservationSet")[0], "cidr").len(), 2);
    assert_eq!(all(&all(&xml, "subnetIpv6CidrReservationSet")[0], "cidr"), [v6.as_str()]);
    let filtered = format!("SubnetId={subnet}&Filter.1.Name=reservationType&Filter.1.Value.1=explicit");
    assert_eq!(cloud.list("GetSubnetCidrReservations", &filtered, "cidr").await, ["10.0.1.33/32"]);
    for (action, parameters, code) in [
        ("GetSubnetCidrReservations", "SubnetId=subnet-00000000", "InvalidSubnetID.NotFound"),
        (
            "DeleteSubnetCidrReservation",
            "SubnetCidrReservationId=scr-00000000",
            "InvalidSubnetCidrReservationID.NotFound",
        ),
        (
            "DeleteSubnetCidrReservation",
            "SubnetCidrReservationId=x",
            "InvalidSubnetCidrReservationID.Malformed",
        ),
    ] {
        assert_eq!(cloud.code(action, parameters).await, code);
    }
    cloud.ok("DeleteSubnet", &format!("SubnetId={subnet}")).await;
    let left = cloud.world.store().list::<records::SubnetCidrReservation>(&cloud.world.scope());
    assert!(left.is_empty(), "they end with the subnet");
}

#[tokio::test]
async fn a_fully_reserved_ipv6_subnet_gives_nothing() {
    let (cloud, subnet, block) = world_v6().await;
    let free = block.subnets(80).expect("prefixes").nth(9).expect("one");
    // Everything but one /80, block by block.
    for length in 65..=80u8 {
        let part = block.subnets(length).expect("parts").find(|p| {
            !p.contains(&free)
                && Ipv6Net::new(free.network(), length - 1).expect("a block").trunc().contains(p)
        });
        let part = part.expect("the sibling of the free part");
        let parameters = format!("SubnetId={subnet}&Cidr={part}&ReservationType=explicit");
        cloud.ok("CreateSubnetCidrReservation", &parameters).await;
    }
    let id = cloud.interface(&subnet).await;
    let one = format!("NetworkInterfaceId={id}&Ipv6AddressCount=1");
    let address: std::net::Ipv6Addr =
        all(&all(&cloud.ok("AssignIpv6Addresses", &one).await, "assignedIpv6Addresses")[0], "item")
            .remove(0)
            .parse()
            .expect("an address");
    assert!(free.contains(&address), "{address} is the only free part");
    cloud
        .ok("CreateSubnetCidrReservation", &format!("SubnetId={subnet}&Cidr={free}&ReservationType=explicit"))
        .await;
    assert_eq!(cloud.code("AssignIpv6Addresses", &one).await, "InsufficientFreeAddressesInSubnet");
    let prefix = format!("NetworkInterfaceId={id}&Ipv6PrefixCount=1");
    assert_eq!(cloud.code("AssignIpv6Addresses", &prefix).await, "InsufficientCidrBlocks");
}

#[tokio::test]
async fn idle_timeouts_are_kept_and_changed_one_by_one() {
    let (cloud, subnet) = world("10.0.1.0/24").await;
    let spec = "ConnectionTrackingSpecification";
    let parameters = format!("SubnetId={subnet}&{spec}.TcpEstablishedTimeout=350&{spec}.UdpTimeout=30");
    let id = cloud.get("CreateNetworkInterface", &parameters, "networkInterfaceId").await;
    let modify = |rest: &str| format!("NetworkInterfaceId={id}&{spec}.{rest}");
    cloud.ok("ModifyNetworkInterfaceAttribute", &modify("UdpStreamTimeout=60")).await;
    let xml = cloud.ok("DescribeNetworkInterfaces", &format!("NetworkInterfaceId.1={id}")).await;
    for expected in [
        "<tcpEstablishedTimeout>350</tcpEstablishedTimeout>",
        "<udpStreamTimeout>60</udpStreamTimeout>",
        "<udpTimeout>30</udpTimeout>",
    ] {
        assert!(xml.contains(expected), "{expected}: {xml}");
    }
    for bad in [
        "TcpEstablishedTimeout=59",
        "TcpEstablishedTimeout=432001",
        "UdpStreamTimeout=59",
        "UdpStreamTimeout=181",
        "UdpTimeout=29",
        "UdpTimeout=61",
    ] {
        let code = cloud.code("ModifyNetworkInterfaceAttribute", &modify(bad)).await;
        assert_eq!(code, "InvalidParameterValue", "{bad}");
    }
    let two = modify("UdpTimeout=30") + "&Description.Value=x";
    assert_eq!(cloud.code("ModifyNetworkInterfaceAttribute", &two).await, "InvalidParameterCombination");
}

#[tokio::test]
async fn a_primary_ipv6_address_stays() {
    let (cloud, subnet, _) = world_v6().await;
    let bare = cloud.interface(&subnet).await;
    let on = |id: &str| format!("NetworkInterfaceId={id}&EnablePrimaryIpv6=true");
    assert_eq!(cloud.code("ModifyNetworkInterfaceAttribute", &on(&bare)).await, "InvalidParameterValue");
    let without = format!("SubnetId={subnet}&EnablePrimaryIpv6=true");
    assert_eq!(cloud.code("CreateNetworkInterface", &without).await, "InvalidParameterValue");
    let xml = cloud.ok("CreateNetworkInterface", &format!("{without}&Ipv6AddressCount=2")).await;
    assert_eq!(all(&xml, "isPrimaryIpv6"), ["true", "false"]);
    let id = all(&xml, "networkInterfaceId").remove(0);
    let kept = record(&cloud, &id).ipv6_addresses;
    let unassign = |at: usize| format!("NetworkInterfaceId={id}&Ipv6Addresses.1={}", kept[at]);
    assert_eq!(cloud.code("UnassignIpv6Addresses", &unassign(0)).await, "InvalidParameterValue");
    cloud.ok("UnassignIpv6Addresses", &unassign(1)).await;
    let off = format!("NetworkInterfaceId={id}&EnablePrimaryIpv6=false");
    assert_eq!(cloud.code("ModifyNetworkInterfaceAttribute", &off).await, "InvalidParameterValue");
}

#[tokio::test]
async fn interfaces_of_services_are_theirs() {
    let (cloud, subnet) = world("10.0.1.0/24").await;
    let id = cloud.interface(&subnet).await;
    let scope = cloud.world.scope();
    let changed = cloud.world.ec2.platform.transact(|tx| {
        tx.update::<NetworkInterface>(&scope, &id, |i| i.requester_managed = true);
        Ok(())
    });
    changed.await.expect("a change");
    let of = |rest: &str| format!("NetworkInterfaceId={id}&{rest}");
    for (action, parameters) in [
        ("ModifyNetworkInterfaceAttribute", of("Description.Value=x")),
        ("ResetNetworkInterfaceAttribute", of("SourceDestCheck=x")),
        ("AssignPrivateIpAddresses", of("SecondaryPrivateIpAddressCount=1")),
        ("UnassignPrivateIpAddresses", of("PrivateIpAddress.1=10.0.1.9")),
        ("AssignIpv6Addresses", of("Ipv6AddressCount=1")),
        ("UnassignIpv6Addresses", of("Ipv6Addresses.1=2001:db8::1")),
        ("DeleteNetworkInterface", of("")),
    ] {
        assert_eq!(cloud.code(action, &parameters).await, "OperationNotPermitted", "{action}");
    }
    let parameters = "Filter.1.Name=requester-id&Filter.1.Value.1=amazon*";
    assert_eq!(
        cloud.list("DescribeNetworkInterfaces", parameters, "networkInterfaceId").await,
        [id.as_str()]
    );
}
