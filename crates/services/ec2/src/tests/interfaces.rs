use super::Cloud;
use super::cloud::all;
use crate::interface::{Planner, Wanted};
use records::{Instance, NetworkInterface, Subnet};
use std::collections::HashSet;

async fn world() -> (Cloud, String, String) {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    (cloud, vpc, subnet)
}

/// An instance record as the instance operations would leave it.
pub(super) async fn instance(cloud: &Cloud, interface: &str, state: &str) -> String {
    let scope = cloud.world.scope();
    let mut nic = NetworkInterface::clone(&cloud.world.store().get(&scope, interface).unwrap());
    let id = contracts::new_id("i");
    let record: Instance = serde_json::from_value(serde_json::json!({
        "id": id, "reservation_id": "r-1", "launch_index": 0, "image_id": "ami-1", "instance_type": "t3.micro",
        "vcpus": 2, "memory_mib": 1024, "state": state, "launch_time": 0, "subnet_id": nic.subnet_id,
        "vpc_id": nic.vpc_id, "availability_zone": nic.availability_zone, "network_interfaces": [interface],
        "hostname": "h", "shutdown_behavior": "stop", "block_devices": [], "generation": 1,
        "metadata_options": {"http_tokens": "optional", "http_endpoint": "enabled", "http_put_response_hop_limit": 1,
            "http_protocol_ipv6": "disabled", "instance_metadata_tags": "disabled"}
    }))
    .unwrap();
    nic.attachment = Some(records::Attachment {
        id: contracts::new_id("eni-attach"),
        instance_id: id.clone(),
        device_index: 0,
        status: "attached".to_owned(),
        attached: 0,
        delete_on_termination: true,
    });
    cloud
        .world
        .store()
        .transact(|tx| {
            tx.put(&scope, record.clone());
            tx.put(&scope, nic.clone());
            Ok::<_, state_store::StoreError>(())
        })
        .await
        .unwrap();
    id
}

#[tokio::test]
async fn an_interface_has_what_was_asked_for() {
    let (cloud, vpc, subnet) = world().await;
    let group = cloud.group(&vpc, "web").await;
    let xml = cloud
        .ok(
            "CreateNetworkInterface",
            &format!(
                "SubnetId={subnet}&Description=db&PrivateIpAddress=10.0.1.20&SecurityGroupId.1={group}\
                 &SecondaryPrivateIpAddressCount=2&TagSpecification.1.ResourceType=network-interface\
                 &TagSpecification.1.Tag.1.Key=a"
            ),
        )
        .await;
    for part in [
        "<status>pending</status>",
        "<description>db</description>",
        "<privateIpAddress>10.0.1.20</privateIpAddress>",
        "<sourceDestCheck>true</sourceDestCheck>",
        "<macAddress>0a:",
        "<groupName>web</groupName>",
        "<interfaceType>interface</interfaceType>",
        "<key>a</key>",
    ] {
        assert!(xml.contains(part), "{part} in {xml}");
    }
    let id = all(&xml, "networkInterfaceId").remove(0);
    for filter in [
        "addresses.private-ip-address&Filter.1.Value.1=10.0.1.20".to_owned(),
        "status&Filter.1.Value.1=available".to_owned(),
        format!("group-id&Filter.1.Value.1={group}"),
        format!("subnet-id&Filter.1.Value.1={subnet}"),
        "availability-zone-id&Filter.1.Value.1=use1-az1".to_owned(),
    ] {
        let parameters = format!("Filter.1.Name={filter}");
        let found = cloud.list("DescribeNetworkInterfaces", &parameters, "networkInterfaceId").await;
        assert_eq!(found, [id.as_str()], "{filter}");
    }
    let count = cloud.ok("DescribeSubnets", &format!("SubnetId.1={subnet}")).await;
    assert!(count.contains("<availableIpAddressCount>248</availableIpAddressCount>"), "{count}");
    // The same request again under its token.
    let once = format!("SubnetId={subnet}&ClientToken=t");
    let first = cloud.get("CreateNetworkInterface", &once, "networkInterfaceId").await;
    assert_eq!(cloud.get("CreateNetworkInterface", &once, "networkInterfaceId").await, first);
}

