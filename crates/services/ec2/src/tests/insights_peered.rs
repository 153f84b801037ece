//! Network Insights over a peering connection, into a VPC of another account.

use super::cloud::all;
use super::insights::{Two, analyse, two};

/// Connects the VPC of [`two`] with one of another account, both ways: the connection and, of that account, a call, the id
/// of an interface at 10.1.1.10 and its group.
async fn peered(two: &Two) -> (String, contracts::Call<crate::Ec2>, String, String) {
    let cloud = &two.cloud;
    let other = cloud.world.call_from("222222222222", "us-east-1");
    let get = async |action: &str, parameters: &str, element: &str| {
        all(&cloud.ask_as(&other, action, parameters).await.expect(action), element).remove(0)
    };
    let vpc = get("CreateVpc", "CidrBlock=10.1.0.0/16", "vpcId").await;
    let subnet = get("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.1.1.0/24"), "subnetId").await;
    let parameters = format!("SubnetId={subnet}&PrivateIpAddress=10.1.1.10");
    let interface = get("CreateNetworkInterface", &parameters, "networkInterfaceId").await;
    let by_vpc = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
    let group = get("DescribeSecurityGroups", &by_vpc, "groupId").await;
    let table = get("DescribeRouteTables", &by_vpc, "routeTableId").await;
    let parameters = format!("VpcId={}&PeerVpcId={vpc}&PeerOwnerId=222222222222", two.vpc);
    let pcx = cloud.get("CreateVpcPeeringConnection", &parameters, "vpcPeeringConnectionId").await;
    let id = format!("VpcPeeringConnectionId={pcx}");
    get("AcceptVpcPeeringConnection", &id, "vpcPeeringConnectionId").await;
    let route = |table: &str, block: &str| format!("RouteTableId={table}&DestinationCidrBlock={block}&{id}");
    cloud.ok("CreateRoute", &route(&two.table, "10.1.0.0/16")).await;
    get("CreateRoute", &route(&table, "10.0.0.0/16"), "return").await;
    let place = state_store::typed::Scope::new("222222222222", "us-east-1");
    let machine = cloud.world.store().list::<records::Instance>(&cloud.world.scope())[0].clone();
    let running = cloud.world.ec2.platform.transact(|tx| {
        let mut there = records::Instance::clone(&machine);
        "i-00000001".clone_into(&mut there.id);
        tx.put(&place, there);
        tx.update::<records::NetworkInterface>(&place, &interface, |record| {
            record.attachment = Some(records::Attachment {
                id: "eni-attach-00000001".to_owned(),
                instance_id: "i-00000001".to_owned(),
                device_index: 0,
                status: "attached".to_owned(),
                attached: 0,
                delete_on_termination: true,
            });
        });
        Ok(())
    });
    running.await.expect("a machine");
    (pcx, other, interface, group)
}

#[tokio::test]
async fn over_a_peering_connection_into_another_account() {
    let two = two().await;
    let (pcx, other, interface, group) = peered(&two).await;
    let to_address =
        format!("Source={}&DestinationIp=10.1.1.10&DestinationPort=443&Protocol=tcp&ClientToken=t", two.a);
    let path_id = two.cloud.get("CreateNetworkInsightsPath", &to_address, "networkInsightsPathId").await;
    let xml = analyse(&two.cloud, &path_id, "").await;
    assert_eq!(
        all(&xml, "explanationCode").last().map(String::as_str),
        Some("ENI_SG_RULES_MISMATCH"),
        "{xml}"
    );
    assert!(xml.contains(&format!("arn:aws:ec2:us-east-1:222222222222:security-group/{group}")), "{xml}");
    assert!(xml.contains("<componentAccount>222222222222</componentAccount>"));

    let rule = format!(
        "GroupId={group}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=443&IpPermissions.1.ToPort=443\
         &IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0/20"
    );
    two.cloud.ask_as(&other, "AuthorizeSecurityGroupIngress", &rule).await.expect("a rule");
    let xml = analyse(&two.cloud, &path_id, "").await;
    assert_eq!(all(&xml, "networkPathFound"), ["true"], "{xml}");
    assert!(xml.contains(&pcx) && xml.contains(&interface), "the components of the other account are named");
    assert!(!xml.contains("10.0.0.0/20"), "but their rules are its own business");

    // The connection itself is an end: the packet gets there, whatever the other side does with it.
    let (found, _) = two.verdict(&two.a, &pcx, "&DestinationPort=80").await;
    assert!(found);
    let (found, codes) = two.verdict(&pcx, &two.a, "&DestinationPort=80").await;
    assert_eq!((found, codes), (false, vec!["SG_HAS_NO_RULES".to_owned()]));
    two.allow(80, "10.1.0.0/16").await;
    assert!(two.verdict(&pcx, &two.a, "&DestinationPort=80").await.0);
    two.cloud.ok("DeleteVpcPeeringConnection", &format!("VpcPeeringConnectionId={pcx}")).await;
    let xml = analyse(&two.cloud, &path_id, "").await;
    assert_eq!(all(&xml, "networkPathFound"), ["false"]);
    assert!(xml.contains("BAD_STATE_ROUTE") && xml.contains("<state>blackhole</state>"), "{xml}");
}
