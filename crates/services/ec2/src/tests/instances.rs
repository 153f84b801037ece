//! Machines, images, keys and types as a client sees them.

use super::Cloud;
use super::cloud::all;
use records::image::{BUILT_IN, HOST_ARCHITECTURE};
use records::transitions;
use state_store::StoreError;

fn launch(more: &str) -> String {
    let its_type = if HOST_ARCHITECTURE == "arm64" { "t4g.micro" } else { "t3.micro" };
    let image = BUILT_IN[0].id("us-east-1");
    format!("ImageId={image}&InstanceType={its_type}&MinCount=1&MaxCount=1{more}")
}

#[tokio::test]
async fn a_machine_in_a_subnet_of_its_own_from_key_to_termination() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    let group = cloud.group(&vpc, "web").await;
    cloud.ok("CreateKeyPair", "KeyName=mine&KeyType=ed25519").await;
    let asked = launch(&format!(
        "&KeyName=mine&UserData=IyEvYmluL3No&ClientToken=t-1\
         &TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=a b\
         &NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.SubnetId={subnet}\
         &NetworkInterface.1.SecurityGroupId.1={group}&NetworkInterface.1.PrivateIpAddress=10.0.1.7\
         &MetadataOptions.HttpTokens=required&BlockDeviceMapping.1.DeviceName=/dev/xvda\
         &BlockDeviceMapping.1.Ebs.VolumeSize=12"
    ));
    let xml = cloud.ok("RunInstances", &asked).await;
    let id = all(&xml, "instanceId").remove(0);
    for (element, value) in [
        ("privateIpAddress", "10.0.1.7"),
        ("privateDnsName", "ip-10-0-1-7.ec2.internal"),
        ("keyName", "mine"),
        ("name", "pending"),
        ("groupName", "web"),
        ("value", "a b"),
        ("httpTokens", "required"),
        ("deviceName", "/dev/xvda"),
    ] {
        assert!(all(&xml, element).contains(&value.to_owned()), "{element} in {xml}");
    }
    // The same request again answers the same machine.
    assert_eq!(cloud.get("RunInstances", &asked, "instanceId").await, id);
    let listed =
        cloud.list("DescribeInstances", "Filter.1.Name=tag:Name&Filter.1.Value.1=a*", "instanceId").await;
    assert_eq!(listed, std::slice::from_ref(&id));
    assert_eq!(cloud.get("DescribeVolumes", "", "size").await, "12");
    let data = format!("InstanceId={id}&Attribute=userData");
    assert_eq!(cloud.get("DescribeInstanceAttribute", &data, "value").await, "IyEvYmluL3No");

    // While it lives its subnet and group cannot go.
    assert_eq!(cloud.code("DeleteSubnet", &format!("SubnetId={subnet}")).await, "DependencyViolation");
    assert_eq!(cloud.code("DeleteSecurityGroup", &format!("GroupId={group}")).await, "DependencyViolation");
    let scope = cloud.world.scope();
    let agent = async |step: &(dyn Fn(&mut state_store::typed::Tx<'_>) -> bool + Send + Sync)| {
        let done = cloud.world.store().transact(|tx| Ok::<_, StoreError>(step(tx))).await.unwrap();
        assert!(done.value);
    };
    agent(&|tx| transitions::mark_running(tx, &scope, &id, "here").is_some()).await;
    assert_eq!(
        cloud.list("StopInstances", &format!("InstanceId.1={id}"), "name").await,
        ["stopping", "running"]
    );
    agent(&|tx| transitions::mark_stopped(tx, &scope, &id).is_some()).await;
    let xml = cloud.ok("TerminateInstances", &format!("InstanceId.1={id}")).await;
    assert_eq!(all(&xml, "code"), ["32", "80"]);
    agent(&|tx| transitions::terminate(tx, &scope, &id, 1).is_some()).await;
    cloud.ok("DeleteSubnet", &format!("SubnetId={subnet}")).await;
    cloud.ok("DeleteSecurityGroup", &format!("GroupId={group}")).await;
    assert_eq!(cloud.get("DescribeInstances", &format!("InstanceId.1={id}"), "name").await, "terminated");
}

#[tokio::test]
async fn faults_of_the_wire_and_of_the_handler() {
    let cloud = Cloud::new();
    for (action, parameters, code) in [
        ("RunInstances", "ImageId=ami-0123456789abcdef0&MinCount=1".to_owned(), "MissingParameter"),
        ("RunInstances", launch("&InstanceInitiatedShutdownBehavior=sleep"), "InvalidParameterValue"),
        ("RunInstances", launch("&SubnetId=subnet-0123456789abcdef0"), "InvalidSubnetID.NotFound"),
        ("RunInstances", launch("&UserData=?"), "InvalidUserData.Malformed"),
        ("TerminateInstances", String::new(), "MissingParameter"),
        ("StartInstances", "InstanceId.1=x".to_owned(), "InvalidInstanceID.Malformed"),
        ("DescribeInstances", "MaxResults=3".to_owned(), "InvalidParameterValue"),
        ("DescribeInstances", "Filter.1.Name=size&Filter.1.Value.1=1".to_owned(), "InvalidParameterValue"),
        ("GetConsoleOutput", "InstanceId=i-0123456789abcdef0".to_owned(), "InvalidInstanceID.NotFound"),
        ("DeleteKeyPair", String::new(), "MissingParameter"),
        ("ImportKeyPair", "KeyName=k&PublicKeyMaterial=AAAA".to_owned(), "InvalidKey.Format"),
        ("DescribeInstanceTypes", "InstanceType.1=m4.large".to_owned(), "InvalidInstanceType"),
    ] {
        assert_eq!(cloud.code(action, &parameters).await, code, "{action} {parameters}");
    }
}

#[tokio::test]
async fn catalogues() {
    let cloud = Cloud::new();
    let types = "InstanceType.1=t3.micro";
    assert_eq!(cloud.get("DescribeInstanceTypes", types, "sizeInMiB").await, "1024");
    assert_eq!(cloud.get("DescribeInstanceTypes", types, "defaultVCpus").await, "2");
    let zones = "LocationType=availability-zone&Filter.1.Name=instance-type&Filter.1.Value.1=m6i.large";
    assert_eq!(cloud.list("DescribeInstanceTypeOfferings", zones, "location").await.len(), 6);
    let images = "Owner.1=amazon&Filter.1.Name=name&Filter.1.Value.1=al2023-ami-*";
    assert_eq!(cloud.list("DescribeImages", images, "imageId").await, [BUILT_IN[1].id("us-east-1")]);
}
