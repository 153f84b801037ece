use super::Cloud;

#[tokio::test]
async fn attach_and_detach() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let other = cloud.vpc("10.1.0.0/16").await;
    let gateway = cloud.gateway(&vpc).await;
    let second = cloud.get("CreateInternetGateway", "", "internetGatewayId").await;
    let with = |gateway: &str, vpc: &str| format!("InternetGatewayId={gateway}&VpcId={vpc}");
    let fault = cloud.fault("AttachInternetGateway", &with(&gateway, &other)).await;
    assert_eq!(fault.code, "Resource.AlreadyAssociated");
    assert_eq!(fault.message, format!("resource {gateway} is already attached to network {vpc}"));
    assert_eq!(cloud.code("AttachInternetGateway", &with(&second, &vpc)).await, "InvalidParameterValue");
    assert_eq!(cloud.code("DetachInternetGateway", &with(&gateway, &other)).await, "Gateway.NotAttached");
    assert_eq!(
        cloud.code("DeleteInternetGateway", &format!("InternetGatewayId={gateway}")).await,
        "DependencyViolation"
    );
    assert_eq!(cloud.code("DeleteVpc", &format!("VpcId={vpc}")).await, "DependencyViolation");
    let filter = format!("Filter.1.Name=attachment.vpc-id&Filter.1.Value.1={vpc}");
    assert_eq!(
        cloud.list("DescribeInternetGateways", &filter, "internetGatewayId").await,
        [gateway.as_str()]
    );
    // A mapped public address holds the gateway.
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    let interface = cloud.interface(&subnet).await;
    let allocation = cloud.get("AllocateAddress", "", "allocationId").await;
    let association = cloud
        .get(
            "AssociateAddress",
            &format!("AllocationId={allocation}&NetworkInterfaceId={interface}"),
            "associationId",
        )
        .await;
    assert_eq!(cloud.code("DetachInternetGateway", &with(&gateway, &vpc)).await, "DependencyViolation");
    cloud.ok("DisassociateAddress", &format!("AssociationId={association}")).await;
    cloud.ok("DetachInternetGateway", &with(&gateway, &vpc)).await;
    cloud.ok("DeleteInternetGateway", &format!("InternetGatewayId={gateway}")).await;
    for (action, parameters, code) in [
        ("AttachInternetGateway", with(&gateway, &vpc), "InvalidInternetGatewayID.NotFound"),
        ("AttachInternetGateway", with(&second, "vpc-00000000"), "InvalidVpcID.NotFound"),
        (
            "DescribeInternetGateways",
            "InternetGatewayId.1=x".to_owned(),
            "InvalidInternetGatewayId.Malformed",
        ),
    ] {
        assert_eq!(cloud.code(action, &parameters).await, code);
    }
}
