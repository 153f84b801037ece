use super::Cloud;
use super::interfaces::instance;
use records::address::{PublicAddressClaim, pool_scope};

async fn allocate(cloud: &Cloud) -> (String, String) {
    let xml = cloud.ok("AllocateAddress", "Domain=vpc").await;
    (super::cloud::all(&xml, "allocationId").remove(0), super::cloud::all(&xml, "publicIp").remove(0))
}

#[tokio::test]
async fn the_life_of_an_elastic_address() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    let interface = cloud.interface(&subnet).await;
    let (id, public) = allocate(&cloud).await;
    assert!(public.starts_with("198."), "{public}");
    let associate = format!("AllocationId={id}&NetworkInterfaceId={interface}");
    let fault = cloud.fault("AssociateAddress", &associate).await;
    assert_eq!(fault.code, "Gateway.NotAttached");
    assert_eq!(fault.message, format!("Network {vpc} is not attached to any internet gateway"));
    cloud.gateway(&vpc).await;
    cloud.settled();
    let association = cloud.get("AssociateAddress", &associate, "associationId").await;
    assert_eq!(cloud.settled(), [vpc.as_str()]);
    assert_eq!(
        cloud.get("AssociateAddress", &associate, "associationId").await,
        association,
        "again the same"
    );
    let shown = cloud.ok("DescribeAddresses", &format!("PublicIp.1={public}")).await;
    assert!(shown.contains(&association) && shown.contains(&interface), "{shown}");
    let owner = cloud
        .get("DescribeNetworkInterfaces", &format!("NetworkInterfaceId.1={interface}"), "ipOwnerId")
        .await;
    assert_eq!(owner, "000000000000");
    let fault = cloud.fault("ReleaseAddress", &format!("AllocationId={id}")).await;
    assert_eq!(
        (fault.code.as_ref(), fault.message),
        ("InvalidIPAddress.InUse", format!("Address {public} is in use."))
    );
    // It moves, unless that was forbidden.
    let second = cloud.interface(&subnet).await;
    let move_it = format!("AllocationId={id}&NetworkInterfaceId={second}");
    let stay = format!("{move_it}&AllowReassociation=false");
    assert_eq!(cloud.code("AssociateAddress", &stay).await, "Resource.AlreadyAssociated");
    let moved = cloud.get("AssociateAddress", &move_it, "associationId").await;
    let old = cloud.ok("DescribeNetworkInterfaces", &format!("NetworkInterfaceId.1={interface}")).await;
    assert!(!old.contains(&public), "{old}");
    // Another address takes its place; the first is free but still allocated.
    let (other, _) = allocate(&cloud).await;
    cloud.ok("AssociateAddress", &format!("AllocationId={other}&NetworkInterfaceId={second}")).await;
    assert_eq!(
        cloud.code("DisassociateAddress", &format!("AssociationId={moved}")).await,
        "InvalidAssociationID.NotFound"
    );
    cloud.ok("ReleaseAddress", &format!("AllocationId={id}")).await;
    assert!(cloud.world.store().get::<PublicAddressClaim>(&pool_scope(), &public).is_none());
    // An interface that goes lets its elastic address free.
    cloud.ok("DeleteNetworkInterface", &format!("NetworkInterfaceId={second}")).await;
    cloud.ok("ReleaseAddress", &format!("AllocationId={other}")).await;
    assert!(cloud.world.store().list::<PublicAddressClaim>(&pool_scope()).is_empty());
}

#[tokio::test]
async fn instances_stand_for_their_only_interface() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    cloud.gateway(&vpc).await;
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    let interface = cloud.interface(&subnet).await;
    let machine = instance(&cloud, &interface, "running").await;
    let (id, public) = allocate(&cloud).await;
    cloud.ok("AssociateAddress", &format!("PublicIp={public}&InstanceId={machine}")).await;
    let by_instance = format!("Filter.1.Name=instance-id&Filter.1.Value.1={machine}");
    assert_eq!(cloud.list("DescribeAddresses", &by_instance, "allocationId").await, [id.as_str()]);
    cloud.ok("DisassociateAddress", &format!("PublicIp={public}")).await;
    let fresh = cloud.interface(&subnet).await;
    let pending = instance(&cloud, &fresh, "pending").await;
    let early = format!("AllocationId={id}&InstanceId={pending}");
    assert_eq!(cloud.code("AssociateAddress", &early).await, "InvalidInstanceID");
    // A route to a machine lives while the machine does.
    let filter = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
    let table = cloud.get("DescribeRouteTables", &filter, "routeTableId").await;
    cloud
        .ok(
            "CreateRoute",
            &format!("RouteTableId={table}&DestinationCidrBlock=9.0.0.0/8&InstanceId={machine}"),
        )
        .await;
    let shown = cloud.ok("DescribeRouteTables", &filter).await;
    assert!(shown.contains(&machine) && !shown.contains("blackhole"), "{shown}");
    let fresh = cloud.interface(&subnet).await;
    let stopped = instance(&cloud, &fresh, "stopped").await;
    cloud
        .ok(
            "CreateRoute",
            &format!("RouteTableId={table}&DestinationCidrBlock=8.0.0.0/8&InstanceId={stopped}"),
        )
        .await;
    assert!(cloud.ok("DescribeRouteTables", &filter).await.contains("blackhole"));
}

