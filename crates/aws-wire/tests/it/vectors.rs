//! botocore's protocol vectors, every one in both roles: as the server that reads the request and writes the response, and as
//! the client that writes the request and reads the response. A vector that does not hold stands in `skips` with its reason.

use crate::dynamic::Record;
use crate::shapes::{Model, service};
use crate::skips;
use crate::{canonical, shapes};
use aws_schema::{Fault, OperationSpec, Protocol, ServiceSpec};
use aws_wire::{
    RequestParts, ResponseView, Router, decode_request, decode_response, encode_fault, encode_modelled_fault,
    encode_request, encode_response,
};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

type Outcome = Result<(), String>;

/// One case with what its suite says about it.
struct Case<'j> {
    json: &'j Json,
    model: Model<'j>,
    protocol: Protocol,
    service: &'static ServiceSpec,
    operation: &'static OperationSpec,
}

impl Case<'_> {
    /// The body as bytes; CBOR's are base64 in the files.
    fn body(&self, holder: &str) -> Vec<u8> {
        let text = self.json[holder]["body"].as_str().unwrap_or_default();
        if self.protocol == Protocol::Cbor { unbase64(text) } else { text.as_bytes().to_vec() }
    }

    fn headers(&self, holder: &str) -> Vec<(String, String)> {
        let entries = self.json[holder]["headers"].as_object().into_iter().flatten();
        entries.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
    }
}

fn unbase64(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let sextets: Vec<u32> = text
        .bytes()
        .filter_map(|byte| alphabet.iter().position(|letter| *letter == byte))
        .map(|at| u32::try_from(at).unwrap())
        .collect();
    sextets
        .chunks(4)
        .flat_map(|chunk| {
            let bits = chunk.iter().fold(0, |bits, sextet| bits << 6 | sextet) << (6 * (4 - chunk.len()));
            bits.to_be_bytes()[1..chunk.len()].to_vec()
        })
        .collect()
}

