//! Peering connections from request to end.

use super::Cloud;
use super::cloud::all;
use contracts::Call;

const OTHER: &str = "222222222222";
const HOUR: i64 = 3_600_000;

/// A request between two VPCs of one account: connection and both VPCs.
async fn requested(cloud: &Cloud) -> (String, String, String) {
    let (a, b) = (cloud.vpc("10.0.0.0/16").await, cloud.vpc("10.1.0.0/16").await);
    let pcx = request(cloud, &a, &b).await;
    (pcx, a, b)
}

async fn request(cloud: &Cloud, a: &str, b: &str) -> String {
    let parameters = format!("VpcId={a}&PeerVpcId={b}");
    cloud.get("CreateVpcPeeringConnection", &parameters, "vpcPeeringConnectionId").await
}

async fn accept(cloud: &Cloud, pcx: &str) -> String {
    cloud.ok("AcceptVpcPeeringConnection", &format!("VpcPeeringConnectionId={pcx}")).await
}

/// Code and message as DescribeVpcPeeringConnections shows them.
async fn status(cloud: &Cloud, pcx: &str) -> (String, String) {
    let xml = cloud.ok("DescribeVpcPeeringConnections", &format!("VpcPeeringConnectionId.1={pcx}")).await;
    (all(&xml, "code").remove(0), all(&xml, "message").remove(0))
}

/// Another account with a VPC.
async fn other_account(cloud: &Cloud, region: &str, cidr: &str) -> (Call<crate::Ec2>, String) {
    let call = cloud.world.call_from(OTHER, region);
    let xml = cloud.ask_as(&call, "CreateVpc", &format!("CidrBlock={cidr}")).await.expect("a VPC");
    (call, all(&xml, "vpcId").remove(0))
}

#[tokio::test]
async fn from_request_to_deletion() {
    let cloud = Cloud::new();
    let (a, b) = (cloud.vpc("10.0.0.0/16").await, cloud.vpc("10.1.0.0/16").await);
    let parameters = format!(
        "VpcId={a}&PeerVpcId={b}&TagSpecification.1.ResourceType=vpc-peering-connection\
         &TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=link"
    );
    let xml = cloud.ok("CreateVpcPeeringConnection", &parameters).await;
    assert!(
        xml.contains("<code>initiating-request</code><message>Initiating Request to 000000000000</message>")
    );
    assert!(xml.contains("<expirationTime>2026-11-27T10:00:00"), "{xml}");
    assert_eq!(all(&xml, "cidrBlock")[0], "10.0.0.0/16", "the accepter's blocks are not shown yet");
    assert!(!xml.contains("10.1.0.0/16"));
    let pcx = all(&xml, "vpcPeeringConnectionId").remove(0);
    assert_eq!(
        status(&cloud, &pcx).await,
        ("pending-acceptance".into(), "Pending Acceptance by 000000000000".into())
    );

    cloud.settled();
    assert_eq!(all(&accept(&cloud, &pcx).await, "code"), ["provisioning"]);
    assert_eq!(cloud.settled(), [a.clone(), b.clone()], "both ends are enforced before the answer");
    assert_eq!(status(&cloud, &pcx).await, ("active".into(), "Active".into()));
    let xml = cloud.ok("DescribeVpcPeeringConnections", "Filter.1.Name=tag:Name&Filter.1.Value.1=li*").await;
    assert!(
        xml.contains("10.1.0.0/16") && xml.contains("<value>link</value>") && !xml.contains("expirationTime")
    );

    cloud.ok("DeleteVpcPeeringConnection", &format!("VpcPeeringConnectionId={pcx}")).await;
    assert_eq!(cloud.settled(), [a, b]);
    assert_eq!(status(&cloud, &pcx).await, ("deleted".into(), "Deleted by 000000000000".into()));
    cloud.world.clock.advance(2 * HOUR);
    let parameters = format!("VpcPeeringConnectionId.1={pcx}");
    let code = cloud.code("DescribeVpcPeeringConnections", &parameters).await;
    assert_eq!(code, "InvalidVpcPeeringConnectionID.NotFound");
    assert!(cloud.list("DescribeVpcPeeringConnections", "", "code").await.is_empty());
}

