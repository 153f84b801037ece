//! Broken limits of real requests, from the wire to the message AWS is known to answer with.

use aws_schema::{Operation, Protocol, violations};
use aws_wire::{RequestParts, decode_request, validation_fault};

fn fault<O: Operation>(protocol: Protocol, body: &str) -> (String, String) {
    let headers: [(&str, &str); 0] = [];
    let parts =
        RequestParts { method: "POST", path: "/", query: "", headers: &headers, body: body.as_bytes() };
    let mut input = O::Input::default();
    decode_request(protocol, &parts, &[], &mut input).unwrap();
    let fault = validation_fault(protocol, &violations(&input)).expect("a broken limit");
    assert_eq!(fault.status, 400);
    (fault.code.into_owned(), fault.message)
}

#[track_caller]
fn assert_fault(found: (String, String), code: &str, message: &str) {
    assert_eq!(found, (code.to_owned(), message.to_owned()));
}

#[test]
fn ssm_answers_as_aws_does() {
    assert_fault(
        fault::<api_ssm::ops::GetParameter>(Protocol::Json11, "{}"),
        "ValidationException",
        "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
    );
    assert_fault(
        fault::<api_ssm::ops::DescribeParameters>(Protocol::Json11, r#"{"MaxResults": 51}"#),
        "ValidationException",
        "1 validation error detected: Value '51' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 50",
    );
    let (code, message) = fault::<api_ssm::ops::AddTagsToResource>(
        Protocol::Json11,
        r#"{"ResourceType":"Nothing","Tags":[{"Key":"a"}]}"#,
    );
    assert_eq!(code, "ValidationException");
    assert!(message.starts_with("3 validation errors detected: Value 'Nothing' at 'resourceType' failed to satisfy constraint: Member must satisfy enum value set: ["), "{message}");
    assert!(message.ends_with("; Value null at 'resourceId' failed to satisfy constraint: Member must not be null; Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null"), "{message}");
}

#[test]
fn iam_and_sts_answer_as_aws_does() {
    // The message of a report against nixops (its issue 328), word for word.
    let name = "charon-31f85414-3f74-11e5-b275-f23c91ae92d9-DynamoReadOnlyPermission";
    assert_fault(
        fault::<api_iam::ops::GetRole>(
            Protocol::Query,
            &format!("Action=GetRole&Version=2010-05-08&RoleName={name}"),
        ),
        "ValidationError",
        &format!(
            "1 validation error detected: Value '{name}' at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64"
        ),
    );
    let (code, message) = fault::<api_sts::ops::AssumeRole>(
        Protocol::Query,
        "Action=AssumeRole&Version=2011-06-15&DurationSeconds=1",
    );
    assert_eq!(code, "ValidationError");
    assert_eq!(
        message,
        "3 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null; Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null; Value '1' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"
    );
}

#[test]
fn ec2_answers_as_aws_does() {
    let ec2 = |rest: &str| format!("Version=2016-11-15&{rest}");
    assert_fault(
        fault::<api_ec2::ops::CreateSecurityGroup>(
            Protocol::Ec2,
            &ec2("Action=CreateSecurityGroup&GroupName=web"),
        ),
        "MissingParameter",
        "The request must contain the parameter GroupDescription",
    );
    assert_fault(
        fault::<api_ec2::ops::TerminateInstances>(Protocol::Ec2, &ec2("Action=TerminateInstances")),
        "MissingParameter",
        "The request must contain the parameter InstanceId",
    );
    assert_fault(
        fault::<api_ec2::ops::RunInstances>(
            Protocol::Ec2,
            &ec2("Action=RunInstances&MinCount=1&MaxCount=1&InstanceType=t99.nano"),
        ),
        "InvalidParameterValue",
        "Invalid value 't99.nano' for InstanceType.",
    );
    assert_fault(
        fault::<api_ec2::ops::DescribeVpcs>(Protocol::Ec2, &ec2("Action=DescribeVpcs&MaxResults=3")),
        "InvalidParameterValue",
        "Value (3) for parameter MaxResults is invalid. Expecting a value greater than or equal to 5.",
    );
}

#[test]
fn nothing_broken_is_no_fault() {
    assert_eq!(validation_fault(Protocol::Json11, &[]), None);
}
