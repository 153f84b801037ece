//! The real client against these codecs, for our own services: what botocore writes is read as it was meant, and what we
//! write is read by botocore as we meant it.

use crate::dynamic::Record;
use crate::random::Random;
use aws_schema::{Fault, Operation, OperationSpec, Protocol, ServiceSpec};
use aws_wire::{RequestParts, decode_request, encode_fault, encode_request, encode_response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use std::io::Write as _;
use std::process::Command;

static SERVICES: [&ServiceSpec; 4] =
    [&api_ec2::SERVICE, &api_iam::SERVICE, &api_ssm::SERVICE, &api_sts::SERVICE];

/// Random inputs and outputs per operation.
const ROUNDS: usize = 4;
const REQUEST_ID: &str = "7f2a-request";

fn operations() -> impl Iterator<Item = (&'static ServiceSpec, &'static OperationSpec)> {
    SERVICES
        .into_iter()
        .flat_map(|service| service.operations.iter().map(move |operation| (service, *operation)))
}

/// What the server answers: random outputs, then a fault per operation.
enum Answer {
    Output(Record),
    Fault(Fault),
}

#[test]
fn botocore_and_the_codecs_understand_each_other() {
    let python = match test_support::botocore_python() {
        Ok(python) => python,
        Err(why) if Command::new("python3").arg("--version").output().is_err() => {
            println!("skipped: there is no Python here ({why})");
            return;
        }
        Err(why) => panic!("{why}"),
    };
    let folder = tempfile::tempdir().unwrap();
    let (list, responses) = (folder.path().join("operations"), folder.path().join("responses"));
    let names: Vec<String> =
        operations().map(|(service, operation)| format!("{} {}", service.id, operation.name)).collect();
    std::fs::write(&list, names.join("\n")).unwrap();
    let answers = write_answers(&responses);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/roundtrip.py");
    let output =
        Command::new(python).arg(script).arg(ROUNDS.to_string()).arg(&list).arg(&responses).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());

    let mut wrong = Vec::new();
    let requests = operations().count() * ROUNDS;
    for line in lines.by_ref().take(requests) {
        if let Err(why) = read_request(&line) {
            wrong.push(format!("request {} {}: {why}", line["service"], line["operation"]));
        }
    }
    let mut parsed = 0;
    for ((service, operation, answer), line) in answers.iter().zip(lines) {
        parsed += 1;
        if let Err(why) = compare_answer(answer, operation, &line) {
            wrong.push(format!("response {} {}: {why}", service.id, operation.name));
        }
    }
    println!("{requests} requests written by botocore, {parsed} responses read by it");
    assert_eq!(parsed, answers.len());
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Decodes what botocore wrote; then writes it with our own client and decodes that.
fn read_request(line: &Json) -> Result<(), String> {
    let (service, operation) = operations()
        .find(|(service, operation)| line["service"] == service.id && line["operation"] == operation.name)
        .unwrap();
    let protocol = service.protocols[0];
    let body = STANDARD.decode(line["body"].as_str().unwrap()).unwrap();
    let headers: Vec<(String, String)> = line["headers"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(k, v)| (k.clone(), v.as_str().unwrap().to_owned()))
        .collect();
    let wanted = Record::from_json(operation.input, &line["params"]);
    let parts = RequestParts { method: "POST", path: "/", query: "", headers: &headers, body: &body };
    decode_and_compare(protocol, operation, &parts, &wanted)?;
    if let Some(typed) = typed_request(protocol, service, operation, &body) {
        let mut value = Record::new(operation.input);
        let typed = RequestParts { body: &typed, ..parts };
        decode_request(protocol, &typed, &[], &mut value).map_err(|error| error.to_string())?;
        if value != wanted {
            return Err(format!("through the generated type: {value:?}\n    instead of {wanted:?}"));
        }
    }
    let own = encode_request(protocol, service, operation, &wanted);
    let parts = RequestParts {
        method: own.method,
        path: &own.path,
        query: &own.query,
        headers: &own.headers,
        body: &own.body,
    };
    decode_and_compare(protocol, operation, &parts, &wanted)
        .map_err(|why| format!("written by our client: {why}"))
}

/// The body decoded into the operation's generated type and encoded from it again.
fn typed_request(
    protocol: Protocol,
    service: &ServiceSpec,
    operation: &OperationSpec,
    body: &[u8],
) -> Option<Vec<u8>> {
    macro_rules! through {
        ($($api:ident: $($operation:ident)*;)*) => {
            match (service.id, operation.name) {
                $($((id, name) if id == $api::SERVICE.id && name == stringify!($operation) => {
                    let mut input = <$api::ops::$operation as Operation>::Input::default();
                    let parts = RequestParts { method: "POST", path: "/", query: "", headers: &NO_HEADERS, body };
                    decode_request(protocol, &parts, &[], &mut input).unwrap();
                    assert!(format!("{input:?}").starts_with(<$api::ops::$operation as Operation>::SPEC.input.name));
                    Some(encode_request(protocol, service, operation, &input).body)
                })*)*
                _ => None,
            }
        };
    }
    through! {
        api_ec2: RunInstances DescribeInstances CreateVpc CreateSubnet CreateTags AuthorizeSecurityGroupIngress
            RevokeSecurityGroupEgress ModifyInstanceAttribute CreateRoute CreateNetworkInterface CreateLaunchTemplate
            ModifySecurityGroupRules CreateNetworkInsightsPath CreateFlowLogs ImportKeyPair;
        api_iam: CreateUser CreateRole CreatePolicy TagUser ListRoles UpdateAssumeRolePolicy GetAccountAuthorizationDetails;
        api_ssm: SendCommand PutParameter CreateDocument DescribeInstanceInformation ListCommandInvocations GetParametersByPath;
        api_sts: AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity GetSessionToken GetCallerIdentity;
    }
}

const NO_HEADERS: [(&str, &str); 0] = [];

fn decode_and_compare(
    protocol: Protocol,
    operation: &OperationSpec,
    parts: &RequestParts<'_>,
    wanted: &Record,
) -> Result<(), String> {
    let mut value = Record::new(operation.input);
    decode_request(protocol, parts, &[], &mut value).map_err(|error| error.to_string())?;
    if value == *wanted { Ok(()) } else { Err(format!("{value:?}\n    instead of {wanted:?}")) }
}

fn write_answers(path: &std::path::Path) -> Vec<(&'static ServiceSpec, &'static OperationSpec, Answer)> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let mut random = Random::new(42);
    let mut answers = Vec::new();
    for (service, operation) in operations() {
        for number in 0..=ROUNDS {
            let protocol = service.protocols[0];
            let (answer, response) = if number < ROUNDS {
                let record = random.record(operation.output);
                let response = encode_response(protocol, service, operation, &record, REQUEST_ID);
                (Answer::Output(record), response)
            } else {
                let code = operation.errors.first().map_or("Some.Code", |error| error.name);
                let fault = Fault::sender(code, "<wrong> & \"bad\"");
                let response = encode_fault(protocol, service, Some(operation), &fault, REQUEST_ID);
                (Answer::Fault(fault), response)
            };
            let headers: serde_json::Map<String, Json> =
                response.headers.iter().map(|(name, value)| (name.to_lowercase(), json!(value))).collect();
            let line = json!({
                "service": service.id, "operation": operation.name, "status": response.status, "headers": headers,
                "body": STANDARD.encode(&response.body),
            });
            writeln!(file, "{line}").unwrap();
            answers.push((service, operation, answer));
        }
    }
    file.flush().unwrap();
    answers
}

fn compare_answer(answer: &Answer, operation: &OperationSpec, line: &Json) -> Result<(), String> {
    if line["request_id"] != REQUEST_ID {
        return Err(format!("request id {}", line["request_id"]));
    }
    match answer {
        Answer::Output(record) => {
            let parsed = Record::from_json(operation.output, &line["value"]);
            if parsed == *record { Ok(()) } else { Err(format!("{parsed:?}\n    instead of {record:?}")) }
        }
        Answer::Fault(fault) => {
            let spec = operation.errors.iter().find(|error| error.name == fault.code);
            let code = &line["error"]["Code"];
            let right = spec.map_or(*code == *fault.code, |spec| *code == spec.name || *code == spec.code);
            if right && line["error"]["Message"] == fault.message { Ok(()) } else { Err(line.to_string()) }
        }
    }
}
