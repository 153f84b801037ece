//! No bytes make the codecs panic, overflow the stack or eat the memory; and random values come back as they were sent.

use crate::dynamic::Record;
use crate::random::Random;
use crate::sink::{
    BOUND, BOUND_OPERATION, LOOSE_OPERATION, NODE, NODE_OPERATION, PAID, PAID_OPERATION, PROTOCOLS, SERVICE,
};
use aws_schema::{OperationSpec, Protocol};
use aws_wire::{
    MAX_PARAMETERS, QueryForm, RequestParts, ResponseView, Router, WireError, decode_request,
    decode_response, encode_request, encode_response,
};
use proptest::prelude::*;

const NONE: [(&str, &str); 0] = [];

/// Reads a body as a request and as a response; what comes out does not matter.
fn feed(
    protocol: Protocol,
    operation: &'static OperationSpec,
    query: &str,
    headers: &[(String, String)],
    body: &[u8],
) {
    let headers = headers.to_vec();
    let parts = RequestParts { method: "POST", path: "/", query, headers: &headers, body };
    let _ = decode_request(protocol, &parts, &[], &mut Record::new(operation.input));
    for status in [200, 400] {
        let view = ResponseView { status, headers: &headers, body };
        let _ = decode_response(protocol, operation, &view, &mut Record::new(operation.output));
    }
}

fn protocols() -> impl Strategy<Value = Protocol> {
    proptest::sample::select(PROTOCOLS.to_vec())
}

fn operations() -> impl Strategy<Value = &'static OperationSpec> {
    proptest::sample::select(SERVICE.operations)
}

/// A structure of either way that a random seed gives.
fn sample(operation: &'static OperationSpec, seed: u64) -> Record {
    Random::new(seed).record(operation.input)
}

