//! Every protocol: calls that work, calls of what is not there, and malformed ones.

use aws_schema::{Operation, Protocol, ServiceSpec, Unit};
use aws_wire::{ResponseView, decode_response};
use gateway::Mode;

use crate::client::{Request, Response};
use crate::echo::{self, ALL, Say, SayRequest, SayResponse};
use crate::world::World;

fn hello(count: Option<i64>) -> SayRequest {
    SayRequest { text: Some("hällo & <welt>".to_owned()), count, dry_run: None }
}

fn say(protocol: Protocol, service: &'static ServiceSpec, input: &SayRequest) -> Request {
    Request::call(protocol, service, Say::SPEC, input).signed_by("AKIAALICE", service)
}

fn read(protocol: Protocol, response: &Response) -> Result<SayResponse, aws_schema::Fault> {
    let headers = response.headers.as_slice();
    let view = ResponseView { status: response.status, headers: &headers.to_vec(), body: &response.body };
    let mut output = SayResponse::default();
    decode_response(protocol, Say::SPEC, &view, &mut output).unwrap()?;
    Ok(output)
}

#[tokio::test]
async fn all_seven_say_the_same() {
    for mode in [Mode::Open, Mode::Enforced] {
        let world = World::start(mode).await;
        for (service, protocol) in ALL {
            let response = say(protocol, service, &hello(Some(2))).send(world.address).await;
            assert_eq!(response.status, 200, "{protocol:?}: {}", response.text());
            let output = read(protocol, &response).unwrap();
            assert_eq!(output.text.as_deref(), Some("hällo & <welt>hällo & <welt>"), "{protocol:?}");
            assert_eq!(output.arn.as_deref(), Some("arn:aws:iam::111122223333:user/alice"), "{protocol:?}");
            assert_eq!(output.region.as_deref(), Some("eu-central-1"), "{protocol:?}");
            assert!(response.header("x-amzn-requestid").is_some_and(|id| id.len() == 36), "{protocol:?}");
        }
    }
}

/// Faults come in the protocol's form, with the request id, from wherever in the chain they arise.
#[tokio::test]
async fn faults_speak_the_protocol() {
    let world = World::start(Mode::Open).await;
    for (service, protocol) in ALL {
        let said_so = SayRequest { text: Some("fault".to_owned()), ..SayRequest::default() };
        let response = say(protocol, service, &said_so).send(world.address).await;
        assert_eq!(response.status, 400, "{protocol:?}");
        let fault = read(protocol, &response).unwrap_err();
        assert_eq!((&*fault.code, &*fault.message), ("SaidSo", "As you wished."), "{protocol:?}");

        let missing = say(protocol, service, &SayRequest::default()).send(world.address).await;
        let fault = read(protocol, &missing).unwrap_err();
        let code = match protocol {
            Protocol::Ec2 => "MissingParameter",
            Protocol::Query => "ValidationError",
            _ => "ValidationException",
        };
        assert_eq!((missing.status, &*fault.code), (400, code), "{protocol:?}");
        assert!(missing.header("x-amzn-requestid").is_some(), "{protocol:?}");

        let unbuilt = Request::call(protocol, service, echo::ALL[0].0.operation("Unbuilt").unwrap(), &Unit)
            .signed_by("AKIAALICE", service)
            .send(world.address)
            .await;
        let fault = read(protocol, &unbuilt).unwrap_err();
        assert_eq!(unbuilt.status, 501, "{protocol:?}");
        assert!(fault.code.starts_with("NotImplemented") && fault.message.contains("Unbuilt"), "{fault}");
    }
}

#[tokio::test]
async fn a_dry_run_stops_before_the_handler() {
    let world = World::start(Mode::Open).await;
    let input = SayRequest { text: Some("fault".to_owned()), dry_run: Some(true), ..SayRequest::default() };
    let response = say(Protocol::Ec2, &echo::EC2, &input).send(world.address).await;
    assert_eq!(response.status, 412);
    assert_eq!(read(Protocol::Ec2, &response).unwrap_err().code, "DryRunOperation");
}

/// Bodies that are not of their protocol: an error of the caller in that protocol, never ours.
#[tokio::test]
async fn malformed_bodies() {
    let world = World::start(Mode::Open).await;
    let deep_json = format!("{{\"Text\":{}", "[".repeat(100_000));
    let deep_xml = "<SayRequest>".repeat(50_000);
    let deep_cbor = vec![0x9f; 100_000];
    let many_parameters = "a=1&".repeat(30_000);
    let json: &[&[u8]] = &[
        b"",
        b"{",
        b"[]",
        b"null",
        b"{\"Text\":1}",
        b"{\"Text\":\"a\"",
        b"{\"Text\":\"a\"}x",
        b"{\"Text\":\"\\ud800\"}",
        b"\xff\xfe",
        b"{\"Text\":\"a\",\"Count\":\"many\"}",
        b"{\"Count\":1e400}",
        deep_json.as_bytes(),
    ];
    let xml: &[&[u8]] = &[
        b"",
        b"<",
        b"<SayRequest>",
        b"<SayRequest><Text>a</SayRequest>",
        b"<SayRequest><Text>&nope;</Text></SayRequest>",
        b"\xff",
        b"<!DOCTYPE a [<!ENTITY b \"c\">]><SayRequest><Text>&b;</Text></SayRequest>",
        deep_xml.as_bytes(),
    ];
    let form: &[&[u8]] = &[
        b"",
        b"Action",
        b"Action=",
        b"Action=Say&Text=%zz",
        b"Action=Say&Text=%ff",
        b"Action=Say&Text=a&Count=many",
        b"Action=Say&Text.member.1=a",
        b"%",
        b"&&&=",
        many_parameters.as_bytes(),
    ];
    let cbor: &[&[u8]] = &[
        b"",
        b"\xff",
        b"\xa1",
        b"\xa1\x64Text\x01",
        b"\xa1\x64Text\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x9f",
        &deep_cbor,
        b"\xbf",
    ];
    for (service, protocol) in ALL {
        let bodies = match protocol {
            Protocol::Json10 | Protocol::Json11 | Protocol::RestJson => json,
            Protocol::RestXml => xml,
            Protocol::Query | Protocol::Ec2 => form,
            Protocol::Cbor => cbor,
        };
        for body in bodies {
            let request = Request::call(protocol, service, Say::SPEC, &hello(None)).body(*body);
            let response = request.signed_by("AKIAALICE", service).send(world.address).await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            assert_eq!(response.status, 400, "{protocol:?} {shown:?}: {}", response.text());
            let fault = read(protocol, &response).unwrap_err();
            assert!(!fault.code.is_empty(), "{protocol:?} {shown:?}");
            assert!(response.header("x-amzn-requestid").is_some(), "{protocol:?} {shown:?}");
        }
        // After all that the service still works.
        assert_eq!(say(protocol, service, &hello(None)).send(world.address).await.status, 200);
    }
}

