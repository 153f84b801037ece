use super::Cloud;

#[tokio::test]
async fn pages_joined_are_the_list() {
    let cloud = Cloud::new();
    for n in 0..17 {
        cloud.vpc(&format!("10.{n}.0.0/16")).await;
    }
    let all = cloud.list("DescribeVpcs", "", "vpcId").await;
    assert_eq!(all.len(), 18);
    for size in [5, 6, 17, 18, 1000] {
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let xml = cloud.ok("DescribeVpcs", &format!("MaxResults={size}{token}")).await;
            let page = super::cloud::all(&xml, "vpcId");
            assert!(page.len() <= size);
            seen.extend(page);
            match super::cloud::all(&xml, "nextToken").first() {
                Some(next) => token = format!("&NextToken={next}"),
                None => break,
            }
        }
        assert_eq!(seen, all, "pages of {size}");
    }
}

#[tokio::test]
async fn tokens_belong_to_their_list() {
    let cloud = Cloud::new();
    for n in 0..7 {
        cloud.vpc(&format!("10.{n}.0.0/16")).await;
    }
    let token = cloud.get("DescribeVpcs", "MaxResults=5", "nextToken").await;
    for (action, parameters) in [
        ("DescribeVpcs", "NextToken=banana".to_owned()),
        ("DescribeSubnets", format!("NextToken={token}")),
        ("DescribeVpcs", format!("NextToken={token}&Filter.1.Name=state&Filter.1.Value.1=available")),
    ] {
        assert_eq!(cloud.code(action, &parameters).await, "InvalidNextToken");
    }
    let vpc = cloud.get("DescribeVpcs", "", "vpcId").await;
    let with_ids = format!("VpcId.1={vpc}&MaxResults=5");
    assert_eq!(cloud.code("DescribeVpcs", &with_ids).await, "InvalidParameterCombination");
    for size in ["4", "0", "-1", "1001"] {
        assert_eq!(cloud.code("DescribeVpcs", &format!("MaxResults={size}")).await, "InvalidParameterValue");
    }
}