/// Damages bytes in ways that keep most of their form.
fn damage(bytes: &mut Vec<u8>, edits: &[(u8, u16, u8)]) {
    for (kind, place, byte) in edits {
        if bytes.is_empty() {
            return;
        }
        let at = usize::from(*place) % bytes.len();
        match kind % 6 {
            0 => bytes[at] = *byte,
            1 => bytes[at] ^= 1 << (byte % 8),
            2 => bytes.insert(at, *byte),
            3 => drop(bytes.remove(at)),
            4 => bytes.truncate(at),
            _ => {
                let piece = bytes[at..(at + usize::from(*byte)).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_do_no_harm(protocol in protocols(), operation in operations(), body in proptest::collection::vec(any::<u8>(), 0..200)) {
        feed(protocol, operation, "", &[], &body);
    }

    #[test]
    fn bytes_of_the_syntax_do_no_harm(protocol in protocols(), operation in operations(), body in "[\\[\\]{}<>/:,\"'&;=.%!?#x0-9a-dNodeTxt \\\\\u{80}\u{2028}é-]{0,80}", query in "[a-z=&%.+0-9]{0,30}") {
        feed(protocol, operation, &query, &[("X-List".to_owned(), body.clone()), ("X-When".to_owned(), query.clone())], body.as_bytes());
    }

    #[test]
    fn damaged_messages_do_no_harm(protocol in protocols(), operation in operations(), seed in any::<u64>(), edits in proptest::collection::vec(any::<(u8, u16, u8)>(), 1..6)) {
        let value = sample(operation, seed);
        let request = encode_request(protocol, &SERVICE, operation, &value);
        let mut body = request.body;
        damage(&mut body, &edits);
        let headers: Vec<(String, String)> = request.headers.into_iter().map(|(name, value)| (name.into_owned(), value)).collect();
        feed(protocol, operation, &request.query, &headers, &body);
        let mut body = encode_response(protocol, &SERVICE, operation, &value, "id").body;
        damage(&mut body, &edits);
        feed(protocol, operation, "", &headers, &body);
    }

    #[test]
    fn any_path_is_routed_or_refused(path in "(/[a-zé%0-9]{0,4}){0,6}", query in "[a-z=&%.+0-9]{0,20}") {
        let router = Router::new(SERVICE.operations);
        if let Ok(found) = router.find("POST", &path, &query, &NONE) {
            prop_assert!(!found.labels.iter().any(|label| label.value.is_empty()));
        }
    }

    #[test]
    fn requests_come_back_as_sent(protocol in protocols(), seed in any::<u64>()) {
        let value = sendable(protocol, sample(&NODE_OPERATION, seed));
        let request = encode_request(protocol, &SERVICE, &NODE_OPERATION, &value);
        let parts = RequestParts { method: request.method, path: &request.path, query: &request.query, headers: &request.headers, body: &request.body };
        let mut back = Record::new(&NODE);
        decode_request(protocol, &parts, &[], &mut back).map_err(|error| TestCaseError::fail(format!("{error}: {}", String::from_utf8_lossy(&request.body))))?;
        prop_assert_eq!(back, value, "{}", String::from_utf8_lossy(&request.body));
    }

    #[test]
    fn responses_come_back_as_sent(protocol in protocols(), seed in any::<u64>()) {
        let value = sample(&NODE_OPERATION, seed);
        let response = encode_response(protocol, &SERVICE, &NODE_OPERATION, &value, "id");
        let view = ResponseView { status: response.status, headers: &response.headers, body: &response.body };
        let mut back = Record::new(&NODE);
        decode_response(protocol, &NODE_OPERATION, &view, &mut back)
            .map_err(|error| TestCaseError::fail(format!("{error}: {}", String::from_utf8_lossy(&response.body))))?
            .map_err(|fault| TestCaseError::fail(fault.to_string()))?;
        prop_assert_eq!(back, value, "{}", String::from_utf8_lossy(&response.body));
    }

    #[test]
    fn untyped_values_come_back_as_sent(json in any::<bool>(), seed in any::<u64>()) {
        let protocol = if json { Protocol::Json11 } else { Protocol::Cbor };
        let value = sample(&LOOSE_OPERATION, seed);
        let request = encode_request(protocol, &SERVICE, &LOOSE_OPERATION, &value);
        let parts = RequestParts { method: "POST", path: "/", query: "", headers: &NONE, body: &request.body };
        let mut back = Record::new(LOOSE_OPERATION.input);
        decode_request(protocol, &parts, &[], &mut back).unwrap();
        prop_assert_eq!(back, value);
    }

    #[test]
    fn rest_bindings_come_back_as_sent(json in any::<bool>(), seed in any::<u64>()) {
        let protocol = if json { Protocol::RestJson } else { Protocol::RestXml };
        let mut value = headers_hold(Random::new(seed).record(&BOUND));
        for name in ["Name", "Rest"] {
            let at = BOUND.member(name).unwrap();
            value.members[at] = Some(crate::dynamic::Value::String(format!("{seed} é/%+{name}")));
        }
        let request = encode_request(protocol, &SERVICE, &BOUND_OPERATION, &value);
        let found = Router::new(SERVICE.operations).find(request.method, &request.path, &request.query, &request.headers).unwrap();
        prop_assert_eq!(found.operation.name, "PutBound");
        let parts = RequestParts { method: request.method, path: &request.path, query: &request.query, headers: &request.headers, body: &request.body };
        let mut back = Record::new(&BOUND);
        decode_request(protocol, &parts, &found.labels, &mut back).unwrap();
        prop_assert_eq!(back, value);
    }

    #[test]
    fn payloads_come_back_as_sent(json in any::<bool>(), seed in any::<u64>()) {
        let protocol = if json { Protocol::RestJson } else { Protocol::RestXml };
        let mut value = headers_hold(Random::new(seed).record(&PAID));
        value.members[1] = Some(crate::dynamic::Value::Structure(Random::new(seed).record(&NODE)));
        let request = encode_request(protocol, &SERVICE, &PAID_OPERATION, &value);
        let parts = RequestParts { method: request.method, path: &request.path, query: "", headers: &request.headers, body: &request.body };
        let mut back = Record::new(&PAID);
        decode_request(protocol, &parts, &[], &mut back).unwrap();
        prop_assert_eq!(back, value);
    }
}

/// What the protocol can say at all: ec2Query has no maps in requests, and no query form says "empty structure".
fn sendable(protocol: Protocol, mut value: Record) -> Record {
    use crate::dynamic::Value;
    fn strip(value: &mut Option<Value>) {
        match value {
            Some(Value::Structure(record)) => {
                record.members.iter_mut().for_each(strip);
                if record.members.iter().all(Option::is_none) {
                    *value = None;
                }
            }
            Some(Value::List(items)) => {
                let mut kept: Vec<Option<Value>> = std::mem::take(items).into_iter().map(Some).collect();
                kept.iter_mut().for_each(strip);
                items.extend(kept.into_iter().flatten());
                if items.is_empty() {
                    *value = None;
                }
            }
            Some(Value::Map(entries)) => {
                let kept = std::mem::take(entries).into_iter().filter_map(|(key, value)| {
                    let mut value = Some(value);
                    strip(&mut value);
                    value.map(|value| (key, value))
                });
                entries.extend(kept.collect::<Vec<_>>());
                if entries.is_empty() {
                    *value = None;
                }
            }
            _ => {}
        }
    }
    if matches!(protocol, Protocol::Query | Protocol::Ec2) {
        value.members.iter_mut().for_each(strip);
    }
    value
}

/// Headers carry no control characters and no space at their ends, dates no fractions, and names are what HTTP allows.
fn headers_hold(mut value: Record) -> Record {
    use crate::dynamic::Value;
    fn clean(text: &str) -> String {
        text.replace(char::is_control, " ").trim().to_owned()
    }
    for (member, slot) in value.shape.members.iter().zip(&mut value.members) {
        if member.location == aws_schema::Location::Header && !member.json_value {
            match slot {
                Some(Value::String(text)) => *text = clean(text),
                Some(Value::Timestamp(time)) => time.nanos = 0,
                Some(Value::List(items)) => items.iter_mut().for_each(|item| match item {
                    Value::String(text) => *text = format!("x{}", clean(text)),
                    Value::Timestamp(time) => time.nanos = 0,
                    _ => {}
                }),
                _ => {}
            }
        }
        if member.location == aws_schema::Location::Headers {
            *slot = Some(Value::Map([("a-b".to_owned(), Value::String("c, d".to_owned()))].into()));
        }
    }
    value
}

fn refuse(protocol: Protocol, body: &[u8], wanted: &str) {
    let parts = RequestParts { method: "POST", path: "/", query: "", headers: &NONE, body };
    let error = decode_request(protocol, &parts, &[], &mut Record::new(&NODE)).expect_err("must be refused");
    assert!(error.to_string().contains(wanted), "{protocol:?}: {error}");
}

#[test]
fn deep_bodies_are_refused() {
    const DEEP: usize = 200_000;
    let too_deep = "nested too deeply";
    for protocol in [Protocol::Json10, Protocol::Json11, Protocol::RestJson] {
        refuse(protocol, "{\"Child\":".repeat(DEEP).as_bytes(), too_deep);
        refuse(protocol, format!("{{\"unknown\":{}", "[".repeat(DEEP)).as_bytes(), too_deep);
        refuse(protocol, format!("{{\"unknown\":{}", "{\"a\":".repeat(DEEP)).as_bytes(), too_deep);
    }
    refuse(Protocol::RestXml, "<Child>".repeat(DEEP).as_bytes(), too_deep);
    refuse(Protocol::Query, format!("{}Text=x", "Child.".repeat(DEEP)).as_bytes(), too_deep);
    refuse(Protocol::Ec2, format!("{}Text=x", "Children.1.".repeat(DEEP)).as_bytes(), too_deep);
    let key: Vec<u8> = b"\xbf\x65Child".repeat(DEEP);
    refuse(Protocol::Cbor, &key, too_deep);
    let mut lists = b"\xbf\x61x".to_vec();
    lists.extend([0x81].repeat(DEEP));
    refuse(Protocol::Cbor, &lists, too_deep);
    let mut tags = b"\xbf\x61x".to_vec();
    tags.extend([0xc1].repeat(DEEP));
    refuse(Protocol::Cbor, &tags, too_deep);
}

#[test]
fn wide_bodies_are_refused() {
    let many = "too many items";
    refuse(Protocol::Json11, format!("{{\"Children\":[{}{{}}]}}", "{},".repeat(100_000)).as_bytes(), many);
    refuse(Protocol::Json11, format!("{{\"Strings\":[{}\"\"]}}", "\"\",".repeat(1_100_000)).as_bytes(), many);
    refuse(Protocol::RestXml, format!("<a>{}</a>", "<b/>".repeat(400_000)).as_bytes(), many);
    let mut cbor = b"\xbf\x68Children\x9f".to_vec();
    cbor.extend(b"\xa0".repeat(100_000));
    cbor.extend(b"\xff\xff");
    refuse(Protocol::Cbor, &cbor, many);
    // A length that lies costs nothing.
    refuse(Protocol::Cbor, b"\xa1\x67Strings\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "not valid CBOR");
    refuse(Protocol::Cbor, b"\xa1\x64text\x7b\xff\xff\xff\xff\xff\xff\xff\xff", "not valid CBOR");
    let parameters = "A=1&".repeat(MAX_PARAMETERS + 1);
    assert_eq!(
        QueryForm::parse(parameters.as_bytes()).unwrap_err(),
        WireError::Form("The request has too many parameters")
    );
}