#[tokio::test]
async fn bad_interfaces() {
    let (cloud, vpc, subnet) = world().await;
    let taken = cloud.get("CreateNetworkInterface", &format!("SubnetId={subnet}"), "privateIpAddress").await;
    let other = cloud.vpc("10.9.0.0/16").await;
    let foreign = cloud.group(&other, "web").await;
    let mut groups = Vec::new();
    for n in 1..=6 {
        groups.push(format!("SecurityGroupId.{n}={}", cloud.group(&vpc, &format!("g{n}")).await));
    }
    for (rest, code) in [
        (format!("PrivateIpAddress={taken}"), "InvalidIPAddress.InUse"),
        ("PrivateIpAddress=10.0.2.5".to_owned(), "InvalidParameterValue"),
        ("PrivateIpAddress=10.0.1.0".to_owned(), "InvalidParameterValue"),
        ("PrivateIpAddress=10.0.1.3".to_owned(), "InvalidParameterValue"),
        ("PrivateIpAddress=10.0.1.255".to_owned(), "InvalidParameterValue"),
        ("PrivateIpAddress=x".to_owned(), "InvalidParameterValue"),
        ("SecurityGroupId.1=sg-00000000".to_owned(), "InvalidGroup.NotFound"),
        ("SecurityGroupId.1=web".to_owned(), "InvalidGroupId.Malformed"),
        (format!("SecurityGroupId.1={foreign}"), "InvalidParameter"),
        (groups.join("&"), "SecurityGroupsPerInterfaceLimitExceeded"),
        ("SecondaryPrivateIpAddressCount=50".to_owned(), "PrivateIpAddressLimitExceeded"),
        ("SecondaryPrivateIpAddressCount=-1".to_owned(), "InvalidParameterValue"),
        ("Ipv6AddressCount=1".to_owned(), "InvalidParameterValue"),
        ("InterfaceType=efa".to_owned(), "UnsupportedOperation"),
        (
            "PrivateIpAddresses.1.PrivateIpAddress=10.0.1.9&PrivateIpAddresses.2.PrivateIpAddress=10.0.1.9"
                .to_owned(),
            "InvalidIPAddress.InUse",
        ),
    ] {
        let parameters = format!("SubnetId={subnet}&{rest}");
        assert_eq!(cloud.code("CreateNetworkInterface", &parameters).await, code, "{rest}");
    }
    assert_eq!(
        cloud.code("CreateNetworkInterface", "SubnetId=subnet-00000000").await,
        "InvalidSubnetID.NotFound"
    );
}

#[tokio::test]
async fn a_subnet_is_filled_to_the_last_address_and_no_further() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let subnet = cloud.subnet(&vpc, "10.0.1.16/28").await;
    let mut seen = HashSet::new();
    for _ in 0..11 {
        let address =
            cloud.get("CreateNetworkInterface", &format!("SubnetId={subnet}"), "privateIpAddress").await;
        assert!(seen.insert(address));
    }
    let mut expected: Vec<String> = (20..31).map(|n| format!("10.0.1.{n}")).collect();
    let mut got: Vec<String> = seen.into_iter().collect();
    expected.sort();
    got.sort();
    assert_eq!(got, expected);
    let full = format!("SubnetId={subnet}");
    assert_eq!(cloud.code("CreateNetworkInterface", &full).await, "InsufficientFreeAddressesInSubnet");
    assert_eq!(
        cloud.get("DescribeSubnets", &format!("SubnetId.1={subnet}"), "availableIpAddressCount").await,
        "0"
    );
}

#[tokio::test]
async fn many_interfaces_in_one_transaction_never_share_an_address() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let subnet_id = cloud.subnet(&vpc, "10.0.1.0/24").await;
    let (scope, ec2) = (cloud.world.scope(), cloud.world.ec2.clone());
    let mut seen = HashSet::new();
    let mut publics = HashSet::new();
    for _ in 0..5 {
        let planned = ec2
            .platform
            .transact(|tx| {
                let subnet = tx.get::<Subnet>(&scope, &subnet_id).expect("a subnet");
                let mut planner = Planner::default();
                let mut all = Vec::new();
                // All are planned before the first is written.
                for _ in 0..50 {
                    let wanted = Wanted { public: true, ..Wanted::default() };
                    all.push(planner.plan(&ec2, tx, &scope, &subnet, &wanted)?);
                }
                for interface in &all {
                    tx.put(&scope, interface.clone());
                }
                Ok(all)
            })
            .await
            .unwrap()
            .value;
        for interface in planned {
            let primary = interface.primary().unwrap();
            assert!(seen.insert(primary.address) && publics.insert(primary.public.unwrap()));
        }
    }
    let over =
        cloud.get("DescribeSubnets", &format!("SubnetId.1={subnet_id}"), "availableIpAddressCount").await;
    assert_eq!(over, "1");
}

