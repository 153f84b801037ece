//! Time per message of the codecs on typical small requests and responses: `cargo bench -p aws-wire`.
//! Prints nanoseconds of processor time; judges nothing (the promises live in SPECIFICATION.md).
#![allow(missing_docs, clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "measures with the clock of the host")]

use aws_schema::{Operation, Protocol, WriteMembers};
use aws_wire::{QueryForm, RequestParts, decode_form, decode_request, encode_request, encode_response};
use std::hint::black_box;

const ROUNDS: u32 = 100_000;
const NONE: [(&str, &str); 0] = [];

fn measure(name: &str, mut work: impl FnMut()) {
    for _ in 0..ROUNDS / 10 {
        work();
    }
    let start = cpu();
    for _ in 0..ROUNDS {
        work();
    }
    println!("{:>7} ns  {name}", (cpu() - start) / i64::from(ROUNDS));
}

/// Nanoseconds of processor time this thread has used; the load of the machine does not count.
fn cpu() -> i64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

fn decode<O: Operation>(protocol: Protocol, body: &[u8]) -> O::Input {
    let mut input = O::Input::default();
    let parts = RequestParts { method: "POST", path: "/", query: "", headers: &NONE, body };
    decode_request(protocol, &parts, &[], &mut input).unwrap();
    input
}

fn main() {
    use api_ec2::ops::{DescribeInstances, RunInstances};
    use api_ssm::ops::{GetParameter, SendCommand};
    use api_sts::ops::GetCallerIdentity;

    let get = br#"{"Name": "/app/database/password", "WithDecryption": true}"#;
    measure("read GetParameter (JSON, 58 bytes)", || {
        drop(black_box(decode::<GetParameter>(Protocol::Json11, get)));
    });
    let send = br#"{"DocumentName":"AWS-RunShellScript","Targets":[{"Key":"tag:Mode","Values":["Production"]}],"Parameters":{"commands":["uname -a","uptime"]},"MaxConcurrency":"2","MaxErrors":"0","TimeoutSeconds":600}"#;
    measure("read SendCommand (JSON, 200 bytes)", || {
        drop(black_box(decode::<SendCommand>(Protocol::Json11, send)));
    });
    let command = decode::<SendCommand>(Protocol::Json11, send);
    measure("write SendCommand (JSON)", || {
        black_box(encode_request(
            Protocol::Json11,
            &api_ssm::SERVICE,
            SendCommand::SPEC,
            black_box(&command),
        ));
    });

    let identity = b"Action=GetCallerIdentity&Version=2011-06-15";
    measure("read GetCallerIdentity (Query)", || {
        black_box(&decode::<GetCallerIdentity>(Protocol::Query, identity));
    });
    let answer = api_sts::GetCallerIdentityResponse {
        user_id: Some("AIDAEXAMPLE".into()),
        account: Some("000000000000".into()),
        arn: Some("arn:aws:iam::000000000000:user/someone".into()),
    };
    response(
        "write GetCallerIdentity (Query)",
        Protocol::Query,
        &api_sts::SERVICE,
        GetCallerIdentity::SPEC,
        &answer,
    );

    let describe = b"Action=DescribeInstances&Version=2016-11-15&InstanceId.1=i-0123456789abcdef0&Filter.1.Name=instance-state-name&Filter.1.Value.1=running&Filter.1.Value.2=pending";
    measure("read DescribeInstances (EC2, 7 parameters)", || {
        drop(black_box(decode::<DescribeInstances>(Protocol::Ec2, describe)));
    });
    measure("  of which parsing the form", || drop(black_box(QueryForm::parse(describe).unwrap())));
    let form = QueryForm::parse(describe).unwrap();
    measure("  of which reading the form", || {
        let mut input = <DescribeInstances as Operation>::Input::default();
        decode_form(Protocol::Ec2, &form, &mut input).unwrap();
        black_box(&input);
    });
    let run = b"Action=RunInstances&Version=2016-11-15&ImageId=ami-0123456789abcdef0&InstanceType=t3.micro&MinCount=1&MaxCount=3&SecurityGroupId.1=sg-0123456789abcdef0&SubnetId=subnet-0123456789abcdef0&ClientToken=2c9a4c0e-5a0f&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=Mode&TagSpecification.1.Tag.1.Value=Production&UserData=IyEvYmluL3NoCmVjaG8gaGVsbG8K";
    measure("read RunInstances (EC2, 13 parameters)", || {
        drop(black_box(decode::<RunInstances>(Protocol::Ec2, run)));
    });

    let instance = api_ec2::Instance {
        instance_id: Some("i-0123456789abcdef0".into()),
        image_id: Some("ami-0123456789abcdef0".into()),
        instance_type: Some("t3.micro".into()),
        private_ip_address: Some("10.0.1.17".into()),
        subnet_id: Some("subnet-0123456789abcdef0".into()),
        vpc_id: Some("vpc-0123456789abcdef0".into()),
        launch_time: Some(aws_schema::Timestamp::from_millis(1_795_000_000_123)),
        state: Some(api_ec2::InstanceState { code: Some(16), name: Some("running".into()) }),
        tags: Some(vec![api_ec2::Tag { key: Some("Mode".into()), value: Some("Production".into()) }]),
        ..Default::default()
    };
    let reservation = api_ec2::Reservation {
        reservation_id: Some("r-0123456789abcdef0".into()),
        owner_id: Some("000000000000".into()),
        instances: Some(vec![instance.into()]),
        ..Default::default()
    };
    let listing =
        api_ec2::DescribeInstancesResult { reservations: Some(vec![reservation]), ..Default::default() };
    response(
        "write DescribeInstances (EC2, one instance)",
        Protocol::Ec2,
        &api_ec2::SERVICE,
        DescribeInstances::SPEC,
        &listing,
    );
}

fn response(
    name: &str,
    protocol: Protocol,
    service: &aws_schema::ServiceSpec,
    operation: &aws_schema::OperationSpec,
    output: &dyn WriteMembers,
) {
    measure(name, || {
        black_box(encode_response(
            protocol,
            service,
            operation,
            black_box(output),
            "7f2a0c1e-0000-4000-8000-000000000000",
        ));
    });
}
