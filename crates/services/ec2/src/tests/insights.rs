//! Network Insights as a client sees it: paths, analyses, and what the answers say.

use super::Cloud;
use super::cloud::all;
use super::interfaces::instance;

/// A path between two resources; further parameters begin with `&`.
async fn path(cloud: &Cloud, from: &str, to: &str, more: &str) -> String {
    let parameters =
        format!("Source={from}&Destination={to}&Protocol=tcp&ClientToken={}{more}", contracts::hex_id(8));
    cloud.get("CreateNetworkInsightsPath", &parameters, "networkInsightsPathId").await
}

/// The answer of an analysis of a path, once there is one.
pub(super) async fn analyse(cloud: &Cloud, path: &str, more: &str) -> String {
    let parameters = format!("NetworkInsightsPathId={path}&ClientToken={}{more}", contracts::hex_id(8));
    let xml = cloud.ok("StartNetworkInsightsAnalysis", &parameters).await;
    assert_eq!(all(&xml, "status"), ["running"]);
    let id = all(&xml, "networkInsightsAnalysisId").remove(0);
    loop {
        let xml =
            cloud.ok("DescribeNetworkInsightsAnalyses", &format!("NetworkInsightsAnalysisId.1={id}")).await;
        if all(&xml, "status") != ["running"] {
            return xml;
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

/// Whether the analysis of a path found a way, and the codes of its explanations.
async fn verdict(cloud: &Cloud, from: &str, to: &str, more: &str) -> (bool, Vec<String>) {
    let path = path(cloud, from, to, more).await;
    let xml = analyse(cloud, &path, "").await;
    assert_eq!(all(&xml, "status"), ["succeeded"], "{xml}");
    let mut codes = all(&xml, "explanationCode");
    codes.dedup();
    (all(&xml, "networkPathFound") == ["true"], codes)
}

/// A VPC with two subnets, a machine in each: VPC, machines, and their interfaces' groups (the VPC's default group).
pub(super) struct Two {
    pub(super) cloud: Cloud,
    pub(super) vpc: String,
    pub(super) table: String,
    pub(super) a: String,
    b: String,
    subnet_b: String,
    group: String,
}

pub(super) async fn two() -> Two {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let by_vpc = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
    let table = cloud.get("DescribeRouteTables", &by_vpc, "routeTableId").await;
    let group = cloud.group(&vpc, "web").await;
    let (near, far) = (cloud.subnet(&vpc, "10.0.1.0/24").await, cloud.subnet(&vpc, "10.0.2.0/24").await);
    let mut machines = Vec::new();
    for subnet in [&near, &far] {
        let interface = cloud.interface(subnet).await;
        cloud
            .ok(
                "ModifyNetworkInterfaceAttribute",
                &format!("NetworkInterfaceId={interface}&SecurityGroupId.1={group}"),
            )
            .await;
        machines.push(instance(&cloud, &interface, "running").await);
    }
    Two { cloud, vpc, table, a: machines.remove(0), b: machines.remove(0), subnet_b: far, group }
}

impl Two {
    pub(super) async fn verdict(&self, from: &str, to: &str, more: &str) -> (bool, Vec<String>) {
        verdict(&self.cloud, from, to, more).await
    }

    /// Lets TCP in from a block.
    pub(super) async fn allow(&self, port: u16, cidr: &str) {
        let parameters = format!(
            "GroupId={}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort={port}&IpPermissions.1.ToPort={port}\
             &IpPermissions.1.IpRanges.1.CidrIp={cidr}",
            self.group
        );
        self.cloud.ok("AuthorizeSecurityGroupIngress", &parameters).await;
    }
}

#[tokio::test]
async fn a_group_decides() {
    let two = two().await;
    let (found, codes) = two.verdict(&two.a, &two.b, "&DestinationPort=443").await;
    assert_eq!((found, codes), (false, vec!["SG_HAS_NO_RULES".to_owned()]));
    two.allow(443, "10.0.1.0/24").await;
    assert_eq!(two.verdict(&two.a, &two.b, "&DestinationPort=443").await, (true, vec![]));
    let (found, codes) = two.verdict(&two.a, &two.b, "&DestinationPort=444").await;
    assert_eq!((found, codes), (false, vec!["ENI_SG_RULES_MISMATCH".to_owned()]));
    assert!(two.verdict(&two.a, &two.b, "").await.0, "with the port open, there is one that works");
    assert!(!two.verdict(&two.b, &two.a, "").await.0, "the rule is for the other direction");
}

#[tokio::test]
async fn what_is_shown_of_a_path() {
    let two = two().await;
    two.allow(443, "10.0.1.0/24").await;
    let path = path(&two.cloud, &two.a, &two.b, "&DestinationPort=443").await;
    let xml = analyse(&two.cloud, &path, "").await;
    let forward = xml
        .split("<forwardPathComponentSet>")
        .nth(1)
        .and_then(|x| x.split("</forwardPathComponentSet>").next());
    let forward = forward.expect("components");
    let count = forward.matches("<sequenceNumber>").count();
    for (at, part) in (1..=count).zip(forward.split("<sequenceNumber>").skip(1)) {
        assert!(part.starts_with(&format!("{at}<")), "numbered through");
    }
    for part in [
        format!("<arn>arn:aws:ec2:us-east-1:000000000000:instance/{}</arn>", two.a),
        "<destinationPortRangeSet><item><from>443</from><to>443</to></item></destinationPortRangeSet>"
            .to_owned(),
        "<ruleNumber>100</ruleNumber>".to_owned(),
        "<gatewayId>local</gatewayId>".to_owned(),
        "<cidr>10.0.1.0/24</cidr>".to_owned(),
        format!(":security-group/{}</arn>", two.group),
    ] {
        assert!(forward.contains(&part), "{part} in {forward}");
    }
    assert!(forward.contains(&two.b));
    assert!(xml.contains("<returnPathComponentSet>") && !xml.contains("<explanationSet>"));
}

#[tokio::test]
async fn the_answer_must_come_back() {
    let two = two().await;
    two.allow(443, "10.0.1.0/24").await;
    let acl = two.cloud.get("CreateNetworkAcl", &format!("VpcId={}", two.vpc), "networkAclId").await;
    let by_subnet = format!("Filter.1.Name=association.subnet-id&Filter.1.Value.1={}", two.subnet_b);
    let xml = two.cloud.ok("DescribeNetworkAcls", &by_subnet).await;
    let association = xml.split("<item>").find(|item| item.contains(&format!("<subnetId>{}<", two.subnet_b)));
    let association = all(association.expect("an association"), "networkAclAssociationId").remove(0);
    let parameters = format!("AssociationId={association}&NetworkAclId={acl}");
    two.cloud.ok("ReplaceNetworkAclAssociation", &parameters).await;
    let entry = |number: u16, egress: bool, from: u16, to: u16| {
        format!(
            "NetworkAclId={acl}&RuleNumber={number}&Protocol=6&RuleAction=allow&Egress={egress}\
             &CidrBlock=10.0.0.0/16&PortRange.From={from}&PortRange.To={to}"
        )
    };
    two.cloud.ok("CreateNetworkAclEntry", &entry(100, false, 443, 443)).await;
    let (found, codes) = two.verdict(&two.a, &two.b, "&DestinationPort=443").await;
    assert_eq!((found, codes), (false, vec!["SUBNET_ACL_RESTRICTION".to_owned()]));
    // One single source port whose answer may leave: the search finds it, wherever it is.
    two.cloud.ok("CreateNetworkAclEntry", &entry(100, true, 777, 777)).await;
    let path = path(&two.cloud, &two.a, &two.b, "&DestinationPort=443").await;
    let xml = analyse(&two.cloud, &path, "").await;
    assert!(xml.contains("<from>777</from>") && xml.contains("<networkPathFound>true<"), "{xml}");
}

#[tokio::test]
async fn gateways_are_ends() {
    let two = two().await;
    two.allow(443, "0.0.0.0/0").await;
    let gateway = two.cloud.gateway(&two.vpc).await;
    let (found, codes) = two.verdict(&two.a, &gateway, "&DestinationPort=443").await;
    assert_eq!((found, codes), (false, vec!["NO_ROUTE_TO_DESTINATION".to_owned()]));
    let route = format!("RouteTableId={}&DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}", two.table);
    two.cloud.ok("CreateRoute", &route).await;
    let (found, codes) = two.verdict(&two.a, &gateway, "&DestinationPort=443").await;
    assert_eq!((found, codes), (false, vec!["IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS".to_owned()]));
    let public = two.cloud.get("AllocateAddress", "Domain=vpc", "publicIp").await;
    two.cloud.ok("AssociateAddress", &format!("PublicIp={public}&InstanceId={}", two.a)).await;
    assert!(two.verdict(&two.a, &gateway, "&DestinationPort=443").await.0);
    assert!(two.verdict(&gateway, &two.a, "&DestinationPort=443").await.0);
    assert!(!two.verdict(&gateway, &two.b, "&DestinationPort=443").await.0, "it has no public address");
    assert!(!two.verdict(&gateway, &two.a, "&DestinationPort=80").await.0);
    // An address alone is a destination too, inside and outside.
    for (address, expected) in [("9.9.9.9", true), ("10.0.2.3", false), (&*public, false)] {
        let parameters = format!(
            "Source={}&DestinationIp={address}&Protocol=tcp&DestinationPort=80&ClientToken=t{address}",
            two.a
        );
        let id = two.cloud.get("CreateNetworkInsightsPath", &parameters, "networkInsightsPathId").await;
        let xml = analyse(&two.cloud, &id, "").await;
        assert_eq!(all(&xml, "networkPathFound"), [expected.to_string()], "{address}: {xml}");
    }
}

#[tokio::test]
async fn components_demanded_and_forbidden() {
    let two = two().await;
    two.allow(443, "10.0.1.0/24").await;
    let path = path(&two.cloud, &two.a, &two.b, "&DestinationPort=443").await;
    let table = format!("arn:aws:ec2:us-east-1:000000000000:route-table/{}", two.table);
    let other = "arn:aws:ec2:us-east-1:000000000000:natgateway/nat-00000000";
    for (parameters, expected) in [
        (format!("&FilterInArn.1={table}"), true),
        (format!("&FilterInArn.1={other}"), false),
        (format!("&FilterOutArn.1={other}"), true),
        (format!("&FilterOutArn.1={table}"), false),
    ] {
        let xml = analyse(&two.cloud, &path, &parameters).await;
        assert_eq!(all(&xml, "networkPathFound"), [expected.to_string()], "{parameters}");
        assert_eq!(xml.contains("COMPONENT_FILTER_RESTRICTION"), !expected, "{parameters}");
    }
    let by_path = format!("NetworkInsightsPathId={path}");
    assert_eq!(two.cloud.list("DescribeNetworkInsightsAnalyses", &by_path, "status").await.len(), 4);
    for (filter, value, count) in
        [("path-found", "true", 2), ("status", "succeeded", 4), ("status", "failed", 0)]
    {
        let parameters = format!("Filter.1.Name={filter}&Filter.1.Value.1={value}");
        let found =
            two.cloud.list("DescribeNetworkInsightsAnalyses", &parameters, "networkInsightsAnalysisId").await;
        assert_eq!(found.len(), count, "{filter}={value}");
    }
}

#[tokio::test]
async fn filters_at_both_ends() {
    let two = two().await;
    two.allow(443, "10.0.1.0/24").await;
    for (parameters, expected) in [
        (
            "&FilterAtSource.DestinationPortRange.FromPort=440&FilterAtSource.DestinationPortRange.ToPort=450",
            true,
        ),
        (
            "&FilterAtSource.DestinationPortRange.FromPort=444&FilterAtSource.DestinationPortRange.ToPort=450",
            false,
        ),
        ("&FilterAtSource.SourceAddress=10.0.1.3", false),
        ("&FilterAtDestination.DestinationPortRange.FromPort=443", true),
        ("&FilterAtDestination.DestinationPortRange.FromPort=80", false),
    ] {
        assert_eq!(two.verdict(&two.a, &two.b, parameters).await.0, expected, "{parameters}");
    }
}

#[tokio::test]
async fn bad_paths() {
    let two = two().await;
    let good = format!("Source={}&Destination={}&Protocol=tcp&ClientToken=x", two.a, two.b);
    for (parameters, code) in [
        (format!("Destination={}&Protocol=tcp&ClientToken=x", two.b), "MissingParameter"),
        (format!("Source={}&Protocol=tcp&ClientToken=x", two.a), "MissingParameter"),
        (format!("Source={}&Destination={}&ClientToken=x", two.a, two.b), "MissingParameter"),
        (
            format!("Source={}&Destination={}&Protocol=gre&ClientToken=x", two.a, two.b),
            "InvalidParameterValue",
        ),
        (
            format!("Source={}&Destination={}&Protocol=tcp&ClientToken=x", two.a, two.a),
            "InvalidParameterValue",
        ),
        (format!("Source={}&Destination=web&Protocol=tcp&ClientToken=x", two.a), "InvalidParameterValue"),
        (
            format!("Source={}&Destination={}&Protocol=tcp&ClientToken=x", two.a, two.subnet_b),
            "InvalidParameterValue",
        ),
        (
            "Source=i-00000000&DestinationIp=1.2.3.4&Protocol=tcp&ClientToken=x".into(),
            "NetworkInsightsSource.NotFound",
        ),
        (
            format!("Source={}&Destination=eni-00000000&Protocol=tcp&ClientToken=x", two.a),
            "NetworkInsightsDestination.NotFound",
        ),
        (
            format!(
                "Source=arn:aws:ec2:us-east-1:111111111111:instance/{}&DestinationIp=1.2.3.4&Protocol=tcp&ClientToken=x",
                two.a
            ),
            "NetworkInsightsSource.NotFound",
        ),
        (format!("{good}&DestinationPort=70000"), "InvalidParameterValue"),
        (format!("{good}&SourceIp=10.0.0.300"), "InvalidParameterValue"),
        (
            format!("{good}&SourceIp=10.0.1.4&FilterAtSource.SourceAddress=10.0.1.4"),
            "InvalidParameterCombination",
        ),
        (
            format!("{good}&DestinationPort=1&FilterAtSource.SourceAddress=10.0.1.4"),
            "InvalidParameterCombination",
        ),
        (
            format!(
                "{good}&FilterAtSource.SourcePortRange.FromPort=9&FilterAtSource.SourcePortRange.ToPort=8"
            ),
            "InvalidParameterValue",
        ),
        (
            format!("Source={}&Destination={}&Protocol=icmp&DestinationPort=1&ClientToken=x", two.a, two.b),
            "InvalidParameterCombination",
        ),
        (
            format!("{good}&TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=a"),
            "InvalidParameterValue",
        ),
    ] {
        assert_eq!(two.cloud.code("CreateNetworkInsightsPath", &parameters).await, code, "{parameters}");
    }
}

#[tokio::test]
async fn paths_live_and_end() {
    let two = two().await;
    let parameters = format!(
        "Source=arn:aws:ec2:us-east-1:000000000000:instance/{}&Destination={}&Protocol=TCP&ClientToken=x\
         &TagSpecification.1.ResourceType=network-insights-path&TagSpecification.1.Tag.1.Key=Name\
         &TagSpecification.1.Tag.1.Value=web",
        two.a, two.b
    );
    let id = "networkInsightsPathId";
    let made = two.cloud.get("CreateNetworkInsightsPath", &parameters, id).await;
    assert_eq!(
        two.cloud.get("CreateNetworkInsightsPath", &parameters, id).await,
        made,
        "the same token, the same path"
    );
    let other = format!("{parameters}&DestinationPort=1");
    assert_eq!(two.cloud.code("CreateNetworkInsightsPath", &other).await, "IdempotentParameterMismatch");
    for (filter, value, count) in [
        ("source", &*two.a, 1),
        ("destination", &two.b, 1),
        ("protocol", "tcp", 1),
        ("protocol", "udp", 0),
        ("tag:Name", "w*", 1),
        ("filter-at-source.source-address", "*", 0),
    ] {
        let parameters = format!("Filter.1.Name={filter}&Filter.1.Value.1={value}");
        let found = two.cloud.list("DescribeNetworkInsightsPaths", &parameters, id).await;
        assert_eq!(found.len(), count, "{filter}={value}");
    }
    let bad = "Filter.1.Name=colour&Filter.1.Value.1=red";
    assert_eq!(two.cloud.code("DescribeNetworkInsightsPaths", bad).await, "InvalidParameterValue");
    let by_id = format!("NetworkInsightsPathId={made}");
    analyse(&two.cloud, &made, "").await;
    assert_eq!(
        two.cloud.code("DeleteNetworkInsightsPath", &by_id).await,
        "AnalysisExistsForNetworkInsightsPath"
    );
    let analysis = two.cloud.get("DescribeNetworkInsightsAnalyses", "", "networkInsightsAnalysisId").await;
    two.cloud.ok("DeleteNetworkInsightsAnalysis", &format!("NetworkInsightsAnalysisId={analysis}")).await;
    two.cloud.ok("DeleteNetworkInsightsPath", &by_id).await;
    for (action, parameters, code) in [
        ("DeleteNetworkInsightsPath", &*by_id, "InvalidNetworkInsightsPathId.NotFound"),
        (
            "StartNetworkInsightsAnalysis",
            &format!("{by_id}&ClientToken=y"),
            "InvalidNetworkInsightsPathId.NotFound",
        ),
        (
            "DescribeNetworkInsightsPaths",
            "NetworkInsightsPathId.1=web",
            "InvalidNetworkInsightsPathId.Malformed",
        ),
        (
            "DescribeNetworkInsightsAnalyses",
            &format!("NetworkInsightsAnalysisId.1={analysis}"),
            "InvalidNetworkInsightsAnalysisId.NotFound",
        ),
        (
            "DeleteNetworkInsightsAnalysis",
            "NetworkInsightsAnalysisId=nia-1",
            "InvalidNetworkInsightsAnalysisId.Malformed",
        ),
    ] {
        assert_eq!(two.cloud.code(action, parameters).await, code, "{action} {parameters}");
    }
}

#[tokio::test]
async fn an_end_that_is_gone() {
    let two = two().await;
    let interface = two.cloud.interface(&two.subnet_b).await;
    let path = path(&two.cloud, &two.a, &interface, "").await;
    let xml = analyse(&two.cloud, &path, "").await;
    assert!(xml.contains("BAD_STATE_ATTACHMENT") || xml.contains("SG_HAS_NO_RULES"), "{xml}");
    two.cloud.ok("DeleteNetworkInterface", &format!("NetworkInterfaceId={interface}")).await;
    let xml = analyse(&two.cloud, &path, "").await;
    assert_eq!(all(&xml, "explanationCode"), ["NO_SOURCE_OR_DESTINATION"]);
    assert_eq!(all(&xml, "networkPathFound"), ["false"]);
}

#[tokio::test]
async fn pages_and_limits() {
    let two = two().await;
    for n in 1..=100 {
        path(&two.cloud, &two.a, &two.b, &format!("&DestinationPort={n}")).await;
    }
    let parameters = format!("Source={}&Destination={}&Protocol=tcp&ClientToken=more", two.a, two.b);
    assert_eq!(
        two.cloud.code("CreateNetworkInsightsPath", &parameters).await,
        "NetworkInsightsPath.LimitExceeded"
    );
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let xml = two.cloud.ok("DescribeNetworkInsightsPaths", &format!("MaxResults=30{token}")).await;
        seen.extend(all(&xml, "networkInsightsPathId"));
        match all(&xml, "nextToken").pop() {
            Some(next) => token = format!("&NextToken={next}"),
            None => break,
        }
    }
    assert_eq!(seen, two.cloud.list("DescribeNetworkInsightsPaths", "", "networkInsightsPathId").await);
    assert_eq!(seen.len(), 100);
}

#[tokio::test]
async fn work_that_a_stop_interrupted_is_begun_anew() {
    let two = two().await;
    two.allow(443, "10.0.1.0/24").await;
    let path = path(&two.cloud, &two.a, &two.b, "&DestinationPort=443").await;
    let scope = two.cloud.world.scope();
    let left = two.cloud.world.ec2.platform.transact(|tx| {
        for n in 0..6 {
            let record = serde_json::json!({
                "id": format!("nia-0000000{n}"), "path_id": path, "status": "running", "started": 0,
            });
            let record: records::InsightsAnalysis = serde_json::from_value(record).expect("an analysis");
            tx.put(&scope, record);
        }
        Ok(())
    });
    left.await.expect("records");
    let more = format!("NetworkInsightsPathId={path}&ClientToken=z");
    let refusal = two.cloud.ask("StartNetworkInsightsAnalysis", &more).await.expect_err("six are at work");
    assert_eq!(refusal.code, "NetworkInsightsAnalysis.LimitExceeded");
    loop {
        let xml = two.cloud.ok("DescribeNetworkInsightsAnalyses", "").await;
        if all(&xml, "status").iter().all(|status| status == "succeeded") {
            assert_eq!(all(&xml, "networkPathFound"), ["true"; 6]);
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}