#[tokio::test]
async fn attributes() {
    let (cloud, vpc, subnet) = world().await;
    let group = cloud.group(&vpc, "web").await;
    let id = cloud.interface(&subnet).await;
    let with = |rest: &str| format!("NetworkInterfaceId={id}&{rest}");
    cloud.settled();
    cloud.ok("ModifyNetworkInterfaceAttribute", &with("SourceDestCheck.Value=false")).await;
    assert_eq!(cloud.settled(), [vpc]);
    let read = async |name: &str| {
        cloud.ok("DescribeNetworkInterfaceAttribute", &with(&format!("Attribute={name}"))).await
    };
    assert!(read("sourceDestCheck").await.contains("<value>false</value>"));
    cloud.ok("ResetNetworkInterfaceAttribute", &with("SourceDestCheck=true")).await;
    assert!(read("sourceDestCheck").await.contains("<value>true</value>"));
    cloud.ok("ModifyNetworkInterfaceAttribute", &with(&format!("SecurityGroupId.1={group}"))).await;
    assert!(read("groupSet").await.contains(&group));
    cloud.ok("ModifyNetworkInterfaceAttribute", &with("Description.Value=new")).await;
    assert!(read("description").await.contains("<value>new</value>"));
    for (rest, code) in [
        ("", "InvalidParameterCombination"),
        ("Description.Value=a&SourceDestCheck.Value=true", "InvalidParameterCombination"),
        ("SecurityGroupId.1=sg-00000000", "InvalidGroup.NotFound"),
        ("Attachment.AttachmentId=eni-attach-00000000", "InvalidAttachmentID.NotFound"),
        ("AssociatePublicIpAddress=true", "InvalidParameterValue"),
        ("AssociatedSubnetId.1=subnet-00000000", "UnsupportedOperation"),
    ] {
        assert_eq!(cloud.code("ModifyNetworkInterfaceAttribute", &with(rest)).await, code, "{rest}");
    }
}

#[tokio::test]
async fn attach_and_detach() {
    let (cloud, vpc, subnet) = world().await;
    let primary = cloud.interface(&subnet).await;
    let machine = instance(&cloud, &primary, "stopped").await;
    let second = cloud.interface(&subnet).await;
    let busy = cloud.interface(&subnet).await;
    let running = instance(&cloud, &busy, "running").await;
    let booting = cloud.interface(&subnet).await;
    let booting = instance(&cloud, &booting, "pending").await;
    let early = format!("NetworkInterfaceId={second}&InstanceId={booting}&DeviceIndex=1");
    assert_eq!(cloud.code("AttachNetworkInterface", &early).await, "IncorrectInstanceState");
    let hot = format!("NetworkInterfaceId={second}&InstanceId={running}&DeviceIndex=1");
    let plugged = cloud.get("AttachNetworkInterface", &hot, "attachmentId").await;
    let status = || {
        let found = cloud.world.store().get::<NetworkInterface>(&cloud.world.scope(), &second).unwrap();
        found.attachment.as_ref().map(|a| a.status.clone())
    };
    assert_eq!(status().as_deref(), Some("attaching"), "the host agent plugs it in");
    cloud.ok("DetachNetworkInterface", &format!("AttachmentId={plugged}")).await;
    assert_eq!(status().as_deref(), Some("detaching"));
    cloud.ok("DetachNetworkInterface", &format!("AttachmentId={plugged}&Force=true")).await;
    let gone = |tx: &mut state_store::typed::Tx<'_>| {
        Ok::<_, state_store::StoreError>(records::transitions::mark_detached(
            tx,
            &cloud.world.scope(),
            &second,
        ))
    };
    assert!(cloud.world.store().transact(gone).await.unwrap().value);
    assert_eq!(
        cloud.code("DetachNetworkInterface", &format!("AttachmentId={plugged}")).await,
        "InvalidAttachmentID.NotFound"
    );
    let attach = |interface: &str, index: i32| {
        format!("NetworkInterfaceId={interface}&InstanceId={machine}&DeviceIndex={index}")
    };
    assert_eq!(
        cloud.code("AttachNetworkInterface", &attach(&primary, 1)).await,
        "InvalidNetworkInterface.InUse"
    );
    assert_eq!(cloud.code("AttachNetworkInterface", &attach(&second, 0)).await, "InvalidParameterValue");
    let elsewhere = cloud
        .get(
            "CreateSubnet",
            &format!("VpcId={vpc}&CidrBlock=10.0.2.0/24&AvailabilityZone=us-east-1b"),
            "subnetId",
        )
        .await;
    let far = cloud.interface(&elsewhere).await;
    assert_eq!(cloud.code("AttachNetworkInterface", &attach(&far, 1)).await, "InvalidParameterCombination");
    let attachment = cloud.get("AttachNetworkInterface", &attach(&second, 1), "attachmentId").await;
    let shown = cloud.ok("DescribeNetworkInterfaces", &format!("NetworkInterfaceId.1={second}")).await;
    assert!(shown.contains("<status>in-use</status>") && shown.contains(&machine), "{shown}");
    // A t3.micro has room for two.
    let third = cloud.interface(&subnet).await;
    assert_eq!(cloud.code("AttachNetworkInterface", &attach(&third, 2)).await, "AttachmentLimitExceeded");
    let fault = cloud.fault("DeleteNetworkInterface", &format!("NetworkInterfaceId={second}")).await;
    assert_eq!(fault.message, format!("Network interface '{second}' is currently in use."));
    let keep = format!(
        "NetworkInterfaceId={second}&Attachment.AttachmentId={attachment}&Attachment.DeleteOnTermination=true"
    );
    cloud.ok("ModifyNetworkInterfaceAttribute", &keep).await;
    let scope = cloud.world.scope();
    let stored = cloud.world.store().get::<Instance>(&scope, &machine).unwrap();
    assert_eq!(stored.network_interfaces, [primary.clone(), second.clone()]);
    cloud.ok("DetachNetworkInterface", &format!("AttachmentId={attachment}")).await;
    cloud.ok("DeleteNetworkInterface", &format!("NetworkInterfaceId={second}")).await;
    let record = cloud.world.store().get::<NetworkInterface>(&scope, &primary).unwrap();
    let first = record.attachment.as_ref().unwrap().id.clone();
    let fault = cloud.fault("DetachNetworkInterface", &format!("AttachmentId={first}")).await;
    assert_eq!(fault.code, "OperationNotPermitted");
    assert_eq!(
        cloud.code("DetachNetworkInterface", &format!("AttachmentId={attachment}")).await,
        "InvalidAttachmentID.NotFound"
    );
    let terminated = instance(&cloud, &third, "terminated").await;
    let fresh = cloud.interface(&subnet).await;
    let dead = format!("NetworkInterfaceId={fresh}&InstanceId={terminated}&DeviceIndex=1");
    assert_eq!(cloud.code("AttachNetworkInterface", &dead).await, "IncorrectInstanceState");
}

