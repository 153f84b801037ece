//! A structure that keeps its text is written as one that does not, first and ever after.

use api_ec2::{DescribeInstancesResult, Instance, InstanceState, Reservation, Tag, ops};
use aws_schema::{Operation, Protocol, Shared, Timestamp};
use aws_wire::encode_response;

fn body(protocol: Protocol, instance: &Shared<Instance>) -> String {
    let reservation = Reservation { instances: Some(vec![instance.clone()]), ..Reservation::default() };
    let result =
        DescribeInstancesResult { reservations: Some(vec![reservation]), next_token: Some("n".into()) };
    let operation = ops::DescribeInstances::SPEC;
    let response = encode_response(protocol, &api_ec2::SERVICE, operation, &result, "id");
    String::from_utf8(response.body).unwrap()
}

#[test]
fn kept_text_is_the_text_and_belongs_to_its_form() {
    let instance = Instance {
        instance_id: Some("i-1 <&>".into()),
        launch_time: Some(Timestamp::from_millis(1_795_168_800_000)),
        state: Some(InstanceState { code: Some(16), name: Some("running".into()) }),
        tags: Some(vec![Tag { key: Some("a".into()), value: Some("b\r".into()) }]),
        ..Instance::default()
    };
    let plain = Shared::from(instance.clone());
    for first in [Protocol::Ec2, Protocol::Query, Protocol::Json11] {
        let kept = Shared::remembering(instance.clone());
        // The first writer is the one whose text is kept; EC2's times have milliseconds, those of awsQuery have none.
        for protocol in [first, first, Protocol::Ec2, Protocol::Query, Protocol::Json11, first] {
            assert_eq!(body(protocol, &kept), body(protocol, &plain), "{protocol:?} after {first:?}");
        }
    }
    let text = body(Protocol::Ec2, &plain);
    assert!(text.contains("<instanceId>i-1 &lt;&amp;&gt;</instanceId>"), "{text}");
    assert_eq!(Shared::remembering(instance.clone()).into_inner(), instance);
}
