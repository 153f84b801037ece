use super::Cloud;
use crate::places::catalogue::{REGIONS, zone_of, zones_of};
use std::collections::HashSet;

#[test]
fn the_catalogue_is_sound() {
    assert!(REGIONS.windows(2).all(|pair| pair[0].name < pair[1].name), "sorted, as the search needs it");
    let mut ids = HashSet::new();
    for region in REGIONS {
        for zone in region.zones() {
            assert!(ids.insert(zone.id.clone()), "{} twice", zone.id);
            assert_eq!(zone_of(region.name, &zone.id), Some(zone.clone()));
        }
    }
    assert_eq!(zones_of("us-east-1").len(), 6);
    assert_eq!(zones_of("rig-north-1")[0].name, "rig-north-1a");
    assert_eq!(zone_of("us-east-1", "us-east-1z"), None);
}

#[tokio::test]
async fn regions() {
    let cloud = Cloud::new();
    let all = cloud.list("DescribeRegions", "", "regionName").await;
    assert!(all.contains(&"eu-central-1".to_owned()) && all.len() == REGIONS.len());
    let one = cloud.ok("DescribeRegions", "RegionName.1=eu-central-1").await;
    assert!(one.contains("ec2.eu-central-1.amazonaws.com") && one.contains("opt-in-not-required"));
    assert_eq!(
        cloud
            .list("DescribeRegions", "Filter.1.Name=region-name&Filter.1.Value.1=us-west-*", "regionName")
            .await,
        ["us-west-1", "us-west-2"]
    );
    assert_eq!(cloud.code("DescribeRegions", "RegionName.1=mars-1").await, "InvalidParameterValue");
    assert_eq!(
        cloud.code("DescribeRegions", "Filter.1.Name=colour&Filter.1.Value.1=x").await,
        "InvalidParameterValue"
    );
}

#[tokio::test]
async fn zones() {
    let cloud = Cloud::new();
    let names = cloud.list("DescribeAvailabilityZones", "", "zoneName").await;
    assert_eq!(names.first().map(String::as_str), Some("us-east-1a"));
    let xml = cloud.ok("DescribeAvailabilityZones", "ZoneId.1=use1-az4").await;
    assert!(xml.contains("us-east-1c") && !xml.contains("us-east-1a"));
    for bad in ["ZoneName.1=us-east-1z", "ZoneId.1=euc1-az1"] {
        assert_eq!(cloud.code("DescribeAvailabilityZones", bad).await, "InvalidParameterValue");
    }
    let none = "Filter.1.Name=state&Filter.1.Value.1=impaired";
    assert!(cloud.list("DescribeAvailabilityZones", none, "zoneName").await.is_empty());
}

#[tokio::test]
async fn account_attributes() {
    let cloud = Cloud::new();
    assert_eq!(cloud.list("DescribeAccountAttributes", "", "attributeName").await.len(), 6);
    let one = cloud.ok("DescribeAccountAttributes", "AttributeName.1=supported-platforms").await;
    assert!(one.contains("<attributeValue>VPC</attributeValue>"), "{one}");
}