#[tokio::test]
async fn bad_addresses() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    cloud.gateway(&vpc).await;
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    let interface = cloud.interface(&subnet).await;
    let (id, public) = allocate(&cloud).await;
    for (action, parameters, code) in [
        ("AllocateAddress", "Address=10.0.0.1".to_owned(), "InvalidAddress.NotFound"),
        ("AllocateAddress", format!("Address={public}"), "InvalidAddress.NotFound"),
        ("AllocateAddress", "PublicIpv4Pool=ipv4pool-ec2-1".to_owned(), "UnsupportedOperation"),
        ("AllocateAddress", "NetworkBorderGroup=eu-west-1".to_owned(), "InvalidParameterValue"),
        ("ReleaseAddress", String::new(), "MissingParameter"),
        ("ReleaseAddress", "AllocationId=eipalloc-00000000".to_owned(), "InvalidAllocationID.NotFound"),
        ("ReleaseAddress", "PublicIp=198.18.200.200".to_owned(), "InvalidAddress.NotFound"),
        ("ReleaseAddress", "PublicIp=x".to_owned(), "InvalidParameterValue"),
        ("ReleaseAddress", format!("AllocationId={id}&PublicIp={public}"), "InvalidParameterCombination"),
        ("AssociateAddress", format!("AllocationId={id}"), "MissingParameter"),
        (
            "AssociateAddress",
            format!("AllocationId={id}&NetworkInterfaceId={interface}&PrivateIpAddress=10.0.1.250"),
            "InvalidParameterValue",
        ),
        (
            "AssociateAddress",
            format!("AllocationId={id}&NetworkInterfaceId={interface}&InstanceId=i-00000000"),
            "InvalidParameterCombination",
        ),
        (
            "AssociateAddress",
            format!("AllocationId={id}&InstanceId=i-00000000"),
            "InvalidInstanceID.NotFound",
        ),
        ("DisassociateAddress", format!("PublicIp={public}"), "InvalidAssociationID.NotFound"),
        (
            "DisassociateAddress",
            "AssociationId=eipassoc-00000000".to_owned(),
            "InvalidAssociationID.NotFound",
        ),
        ("DescribeAddresses", "AllocationId.1=eipalloc-00000000".to_owned(), "InvalidAllocationID.NotFound"),
        ("DescribeAddresses", "PublicIp.1=198.18.200.200".to_owned(), "InvalidAddress.NotFound"),
    ] {
        // The random allocation may be the very address that stands for an unknown one here.
        if parameters.contains("198.18.200.200") && public == "198.18.200.200" {
            continue;
        }
        assert_eq!(cloud.code(action, &parameters).await, code, "{action} {parameters}");
    }
    cloud.ok("ReleaseAddress", &format!("AllocationId={id}")).await;
    // A released address can be asked for again.
    assert_eq!(cloud.get("AllocateAddress", &format!("Address={public}"), "publicIp").await, public);
}

#[tokio::test]
async fn reverse_names() {
    let cloud = Cloud::new();
    let (id, public) = allocate(&cloud).await;
    let (other, _) = allocate(&cloud).await;
    let name = format!("AllocationId={id}&DomainName=Mail.Example.com");
    let xml = cloud.ok("ModifyAddressAttribute", &name).await;
    assert!(xml.contains("<status>PENDING</status>") && xml.contains(&public), "{xml}");
    let shown = cloud.ok("DescribeAddressesAttribute", "Attribute=domain-name").await;
    assert_eq!(super::cloud::all(&shown, "ptrRecord"), ["mail.example.com."]);
    assert_eq!(super::cloud::all(&shown, "allocationId").len(), 2);
    assert!(!cloud.ok("DescribeAddressesAttribute", "").await.contains("ptrRecord"));
    cloud.ok("ResetAddressAttribute", &format!("AllocationId={id}&Attribute=domain-name")).await;
    assert!(!cloud.ok("DescribeAddressesAttribute", "Attribute=domain-name").await.contains("ptrRecord"));
    let page = cloud.ok("DescribeAddressesAttribute", "MaxResults=1").await;
    let token = super::cloud::all(&page, "nextToken").remove(0);
    let rest = cloud
        .list("DescribeAddressesAttribute", &format!("MaxResults=1&NextToken={token}"), "allocationId")
        .await;
    let mut both = [super::cloud::all(&page, "allocationId"), rest].concat();
    both.sort();
    let mut all = vec![id.clone(), other];
    all.sort();
    assert_eq!(both, all);
    for (action, parameters, code) in [
        ("ModifyAddressAttribute", format!("AllocationId={id}&DomainName=x"), "InvalidParameterValue"),
        ("ModifyAddressAttribute", format!("AllocationId={id}"), "MissingParameter"),
        (
            "ModifyAddressAttribute",
            "AllocationId=eipalloc-00000000&DomainName=a.b".to_owned(),
            "InvalidAllocationID.NotFound",
        ),
        ("ResetAddressAttribute", format!("AllocationId={id}&Attribute=colour"), "InvalidParameterValue"),
        (
            "DescribeAddressesAttribute",
            "AllocationId.1=eipalloc-00000000".to_owned(),
            "InvalidAllocationID.NotFound",
        ),
    ] {
        assert_eq!(cloud.code(action, &parameters).await, code, "{action} {parameters}");
    }
}