/// Runs all vectors of a folder and compares the failures with the list of skips.
fn run(folder: &str, check: fn(&Case<'_>) -> Outcome, skips: &[(&str, &str)]) {
    let source = test_support::botocore_source().expect("the botocore source archive");
    let mut paths: Vec<_> = std::fs::read_dir(source.join("tests/unit/protocols").join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let (mut counts, mut wrong) = (BTreeMap::<String, (usize, usize)>::new(), Vec::new());
    let mut unused: Vec<&str> = skips.iter().map(|(name, _)| *name).collect();
    for path in &paths {
        let suites: Json = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let file = path.file_stem().unwrap().to_str().unwrap();
        for suite in suites.as_array().unwrap() {
            let (protocol, service) = service(&suite["metadata"]);
            for json in suite["cases"].as_array().unwrap() {
                let model = Model::new(&suite["shapes"]);
                let operation = model.operation(&json["given"], protocol);
                let name = format!("{file}/{}", json["id"].as_str().unwrap());
                let case = Case { json, model, protocol, service, operation };
                let outcome = catch_unwind(AssertUnwindSafe(|| check(&case))).unwrap_or_else(|panic| {
                    let text = panic.downcast_ref::<String>().cloned();
                    Err(text
                        .or_else(|| panic.downcast_ref::<&str>().map(|t| (*t).to_owned()))
                        .unwrap_or_default())
                });
                let count = counts.entry(file.to_owned()).or_default();
                let listed = skips.iter().any(|(skip, _)| *skip == name);
                unused.retain(|skip| *skip != name);
                match (outcome, listed) {
                    (Ok(()), false) => count.0 += 1,
                    (Ok(()), true) => wrong.push(format!("{name}: holds, and must leave the list of skips")),
                    (Err(_), true) => count.1 += 1,
                    (Err(why), false) => wrong.push(format!("{name}: {why}")),
                }
            }
        }
    }
    let (held, skipped) = counts.values().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    println!(
        "{folder}: {held} vectors hold, {skipped} are skipped with a reason; by file (held, skipped): {counts:?}"
    );
    wrong.extend(
        unused.iter().map(|name| format!("{name}: in the list of skips, but there is no such vector")),
    );
    assert!(wrong.is_empty(), "{} vectors:\n{}", wrong.len(), wrong.join("\n"));
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, wanted: &T) -> Outcome {
    if found == wanted { Ok(()) } else { Err(format!("{what}: {found:?}\n    instead of {wanted:?}")) }
}

#[test]
fn server_reads_requests() {
    run("input", server_reads, skips::SERVER_READS);
}

fn server_reads(case: &Case<'_>) -> Outcome {
    let uri = case.json["serialized"]["uri"].as_str().unwrap();
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let (body, headers) = (case.body("serialized"), case.headers("serialized"));
    let method = case.json["serialized"]["method"].as_str().unwrap();
    let parts = RequestParts { method, path, query, headers: &headers, body: &body };
    let mut labels = Vec::new();
    if matches!(case.protocol, Protocol::RestJson | Protocol::RestXml) {
        let found = Router::new(&[case.operation])
            .find(method, path, query, &headers)
            .map_err(|miss| miss.to_string())?;
        labels = found.labels;
    }
    let mut value = Record::new(case.operation.input);
    decode_request(case.protocol, &parts, &labels, &mut value).map_err(|error| error.to_string())?;
    same("value", &value, &Record::from_json(case.operation.input, &case.json["params"]))
}

#[test]
fn client_writes_requests() {
    run("input", client_writes, skips::CLIENT_WRITES);
}

fn client_writes(case: &Case<'_>) -> Outcome {
    let input = Record::from_json(case.operation.input, &case.json["params"]);
    let request = encode_request(case.protocol, case.service, case.operation, &input);
    let wanted = &case.json["serialized"];
    same("method", &Some(request.method), &wanted["method"].as_str())?;
    let (path, query) = wanted["uri"].as_str().map(|uri| uri.split_once('?').unwrap_or((uri, ""))).unwrap();
    same("path", &&*request.path, &path)?;
    let sorted = |text: &str| {
        let mut pieces: Vec<String> = text
            .split('&')
            .filter(|piece| !piece.is_empty())
            .map(|piece| piece.trim_end_matches('=').to_owned())
            .collect();
        pieces.sort();
        pieces
    };
    same("query", &sorted(&request.query), &sorted(query))?;
    for (name, value) in case.headers("serialized") {
        let found =
            request.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(&name)).map(|(_, value)| value);
        if found.is_none_or(|found| found.split("; charset").next() != Some(&value)) {
            return Err(format!("header {name}: {found:?}\n    instead of {value:?}"));
        }
    }
    for name in wanted["forbidHeaders"].as_array().into_iter().flatten().filter_map(Json::as_str) {
        if request.headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name)) {
            return Err(format!("forbidden header {name}"));
        }
    }
    if wanted["body"].is_null() {
        return Ok(());
    }
    let body = case.body("serialized");
    if matches!(case.protocol, Protocol::Query | Protocol::Ec2) {
        let text = |body: &[u8]| sorted(std::str::from_utf8(body).unwrap());
        return same("body", &text(&request.body), &text(&body));
    }
    same_body(case, &request.body, &body)
}

/// Compares bodies by meaning: JSON values, canonical XML, decoded CBOR; raw payloads byte by byte.
fn same_body(case: &Case<'_>, found: &[u8], wanted: &[u8]) -> Outcome {
    let begins = |byte: u8| wanted.trim_ascii_start().first() == Some(&byte);
    match case.protocol {
        Protocol::Json10 | Protocol::Json11 => {
            same("body", &canonical::json(found), &canonical::json(wanted))
        }
        Protocol::RestJson if begins(b'{') || begins(b'[') => {
            same("body", &canonical::json(found), &canonical::json(wanted))
        }
        Protocol::Cbor => same("body", &canonical::cbor(found), &canonical::cbor(wanted)),
        _ if begins(b'<') => same("body", &canonical::xml(found), &canonical::xml(wanted)),
        _ => same("body", &String::from_utf8_lossy(found), &String::from_utf8_lossy(wanted)),
    }
}

