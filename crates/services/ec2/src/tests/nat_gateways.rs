use super::Cloud;
use super::cloud::all;
use records::{Address, NatGateway, NetworkInterface, Tags, transitions};
use state_store::StoreError;

/// A VPC with an internet gateway and a subnet.
async fn place(cloud: &Cloud) -> (String, String) {
    let vpc = cloud.vpc("10.0.0.0/16").await;
    cloud.gateway(&vpc).await;
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    (vpc, subnet)
}

async fn allocate(cloud: &Cloud) -> String {
    cloud.get("AllocateAddress", "Domain=vpc", "allocationId").await
}

async fn public(cloud: &Cloud, subnet: &str) -> (String, String) {
    let allocation = allocate(cloud).await;
    let create = format!("SubnetId={subnet}&AllocationId={allocation}");
    (cloud.get("CreateNatGateway", &create, "natGatewayId").await, allocation)
}

async fn private(cloud: &Cloud, subnet: &str) -> String {
    let create = format!("SubnetId={subnet}&ConnectivityType=private");
    cloud.get("CreateNatGateway", &create, "natGatewayId").await
}

/// What the host agent does.
async fn made(cloud: &Cloud, id: &str) {
    let scope = cloud.world.scope();
    let step = cloud
        .world
        .store()
        .transact(|tx| Ok::<_, StoreError>(transitions::mark_nat_available(tx, &scope, id).is_some()));
    assert!(step.await.unwrap().value, "{id} was pending");
}

async fn removed(cloud: &Cloud, id: &str) {
    let (scope, now) = (cloud.world.scope(), cloud.world.ec2.now());
    let step = cloud
        .world
        .store()
        .transact(|tx| Ok::<_, StoreError>(transitions::mark_nat_deleted(tx, &scope, id, now).is_some()));
    assert!(step.await.unwrap().value, "{id} was being deleted");
}

fn named(id: &str) -> String {
    format!("NatGatewayId.1={id}")
}