#[tokio::test]
async fn states_lead_only_where_they_may() {
    let cloud = Cloud::new();
    let (pcx, a, b) = requested(&cloud).await;
    let id = format!("VpcPeeringConnectionId={pcx}");
    cloud.ok("RejectVpcPeeringConnection", &id).await;
    assert_eq!(status(&cloud, &pcx).await.0, "rejected");
    for action in ["AcceptVpcPeeringConnection", "RejectVpcPeeringConnection", "DeleteVpcPeeringConnection"] {
        assert_eq!(cloud.code(action, &id).await, "InvalidStateTransition", "{action}");
    }
    let options = format!("{id}&RequesterPeeringConnectionOptions.AllowDnsResolutionFromRemoteVpc=true");
    assert_eq!(cloud.code("ModifyVpcPeeringConnectionOptions", &options).await, "OperationNotPermitted");

    // The VPCs are free for a new request, which nobody answers.
    let pcx = request(&cloud, &a, &b).await;
    let id = format!("VpcPeeringConnectionId={pcx}");
    cloud.world.clock.advance(7 * 24 * HOUR);
    assert_eq!(status(&cloud, &pcx).await.0, "expired");
    let fault = cloud.fault("AcceptVpcPeeringConnection", &id).await;
    let expected =
        format!("Invalid state transition for {pcx}, attempted to transition from expired to active");
    assert_eq!((&*fault.code, fault.message), ("InvalidStateTransition", expected));
    cloud.world.clock.advance(48 * HOUR);
    assert!(cloud.list("DescribeVpcPeeringConnections", "", "code").await.is_empty());

    // An active one cannot be rejected; its record is swept by the next request once nobody sees it.
    let pcx = request(&cloud, &a, &b).await;
    assert_eq!(cloud.world.store().list::<records::VpcPeering>(&cloud.world.scope()).len(), 1);
    accept(&cloud, &pcx).await;
    let id = format!("VpcPeeringConnectionId={pcx}");
    assert_eq!(cloud.code("RejectVpcPeeringConnection", &id).await, "InvalidStateTransition");
}

#[tokio::test]
async fn bad_requests() {
    let cloud = Cloud::new();
    let (_, a, b) = requested(&cloud).await;
    for (parameters, code) in [
        (format!("VpcId={a}"), "MissingParameter"),
        (format!("VpcId={a}&PeerVpcId=vpc-00000000"), "InvalidVpcID.NotFound"),
        (format!("VpcId=vpc-00000000&PeerVpcId={b}"), "InvalidVpcID.NotFound"),
        (format!("VpcId={a}&PeerVpcId=web"), "InvalidVpcID.Malformed"),
        (format!("VpcId={a}&PeerVpcId={b}&PeerOwnerId=12"), "InvalidParameterValue"),
        (format!("VpcId={a}&PeerVpcId={b}&PeerRegion=mars-1"), "InvalidParameterValue"),
        (format!("VpcId={a}&PeerVpcId={b}"), "VpcPeeringConnectionAlreadyExists"),
        (format!("VpcId={b}&PeerVpcId={a}"), "VpcPeeringConnectionAlreadyExists"),
    ] {
        assert_eq!(cloud.code("CreateVpcPeeringConnection", &parameters).await, code, "{parameters}");
    }
    for (id, code) in [
        ("pcx-0000", "InvalidVpcPeeringConnectionId.Malformed"),
        ("pcx-00000000", "InvalidVpcPeeringConnectionID.NotFound"),
    ] {
        let id = format!("VpcPeeringConnectionId={id}");
        for action in
            ["AcceptVpcPeeringConnection", "RejectVpcPeeringConnection", "DeleteVpcPeeringConnection"]
        {
            assert_eq!(cloud.code(action, &id).await, code, "{action}");
        }
    }
    let parameters = "Filter.1.Name=colour&Filter.1.Value.1=red";
    assert_eq!(cloud.code("DescribeVpcPeeringConnections", parameters).await, "InvalidParameterValue");
}

#[tokio::test]
async fn overlapping_vpcs_fail() {
    let cloud = Cloud::new();
    let (a, b) = (cloud.vpc("10.0.0.0/16").await, cloud.vpc("10.0.128.0/17").await);
    for peer in [&b, &a] {
        let pcx = request(&cloud, &a, peer).await;
        let (code, message) = status(&cloud, &pcx).await;
        assert_eq!(code, "failed");
        assert_eq!(message, "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range");
        let id = format!("VpcPeeringConnectionId={pcx}");
        assert_eq!(cloud.code("DeleteVpcPeeringConnection", &id).await, "InvalidStateTransition");
    }
    // A VPC of another account that does not exist fails the same way, and leaves nothing there.
    let parameters = format!("VpcId={a}&PeerVpcId=vpc-00000000&PeerOwnerId={OTHER}");
    let pcx = cloud.get("CreateVpcPeeringConnection", &parameters, "vpcPeeringConnectionId").await;
    assert_eq!(status(&cloud, &pcx).await.0, "failed");
    let other = state_store::typed::Scope::new(OTHER, "us-east-1");
    assert!(cloud.world.store().list::<records::VpcPeering>(&other).is_empty());
}