#[test]
fn server_writes_responses() {
    run("output", server_writes, skips::SERVER_WRITES);
}

fn server_writes(case: &Case<'_>) -> Outcome {
    let wanted = &case.json["response"];
    let status = u16::try_from(wanted["status_code"].as_u64().unwrap()).unwrap();
    if !case.json["error"].is_null() {
        return server_writes_error(case, status);
    }
    let output = Record::from_json(case.operation.output, &case.json["result"]);
    // The namespace of query responses stands in no vector's metadata, only in the expected bodies.
    let service: &'static ServiceSpec =
        match (case.protocol, wanted["body"].as_str().and_then(root_namespace)) {
            (Protocol::Query | Protocol::Ec2, Some(uri)) => shapes::with_namespace(case.service, uri),
            _ => case.service,
        };
    let headers = case.headers("response");
    let request_id = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("x-amzn-requestid"))
        .map_or("requestid", |(_, id)| id);
    let response = encode_response(case.protocol, service, case.operation, &output, request_id);
    same("status", &response.status, &status)?;
    for (name, value) in headers.clone() {
        if name.eq_ignore_ascii_case("content-length") {
            continue; // the HTTP layer's
        }
        let found = if name.eq_ignore_ascii_case("content-type") {
            Some(&*response.content_type)
        } else {
            response
                .headers
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(&name))
                .map(|(_, value)| &**value)
        };
        let found = found.filter(|found| !found.is_empty());
        let media_type = |text: &str| text.split(';').next().unwrap_or_default().to_owned();
        let same = match found {
            Some(found) if name.eq_ignore_ascii_case("content-type") => {
                media_type(found) == media_type(&value)
            }
            found => found == Some(&value),
        };
        // A response without body needs no type of it.
        let free = found.is_none() && name.eq_ignore_ascii_case("content-type") && response.body.is_empty();
        if !same && !free {
            return Err(format!("header {name}: {found:?}\n    instead of {value:?}"));
        }
    }
    if wanted["body"].is_null() {
        return Ok(());
    }
    match case.protocol {
        Protocol::Query => same(
            "body",
            &without(canonical::xml(&response.body), "ResponseMetadata"),
            &without(canonical::xml(&case.body("response")), "ResponseMetadata"),
        ),
        Protocol::Ec2 => same(
            "body",
            &without(canonical::xml(&response.body), "requestId"),
            &without(canonical::xml(&case.body("response")), "requestId"),
        ),
        _ => same_body(case, &response.body, &case.body("response")),
    }
}

/// The default namespace declared on the first element.
fn root_namespace(body: &str) -> Option<&str> {
    let tag = body.trim_start().split('>').next()?;
    tag.split_once("xmlns=\"")?.1.split('"').next()
}

/// The canonical element without its children of this name (request ids differ).
fn without(mut element: Json, name: &str) -> Json {
    if let Some(children) = element[3].as_array_mut() {
        children.retain(|child| child[0] != name);
    }
    element
}

/// A modelled error: code, message, status and members as the vector has them, however it writes the code.
fn server_writes_error(case: &Case<'_>, status: u16) -> Outcome {
    let (fault, shape_name) = expected_fault(case, status);
    let (_, members) = split_error(case, &shape_name);
    let response = match &members {
        Some(members) => encode_modelled_fault(
            case.protocol,
            case.service,
            Some(case.operation),
            &fault,
            members,
            "requestid",
        ),
        None => encode_fault(case.protocol, case.service, Some(case.operation), &fault, "requestid"),
    };
    same("status", &response.status, &status)?;
    let mut empty = Record::new(case.operation.output);
    let view = ResponseView { status: response.status, headers: &response.headers, body: &response.body };
    let parsed = decode_response(case.protocol, case.operation, &view, &mut empty)
        .map_err(|error| error.to_string())?;
    let parsed = parsed.err().ok_or("not a fault")?;
    // A JSON error goes by its shape's name, a query error by its code.
    let wanted = if matches!(case.protocol, Protocol::Query | Protocol::Ec2 | Protocol::RestXml) {
        &*fault.code
    } else {
        &shape_name
    };
    same("code", &&*parsed.code, &wanted)?;
    same("message", &parsed.message, &fault.message)?;
    for (name, value) in case.headers("response") {
        let free = ["content-type", "x-amzn-errortype", "x-amzn-requestid"];
        if free.iter().any(|free| name.eq_ignore_ascii_case(free)) {
            continue;
        }
        let found =
            response.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(&name)).map(|(_, value)| value);
        same(&name, &found, &Some(&value))?;
    }
    error_bodies(case, &response.body, &case.body("response"))
}