#[tokio::test]
async fn secondary_addresses() {
    let (cloud, _, subnet) = world().await;
    let (one, two) = (cloud.interface(&subnet).await, cloud.interface(&subnet).await);
    let on = |id: &str, rest: &str| format!("NetworkInterfaceId={id}&{rest}");
    cloud.ok("AssignPrivateIpAddresses", &on(&one, "PrivateIpAddress.1=10.0.1.200")).await;
    let counted = cloud.ok("AssignPrivateIpAddresses", &on(&one, "SecondaryPrivateIpAddressCount=2")).await;
    assert_eq!(all(&counted, "privateIpAddress").len(), 2);
    let steal = on(&two, "PrivateIpAddress.1=10.0.1.200");
    assert_eq!(cloud.code("AssignPrivateIpAddresses", &steal).await, "InvalidIPAddress.InUse");
    cloud.ok("AssignPrivateIpAddresses", &format!("{steal}&AllowReassignment=true")).await;
    let shown = cloud.ok("DescribeNetworkInterfaces", &format!("NetworkInterfaceId.1={one}")).await;
    assert!(!shown.contains("10.0.1.200"));
    let primary = cloud
        .get("DescribeNetworkInterfaces", &format!("NetworkInterfaceId.1={one}"), "privateIpAddress")
        .await;
    let greedy = on(&two, &format!("PrivateIpAddress.1={primary}&AllowReassignment=true"));
    assert_eq!(cloud.code("AssignPrivateIpAddresses", &greedy).await, "InvalidIPAddress.InUse");
    cloud.ok("UnassignPrivateIpAddresses", &on(&two, "PrivateIpAddress.1=10.0.1.200")).await;
    for (rest, code) in [
        (format!("PrivateIpAddress.1={primary}"), "InvalidParameterValue"),
        ("PrivateIpAddress.1=10.0.1.200".to_owned(), "InvalidParameterValue"),
        (String::new(), "MissingParameter"),
    ] {
        assert_eq!(cloud.code("UnassignPrivateIpAddresses", &on(&one, &rest)).await, code, "{rest}");
    }
    let many = on(&one, "SecondaryPrivateIpAddressCount=48");
    assert_eq!(cloud.code("AssignPrivateIpAddresses", &many).await, "PrivateIpAddressLimitExceeded");
    assert_eq!(
        cloud.code("AssignPrivateIpAddresses", &on(&one, "SecondaryPrivateIpAddressCount=2000000000")).await,
        "PrivateIpAddressLimitExceeded"
    );
}