#[tokio::test]
async fn two_accounts_and_regions() {
    let cloud = Cloud::new();
    let mine = cloud.vpc("10.0.0.0/16").await;
    let (other, theirs) = other_account(&cloud, "eu-west-1", "10.1.0.0/16").await;
    let wrong_region = cloud.world.call_from("000000000000", "eu-west-1");
    let parameters = format!("VpcId={mine}&PeerVpcId={theirs}&PeerOwnerId={OTHER}&PeerRegion=eu-west-1");
    let pcx = cloud.get("CreateVpcPeeringConnection", &parameters, "vpcPeeringConnectionId").await;
    let id = format!("VpcPeeringConnectionId={pcx}");

    let fault = cloud.fault("AcceptVpcPeeringConnection", &id).await;
    assert_eq!(fault.code, "OperationNotPermitted");
    assert_eq!(fault.message, format!("User 000000000000 cannot accept peering {pcx}"));
    assert_eq!(cloud.code("RejectVpcPeeringConnection", &id).await, "OperationNotPermitted");
    let fault = cloud.ask_as(&wrong_region, "AcceptVpcPeeringConnection", &id).await.unwrap_err();
    assert_eq!(fault.code, "InvalidVpcPeeringConnectionID.NotFound");
    let fault = cloud.ask_as(&other, "DeleteVpcPeeringConnection", &id).await.unwrap_err();
    assert_eq!(fault.code, "OperationNotPermitted", "only the requester takes a request back");

    cloud.ask_as(&other, "AcceptVpcPeeringConnection", &id).await.expect("acceptance");
    assert_eq!(status(&cloud, &pcx).await.0, "active");
    let mine_options = "RequesterPeeringConnectionOptions.AllowDnsResolutionFromRemoteVpc=true";
    let theirs_options = "AccepterPeeringConnectionOptions.AllowDnsResolutionFromRemoteVpc=true";
    let xml = cloud.ok("ModifyVpcPeeringConnectionOptions", &format!("{id}&{mine_options}")).await;
    assert_eq!(all(&xml, "allowDnsResolutionFromRemoteVpc"), ["true"]);
    let code = cloud.code("ModifyVpcPeeringConnectionOptions", &format!("{id}&{theirs_options}")).await;
    assert_eq!(code, "OperationNotPermitted");

    // Each side sees it with its own tags; who deleted it sees that for two hours, the other for two days.
    cloud.ok("CreateTags", &format!("ResourceId.1={pcx}&Tag.1.Key=side&Tag.1.Value=mine")).await;
    let seen = cloud.ask_as(&other, "DescribeVpcPeeringConnections", "").await.expect("a list");
    assert!(seen.contains(&pcx) && !seen.contains("<value>mine</value>"));
    cloud.ask_as(&other, "DeleteVpcPeeringConnection", &id).await.expect("deletion");
    assert_eq!(status(&cloud, &pcx).await.1, format!("Deleted by {OTHER}"));
    cloud.world.clock.advance(47 * HOUR);
    assert_eq!(status(&cloud, &pcx).await.0, "deleted");
    let seen = cloud.ask_as(&other, "DescribeVpcPeeringConnections", "").await.expect("a list");
    assert!(!seen.contains(&pcx));
}

#[tokio::test]
async fn the_wrong_region_of_the_right_account() {
    let cloud = Cloud::new();
    let mine = cloud.vpc("10.0.0.0/16").await;
    let west = cloud.world.call_from("000000000000", "us-west-2");
    let xml = cloud.ask_as(&west, "CreateVpc", "CidrBlock=10.1.0.0/16").await.expect("a VPC");
    let theirs = all(&xml, "vpcId").remove(0);
    let parameters = format!("VpcId={mine}&PeerVpcId={theirs}&PeerRegion=us-west-2");
    let pcx = cloud.get("CreateVpcPeeringConnection", &parameters, "vpcPeeringConnectionId").await;
    let fault = cloud.fault("AcceptVpcPeeringConnection", &format!("VpcPeeringConnectionId={pcx}")).await;
    assert_eq!(
        fault.message,
        format!(
            "Incorrect region (us-east-1) specified for this request. VPC peering connection {pcx} must be accepted \
             in region us-west-2"
        )
    );
}