/// Compares error bodies without what is free: how the code is written, and the request id.
fn error_bodies(case: &Case<'_>, found: &[u8], wanted: &[u8]) -> Outcome {
    let bare = |mut json: Json| {
        if let Some(map) = json.as_object_mut() {
            map.retain(|key, _| !matches!(&*key.to_ascii_lowercase(), "__type" | "code" | "message"));
        }
        json
    };
    match case.protocol {
        Protocol::Cbor => same("body", &bare(canonical::cbor(found)), &bare(canonical::cbor(wanted))),
        Protocol::Query | Protocol::RestXml => {
            let body = |bytes| without(canonical::xml(bytes), "RequestId");
            same("body", &body(found), &body(wanted))
        }
        Protocol::Ec2 => {
            let body = |bytes| without(canonical::xml(bytes), "RequestID");
            same("body", &body(found), &body(wanted))
        }
        _ => same("body", &bare(canonical::json(found)), &bare(canonical::json(wanted))),
    }
}

/// The fault a vector is about, and its shape's name.
fn expected_fault(case: &Case<'_>, status: u16) -> (Fault, String) {
    let code = case.json["errorCode"].as_str().unwrap_or_default().to_owned();
    let spec = case.operation.errors.iter().find(|error| error.name == code || error.code == code);
    let shape_name = spec.map_or(code.clone(), |spec| spec.name.to_owned());
    let (message, _) = split_error(case, &shape_name);
    let message = case.json["errorMessage"].as_str().map(str::to_owned).or(message).unwrap_or_default();
    (Fault { code: code.into(), status, message, details: Vec::new() }, shape_name)
}

/// The error's message, and its other members if its shape is in the suite.
fn split_error(case: &Case<'_>, shape_name: &str) -> (Option<String>, Option<Record>) {
    let mut members = case.json["error"].clone();
    let mut message = None;
    for key in ["message", "Message"] {
        let taken = members.as_object_mut().and_then(|map| map.remove(key));
        message = message.or(taken.and_then(|value| value.as_str().map(str::to_owned)));
    }
    let known = case.operation.errors.iter().any(|error| error.name == shape_name);
    let record = known.then(|| Record::from_json(case.model.root(&json!({ "shape": shape_name })), &members));
    (message, record)
}

#[test]
fn client_reads_responses() {
    run("output", client_reads, skips::CLIENT_READS);
}

fn client_reads(case: &Case<'_>) -> Outcome {
    let wanted = &case.json["response"];
    let status = u16::try_from(wanted["status_code"].as_u64().unwrap()).unwrap();
    let (body, headers) = (case.body("response"), case.headers("response"));
    let view = ResponseView { status, headers: &headers, body: &body };
    let mut value = Record::new(case.operation.output);
    let parsed = decode_response(case.protocol, case.operation, &view, &mut value)
        .map_err(|error| error.to_string())?;
    if case.json["error"].is_null() {
        parsed.map_err(|fault| fault.to_string())?;
        return same("value", &value, &Record::from_json(case.operation.output, &case.json["result"]));
    }
    let fault = parsed.err().ok_or("not a fault")?;
    let (wanted, shape_name) = expected_fault(case, status);
    if fault.code != shape_name {
        same("code", &fault.code, &wanted.code)?;
    }
    match case.json["errorMessage"].as_str() {
        Some(message) => same("message", &&*fault.message, &message),
        None => Ok(()),
    }
}