#[tokio::test]
async fn operations_that_do_not_exist() {
    let world = World::start(Mode::Open).await;
    let signed = |request: Request, service| async move {
        request.signed_by("AKIAALICE", service).send(world.address).await
    };
    let form = |text: &str| {
        Request::new("POST", "/").header("Content-Type", "application/x-www-form-urlencoded").body(text)
    };
    let json = |target: &str| {
        let request =
            Request::new("POST", "/").header("Content-Type", "application/x-amz-json-1.1").body("{}");
        request.header("X-Amz-Target", target)
    };
    for (request, service, status, wanted) in [
        (json("JsonEcho_20260101.Nonsense"), &echo::JSON, 400, "UnknownOperationException"),
        (json("Other.Say"), &echo::JSON, 400, "UnknownOperationException"),
        (json("Say"), &echo::JSON, 400, "UnknownOperationException"),
        (json("JsonEcho_20260101.NeverModelled"), &echo::JSON, 501, "NotImplementedException"),
        (form("Action=Nonsense&Version=2026-01-01"), &echo::QUERY, 400, "InvalidAction"),
        (form("Action=Say&Version=1999-01-01&Text=a"), &echo::QUERY, 400, "InvalidAction"),
        (form("Version=2026-01-01"), &echo::QUERY, 400, "MissingAction"),
        (form("Action=NeverModelled&Version=2026-01-01"), &echo::QUERY, 501, "NotImplemented"),
        (
            form("Action=Nonsense&Version=2026-01-01"),
            &echo::EC2,
            400,
            "The action Nonsense is not valid for this web service.",
        ),
        (form("Action=Say&Version=1999-01-01&Text=a"), &echo::EC2, 200, "<Text>a</Text>"),
        (Request::new("POST", "/nowhere"), &echo::REST_JSON, 404, "UnknownOperationException"),
        (Request::new("GET", "/say"), &echo::REST_JSON, 405, "MethodNotAllowed"),
        (
            Request::new("POST", "/service/CborEcho/operation/Nonsense")
                .header("smithy-protocol", "rpc-v2-cbor"),
            &echo::CBOR,
            400,
            "UnknownOperationException",
        ),
        (
            Request::new("POST", "/nowhere").header("smithy-protocol", "rpc-v2-cbor"),
            &echo::CBOR,
            400,
            "UnknownOperationException",
        ),
    ] {
        let line =
            format!("{} {} {:?}", request.method, request.path, String::from_utf8_lossy(&request.body));
        let response = signed(request, service).await;
        assert_eq!(response.status, status, "{line}: {}", response.text());
        assert!(response.says(wanted), "{line}: {}", response.text());
    }
}

#[tokio::test]
async fn the_scope_chooses_the_service() {
    let world = World::start(Mode::Open).await;
    let unknown = Request::call(Protocol::Json11, &echo::JSON, Say::SPEC, &hello(None));
    let stranger = aws_signature::Signer::new("AKIAALICE", "x", "eu-central-1", "quantum");
    let response = unknown.signed(&stranger).send(world.address).await;
    assert_eq!(response.status, 400);
    assert!(response.text().contains("signs as 'quantum'"), "{}", response.text());
    // Two services sign as `jsonecho`; the target tells them apart.
    for service in [&echo::JSON, &echo::TWIN] {
        let request =
            Request::call(Protocol::Json11, service, Say::SPEC, &hello(None)).signed_by("AKIAALICE", service);
        assert_eq!(request.send(world.address).await.status, 200);
    }
    let actions: Vec<String> = world.audit.0.lock().iter().map(|entry| entry.action()).collect();
    assert_eq!(actions, ["jsonecho:Say", "jsonecho:Say"]);
    // A query service is called with the action in the query string, too.
    let mut get = Request::new("GET", "/");
    get.query = "Action=Say&Version=2026-01-01&Text=hi".to_owned();
    let response = get.signed_by("AKIAALICE", &echo::QUERY).send(world.address).await;
    assert_eq!(
        (response.status, read(Protocol::Query, &response).unwrap().text.as_deref()),
        (200, Some("hi"))
    );
}