#[tokio::test]
async fn the_life_of_a_public_gateway() {
    let cloud = Cloud::new();
    let (vpc, subnet) = place(&cloud).await;
    let allocation = allocate(&cloud).await;
    let create =
        format!("SubnetId={subnet}&AllocationId={allocation}&PrivateIpAddress=10.0.1.77&ClientToken=t1");
    let xml = cloud.ok("CreateNatGateway", &create).await;
    let id = all(&xml, "natGatewayId").remove(0);
    for part in [
        "<state>pending</state>",
        "<privateIp>10.0.1.77</privateIp>",
        "<isPrimary>true</isPrimary>",
        "<connectivityType>public</connectivityType>",
    ] {
        assert!(xml.contains(part), "{part} in {xml}");
    }
    assert_eq!(cloud.get("CreateNatGateway", &create, "natGatewayId").await, id, "the token's gateway");
    let interface = all(&xml, "networkInterfaceId").remove(0);
    let shown = cloud.ok("DescribeNetworkInterfaces", &format!("NetworkInterfaceId.1={interface}")).await;
    for part in [
        &format!("<description>Interface for NAT Gateway {id}</description>"),
        "<requesterManaged>true</requesterManaged>",
        "<interfaceType>nat_gateway</interfaceType>",
        "<sourceDestCheck>false</sourceDestCheck>",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert!(all(&shown, "groupId").is_empty(), "{shown}");
    // The elastic address is in use, and nobody but the gateway may touch it or the interface.
    let association =
        cloud.get("DescribeAddresses", &format!("AllocationId.1={allocation}"), "associationId").await;
    assert_eq!(
        cloud.code("ReleaseAddress", &format!("AllocationId={allocation}")).await,
        "InvalidIPAddress.InUse"
    );
    assert_eq!(
        cloud.code("DisassociateAddress", &format!("AssociationId={association}")).await,
        "AuthFailure"
    );
    let other = cloud.interface(&subnet).await;
    let steal = format!("AllocationId={allocation}&NetworkInterfaceId={other}");
    assert_eq!(cloud.code("AssociateAddress", &steal).await, "AuthFailure");
    let second = allocate(&cloud).await;
    let give = format!("AllocationId={second}&NetworkInterfaceId={interface}");
    assert_eq!(cloud.code("AssociateAddress", &give).await, "AuthFailure");
    let delete_interface = format!("NetworkInterfaceId={interface}");
    assert_eq!(cloud.code("DeleteNetworkInterface", &delete_interface).await, "OperationNotPermitted");
    made(&cloud, &id).await;
    let shown = cloud.ok("DescribeNatGateways", &named(&id)).await;
    assert!(
        shown.contains("<state>available</state>") && shown.contains("<status>succeeded</status>"),
        "{shown}"
    );
    assert_eq!(cloud.code("DeleteSubnet", &format!("SubnetId={subnet}")).await, "DependencyViolation");
    cloud.settled();
    cloud.ok("DeleteNatGateway", &format!("NatGatewayId={id}")).await;
    assert_eq!(cloud.settled(), [vpc.as_str()], "routes are blackholes when the call answers");
    assert!(cloud.ok("DescribeNatGateways", &named(&id)).await.contains("<state>deleting</state>"));
    assert_eq!(cloud.code("DeleteNatGateway", &format!("NatGatewayId={id}")).await, "NatGatewayNotFound");
    removed(&cloud, &id).await;
    let shown = cloud.ok("DescribeNatGateways", &named(&id)).await;
    assert!(shown.contains("<state>deleted</state>") && shown.contains("<deleteTime>"), "{shown}");
    let scope = cloud.world.scope();
    assert!(cloud.world.store().get::<NetworkInterface>(&scope, &interface).is_none());
    cloud.ok("ReleaseAddress", &format!("AllocationId={allocation}")).await;
    // Shown for an hour, then forgotten with its tags.
    cloud.ok("CreateTags", &format!("ResourceId.1={id}&Tag.1.Key=a&Tag.1.Value=b")).await;
    cloud.world.clock.advance(transitions::KEEP_TERMINATED - 1);
    let sweep =
        async || transitions::sweep_nat_gateways(cloud.world.store(), cloud.world.ec2.now()).await.unwrap();
    assert_eq!(sweep().await, 0);
    cloud.world.clock.advance(1);
    assert_eq!(sweep().await, 1);
    assert_eq!(cloud.code("DescribeNatGateways", &named(&id)).await, "NatGatewayNotFound");
    assert!(cloud.world.store().get::<Tags>(&scope, &id).is_none());
}

#[tokio::test]
async fn what_is_missing_makes_the_gateway_fail_later() {
    let cloud = Cloud::new();
    let (vpc, subnet) = place(&cloud).await;
    let taken = allocate(&cloud).await;
    let interface = cloud.interface(&subnet).await;
    cloud.ok("AssociateAddress", &format!("AllocationId={taken}&NetworkInterfaceId={interface}")).await;
    let bare = cloud.vpc("10.0.0.0/16").await;
    let inside = cloud.subnet(&bare, "10.0.1.0/24").await;
    let free = allocate(&cloud).await;
    // Eleven machines fill the smallest subnet.
    let small = cloud.subnet(&vpc, "10.0.2.0/28").await;
    for _ in 0..11 {
        cloud.interface(&small).await;
    }
    for (parameters, code, message) in [
        (
            format!("SubnetId={subnet}&AllocationId=eipalloc-00000000"),
            "InvalidAllocationID.NotFound",
            "Elastic IP address eipalloc-00000000 could not be associated with this NAT gateway".to_owned(),
        ),
        (
            format!("SubnetId={subnet}&AllocationId={taken}"),
            "Resource.AlreadyAssociated",
            format!("Elastic IP address {taken} is already associated"),
        ),
        (
            format!("SubnetId={inside}&AllocationId={free}"),
            "Gateway.NotAttached",
            format!("Network {bare} has no Internet gateway attached"),
        ),
        (
            format!("SubnetId={small}&AllocationId={free}"),
            "InsufficientFreeAddressesInSubnet",
            "Subnet has insufficient free addresses to create this NAT gateway".to_owned(),
        ),
        (
            format!("SubnetId={subnet}&AllocationId={free}&SecondaryAllocationId.1={free}"),
            "Resource.AlreadyAssociated",
            format!("Elastic IP address {free} is already associated"),
        ),
    ] {
        let xml = cloud.ok("CreateNatGateway", &parameters).await;
        assert!(xml.contains("<state>pending</state>") && !xml.contains("failureCode"), "{xml}");
        let id = all(&xml, "natGatewayId").remove(0);
        let shown = cloud.ok("DescribeNatGateways", &named(&id)).await;
        assert!(shown.contains("<state>failed</state>"), "{shown}");
        assert_eq!(
            (all(&shown, "failureCode"), all(&shown, "failureMessage")),
            (vec![code.to_owned()], vec![message])
        );
        assert!(
            cloud.world.store().get::<Address>(&cloud.world.scope(), &free).unwrap().association_id.is_none()
        );
        cloud.ok("DeleteNatGateway", &format!("NatGatewayId={id}")).await;
        assert!(cloud.ok("DescribeNatGateways", &named(&id)).await.contains("<state>deleted</state>"));
    }
    cloud.world.clock.advance(transitions::KEEP_TERMINATED);
    let now = cloud.world.ec2.now();
    assert_eq!(transitions::sweep_nat_gateways(cloud.world.store(), now).await.unwrap(), 5);
}

#[tokio::test]
async fn a_private_gateway_gains_and_loses_addresses() {
    let cloud = Cloud::new();
    let (vpc, subnet) = place(&cloud).await;
    let id = private(&cloud, &subnet).await;
    let assign = |rest: &str| format!("NatGatewayId={id}&{rest}");
    let early = assign("PrivateIpAddressCount=1");
    assert_eq!(cloud.code("AssignPrivateNatGatewayAddress", &early).await, "IncorrectState");
    made(&cloud, &id).await;
    cloud.settled();
    let xml = cloud.ok("AssignPrivateNatGatewayAddress", &assign("PrivateIpAddress.1=10.0.1.50")).await;
    assert!(
        xml.contains("<status>assigning</status>") && xml.contains("<privateIp>10.0.1.50</privateIp>"),
        "{xml}"
    );
    assert_eq!(cloud.settled(), [vpc.as_str()]);
    cloud.ok("AssignPrivateNatGatewayAddress", &assign("PrivateIpAddressCount=6")).await;
    let shown = cloud.list("DescribeNatGateways", &named(&id), "privateIp").await;
    assert_eq!(shown.len(), 8);
    for (action, rest, code) in [
        ("AssignPrivateNatGatewayAddress", "PrivateIpAddressCount=1", "AddressLimitExceeded"),
        ("AssignPrivateNatGatewayAddress", "PrivateIpAddressCount=31", "AddressLimitExceeded"),
        ("AssignPrivateNatGatewayAddress", "", "MissingParameter"),
        ("AssignPrivateNatGatewayAddress", "PrivateIpAddressCount=0", "InvalidParameterValue"),
        ("UnassignPrivateNatGatewayAddress", "PrivateIpAddress.1=10.0.1.200", "InvalidParameterValue"),
        ("UnassignPrivateNatGatewayAddress", "", "MissingParameter"),
        (
            "UnassignPrivateNatGatewayAddress",
            "PrivateIpAddress.1=10.0.1.50&MaxDrainDurationSeconds=0",
            "InvalidParameterValue",
        ),
        ("AssociateNatGatewayAddress", "AllocationId.1=eipalloc-00000000", "InvalidParameterCombination"),
    ] {
        // The random addresses may hold the one that stands for a foreign one here.
        if rest.contains("10.0.1.200") && shown.iter().any(|ip| ip == "10.0.1.200") {
            continue;
        }
        assert_eq!(cloud.code(action, &assign(rest)).await, code, "{action} {rest}");
    }
    let primary =
        cloud.world.store().get::<NatGateway>(&cloud.world.scope(), &id).unwrap().addresses[0].private_ip;
    let first = assign(&format!("PrivateIpAddress.1={primary}"));
    assert_eq!(cloud.code("UnassignPrivateNatGatewayAddress", &first).await, "OperationNotPermitted");
    let xml = cloud.ok("UnassignPrivateNatGatewayAddress", &assign("PrivateIpAddress.1=10.0.1.50")).await;
    assert!(xml.contains("<status>unassigning</status>"), "{xml}");
    assert_eq!(cloud.list("DescribeNatGateways", &named(&id), "privateIp").await.len(), 7);
    // The address is free again.
    cloud.ok("CreateNetworkInterface", &format!("SubnetId={subnet}&PrivateIpAddress=10.0.1.50")).await;
    assert_eq!(
        cloud.code("AssignPrivateNatGatewayAddress", &assign("PrivateIpAddress.1=10.0.1.50")).await,
        "InvalidIPAddress.InUse"
    );
}

#[tokio::test]
async fn a_public_gateway_gains_and_loses_elastic_addresses() {
    let cloud = Cloud::new();
    let (_, subnet) = place(&cloud).await;
    let (id, first) = public(&cloud, &subnet).await;
    made(&cloud, &id).await;
    let more = allocate(&cloud).await;
    let associate = format!("NatGatewayId={id}&AllocationId.1={more}");
    let xml = cloud.ok("AssociateNatGatewayAddress", &associate).await;
    assert!(
        xml.contains("<status>associating</status>") && xml.contains("<isPrimary>false</isPrimary>"),
        "{xml}"
    );
    let association = all(&xml, "associationId").remove(0);
    assert_eq!(cloud.code("AssociateNatGatewayAddress", &associate).await, "Resource.AlreadyAssociated");
    let fresh = allocate(&cloud).await;
    let twice = format!("NatGatewayId={id}&AllocationId.1={fresh}&AllocationId.2={fresh}");
    assert_eq!(cloud.code("AssociateNatGatewayAddress", &twice).await, "Resource.AlreadyAssociated");
    let uneven = format!(
        "NatGatewayId={id}&AllocationId.1={fresh}&PrivateIpAddress.1=10.0.1.8&PrivateIpAddress.2=10.0.1.9"
    );
    assert_eq!(cloud.code("AssociateNatGatewayAddress", &uneven).await, "InvalidParameterCombination");
    let list = format!("AllocationId.1={first}");
    let primary = cloud.get("DescribeAddresses", &list, "associationId").await;
    let keep = format!("NatGatewayId={id}&AssociationId.1={primary}");
    assert_eq!(cloud.code("DisassociateNatGatewayAddress", &keep).await, "OperationNotPermitted");
    let drop_it = format!("NatGatewayId={id}&AssociationId.1={association}");
    let xml = cloud.ok("DisassociateNatGatewayAddress", &drop_it).await;
    assert!(xml.contains("<status>disassociating</status>"), "{xml}");
    assert_eq!(cloud.code("DisassociateNatGatewayAddress", &drop_it).await, "InvalidAssociationID.NotFound");
    cloud.ok("ReleaseAddress", &format!("AllocationId={more}")).await;
    assert_eq!(cloud.list("DescribeNatGateways", &named(&id), "allocationId").await, [first]);
}

#[tokio::test]
async fn bad_nat_requests_lists_and_quota() {
    let cloud = Cloud::new();
    let (vpc, subnet) = place(&cloud).await;
    let interface = cloud
        .get(
            "CreateNetworkInterface",
            &format!("SubnetId={subnet}&PrivateIpAddress=10.0.1.9"),
            "networkInterfaceId",
        )
        .await;
    assert!(interface.starts_with("eni-"));
    for (action, parameters, code) in [
        ("CreateNatGateway", format!("SubnetId={subnet}"), "MissingParameter"),
        (
            "CreateNatGateway",
            "SubnetId=subnet-00000000&ConnectivityType=private".to_owned(),
            "InvalidSubnetID.NotFound",
        ),
        (
            "CreateNatGateway",
            format!("SubnetId={subnet}&ConnectivityType=private&PrivateIpAddress=10.9.9.9"),
            "InvalidParameterValue",
        ),
        (
            "CreateNatGateway",
            format!("SubnetId={subnet}&ConnectivityType=private&PrivateIpAddress=10.0.1.2"),
            "InvalidParameterValue",
        ),
        (
            "CreateNatGateway",
            format!("SubnetId={subnet}&ConnectivityType=private&PrivateIpAddress=10.0.1.9"),
            "InvalidIPAddress.InUse",
        ),
        (
            "CreateNatGateway",
            format!("SubnetId={subnet}&AllocationId=banana"),
            "InvalidAllocationID.NotFound",
        ),
        ("DeleteNatGateway", "NatGatewayId=nat-00000000".to_owned(), "NatGatewayNotFound"),
        ("DeleteNatGateway", "NatGatewayId=x".to_owned(), "NatGatewayMalformed"),
        ("DescribeNatGateways", named("nat-00000000"), "NatGatewayNotFound"),
        (
            "DescribeNatGateways",
            "Filter.1.Name=colour&Filter.1.Value.1=red".to_owned(),
            "InvalidParameterValue",
        ),
        (
            "AssignPrivateNatGatewayAddress",
            "NatGatewayId=nat-00000000&PrivateIpAddressCount=1".to_owned(),
            "NatGatewayNotFound",
        ),
    ] {
        assert_eq!(cloud.code(action, &parameters).await, code, "{action} {parameters}");
    }
    let mut made = Vec::new();
    for _ in 0..50 {
        made.push(private(&cloud, &subnet).await);
    }
    made.sort();
    let more = format!("SubnetId={subnet}&ConnectivityType=private");
    assert_eq!(cloud.code("CreateNatGateway", &more).await, "NatGatewayLimitExceeded");
    let filter =
        format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}&Filter.2.Name=state&Filter.2.Value.1=pending");
    assert_eq!(cloud.list("DescribeNatGateways", &filter, "natGatewayId").await, made);
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let xml = cloud.ok("DescribeNatGateways", &format!("{filter}&MaxResults=7{token}")).await;
        seen.extend(all(&xml, "natGatewayId"));
        match all(&xml, "nextToken").first() {
            Some(next) => token = format!("&NextToken={next}"),
            None => break,
        }
    }
    assert_eq!(seen, made, "pages joined are the list");
    // One on its way out makes room.
    cloud.ok("DeleteNatGateway", &format!("NatGatewayId={}", made[0])).await;
    private(&cloud, &subnet).await;
}