#[tokio::test]
async fn filters_and_pages() {
    let cloud = Cloud::new();
    let hub = cloud.vpc("10.0.0.0/16").await;
    let mut made = Vec::new();
    for n in 1..=7 {
        let spoke = cloud.vpc(&format!("10.{n}.0.0/16")).await;
        made.push(request(&cloud, &hub, &spoke).await);
        if n <= 2 {
            accept(&cloud, &made[n - 1]).await;
        }
    }
    let id = "vpcPeeringConnectionId";
    for (filter, value, count) in [
        ("status-code", "active", 2),
        ("status-code", "pending-*", 5),
        ("status-message", "Active", 2),
        ("requester-vpc-info.vpc-id", &hub, 7),
        ("requester-vpc-info.cidr-block", "10.0.0.0/16", 7),
        ("accepter-vpc-info.cidr-block", "10.1.0.0/16", 1),
        ("accepter-vpc-info.vpc-id", &hub, 0),
        ("accepter-vpc-info.owner-id", "000000000000", 7),
        ("requester-vpc-info.owner-id", OTHER, 0),
        ("expiration-time", "2026-11-27T10:00:00.000Z", 7),
        ("vpc-peering-connection-id", &made[3], 1),
    ] {
        let parameters = format!("Filter.1.Name={filter}&Filter.1.Value.1={value}");
        let found = cloud.list("DescribeVpcPeeringConnections", &parameters, id).await;
        assert_eq!(found.len(), count, "{filter}={value}");
    }
    let first = cloud.ok("DescribeVpcPeeringConnections", "MaxResults=5").await;
    let token = all(&first, "nextToken").remove(0);
    let rest =
        cloud.list("DescribeVpcPeeringConnections", &format!("MaxResults=5&NextToken={token}"), id).await;
    let mut joined = [all(&first, id), rest].concat();
    joined.sort();
    made.sort();
    assert_eq!(joined, made);
}

#[tokio::test]
async fn requests_have_a_limit() {
    let cloud = Cloud::new();
    let hub = cloud.vpc("10.0.0.0/16").await;
    for n in 1..=25 {
        let spoke = cloud.vpc(&format!("10.{n}.0.0/16")).await;
        request(&cloud, &hub, &spoke).await;
    }
    let spoke = cloud.vpc("10.99.0.0/16").await;
    let code = cloud.code("CreateVpcPeeringConnection", &format!("VpcId={hub}&PeerVpcId={spoke}")).await;
    assert_eq!(code, "OutstandingVpcPeeringConnectionLimitExceeded");
    request(&cloud, &spoke, &hub).await;
}

#[tokio::test]
async fn vpcs_change_under_a_connection() {
    let cloud = Cloud::new();
    let (pcx, a, b) = requested(&cloud).await;
    accept(&cloud, &pcx).await;
    let parameters = format!("VpcId={a}&CidrBlock=10.1.128.0/20");
    assert_eq!(cloud.code("AssociateVpcCidrBlock", &parameters).await, "InvalidVpc.Range");
    cloud.ok("AssociateVpcCidrBlock", &format!("VpcId={a}&CidrBlock=10.2.0.0/16")).await;
    let record =
        cloud.world.store().get::<records::VpcPeering>(&cloud.world.scope(), &pcx).expect("a record");
    assert_eq!(record.requester.cidrs.len(), 2, "the data plane learns of the new block");
    cloud.settled();
    cloud.ok("DeleteVpc", &format!("VpcId={a}")).await;
    assert!(cloud.settled().contains(&b), "the other side forgets the way");
    assert_eq!(status(&cloud, &pcx).await.0, "deleted");
}

#[tokio::test]
async fn acceptance_looks_again() {
    let cloud = Cloud::new();
    let (pcx, a, b) = requested(&cloud).await;
    cloud.ok("DeleteVpc", &format!("VpcId={b}")).await;
    assert_eq!(status(&cloud, &pcx).await.0, "deleted", "a request ends with its VPC");
    let again = cloud.vpc("10.1.0.0/16").await;
    let pcx = request(&cloud, &a, &again).await;
    let scope = cloud.world.scope();
    let changed = cloud.world.ec2.platform.transact(|tx| {
        tx.update::<records::Vpc>(&scope, &again, |vpc| {
            vpc.cidr_associations[0].cidr = "10.0.0.0/24".parse().expect("a block");
        });
        Ok(())
    });
    changed.await.expect("a change");
    assert_eq!(all(&accept(&cloud, &pcx).await, "code"), ["failed"]);
}
