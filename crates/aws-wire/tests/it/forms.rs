//! The exact form of responses, faults and requests, where a client could stumble over a detail.

use crate::dynamic::{Record, Value};
use crate::sink::{LOOSE_OPERATION, NODE, NODE_OPERATION, SERVICE};
use aws_schema::{Fault, Operation, Protocol, Unit};
use aws_wire::{
    QueryForm, RequestParts, ResponseParts, ResponseView, WireError, decode_form, decode_request,
    decode_response, encode_fault, encode_response,
};

const NONE: [(&str, &str); 0] = [];

fn text(response: &ResponseParts) -> &str {
    std::str::from_utf8(&response.body).unwrap()
}

fn header<'r>(response: &'r ResponseParts, name: &str) -> Option<&'r str> {
    response.headers.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
}

fn fault(protocol: Protocol) -> ResponseParts {
    let fault = Fault::sender("NodeFault", "no <such> node").with_detail("Node", "n-1");
    encode_fault(protocol, &SERVICE, Some(&NODE_OPERATION), &fault, "r-1")
}

#[test]
fn json_faults_name_their_shape() {
    for protocol in [Protocol::Json10, Protocol::Json11] {
        let response = fault(protocol);
        assert_eq!(text(&response), r#"{"__type":"NodeFault","message":"no <such> node","Node":"n-1"}"#);
        assert_eq!(header(&response, "x-amzn-ErrorType"), Some("NodeFault"));
        // The modelled 404 is that of the query form.
        assert_eq!(response.status, 400);
        assert_eq!(header(&response, "x-amzn-query-error"), Some("Node.Fault;Sender"));
        assert_eq!(header(&response, "x-amzn-RequestId"), Some("r-1"));
    }
    assert_eq!(fault(Protocol::Json10).content_type, "application/x-amz-json-1.0");
    assert_eq!(fault(Protocol::Json11).content_type, "application/x-amz-json-1.1");
}

#[test]
fn rest_json_faults_carry_their_type_in_a_header() {
    let response = fault(Protocol::RestJson);
    assert_eq!(text(&response), r#"{"message":"no <such> node","Node":"n-1"}"#);
    assert_eq!(header(&response, "x-amzn-ErrorType"), Some("NodeFault"));
}

#[test]
fn query_faults_carry_their_code() {
    let response = fault(Protocol::Query);
    assert_eq!(response.status, 404);
    assert_eq!(
        text(&response),
        "<ErrorResponse xmlns=\"https://sink.example.com/\"><Error><Type>Sender</Type><Code>Node.Fault</Code>\
         <Message>no &lt;such&gt; node</Message><Node>n-1</Node></Error><RequestId>r-1</RequestId></ErrorResponse>"
    );
}

#[test]
fn ec2_faults_have_ec2s_own_form() {
    assert_eq!(
        text(&fault(Protocol::Ec2)),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>Node.Fault</Code>\
         <Message>no &lt;such&gt; node</Message><Node>n-1</Node></Error></Errors><RequestID>r-1</RequestID></Response>"
    );
}

#[test]
fn cbor_faults_say_their_protocol() {
    let response = fault(Protocol::Cbor);
    assert_eq!(header(&response, "smithy-protocol"), Some("rpc-v2-cbor"));
    assert_eq!(crate::canonical::cbor(&response.body)["__type"], "NodeFault");
}

#[test]
fn faults_that_are_not_modelled_keep_code_and_status() {
    let fault = Fault::sender("DryRunOperation", "would have").with_status(412);
    for protocol in crate::sink::PROTOCOLS {
        let response = encode_fault(protocol, &SERVICE, None, &fault, "r-1");
        assert_eq!(response.status, 412);
        assert!(String::from_utf8_lossy(&response.body).contains("would have"));
    }
}

#[test]
fn operations_without_output_answer_briefly() {
    use api_ec2::ops::DeleteVpc;
    use api_iam::ops::DeleteUser;
    let response = encode_response(Protocol::Ec2, &api_ec2::SERVICE, DeleteVpc::SPEC, &Unit, "r-1");
    assert_eq!(
        text(&response),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DeleteVpcResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
         <requestId>r-1</requestId><return>true</return></DeleteVpcResponse>"
    );
    let response = encode_response(Protocol::Query, &api_iam::SERVICE, DeleteUser::SPEC, &Unit, "r-1");
    assert_eq!(
        text(&response),
        "<DeleteUserResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\
         <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></DeleteUserResponse>"
    );
}

#[test]
fn ec2_times_have_milliseconds_and_iams_do_not() {
    let time = aws_schema::Timestamp::from_seconds(1_795_000_000);
    let instance = api_ec2::Instance { launch_time: Some(time), ..Default::default() };
    let reservation = api_ec2::Reservation { instances: Some(vec![instance.into()]), ..Default::default() };
    let listing =
        api_ec2::DescribeInstancesResult { reservations: Some(vec![reservation]), ..Default::default() };
    let response = encode_response(
        Protocol::Ec2,
        &api_ec2::SERVICE,
        api_ec2::ops::DescribeInstances::SPEC,
        &listing,
        "r-1",
    );
    assert!(
        text(&response).contains("<launchTime>2026-11-18T11:06:40.000Z</launchTime>"),
        "{}",
        text(&response)
    );
    let user = api_iam::User { create_date: Some(time), ..Default::default() };
    let got = api_iam::GetUserResponse { user: Some(user) };
    let response =
        encode_response(Protocol::Query, &api_iam::SERVICE, api_iam::ops::GetUser::SPEC, &got, "r-1");
    assert!(text(&response).contains("<CreateDate>2026-11-18T11:06:40Z</CreateDate>"), "{}", text(&response));
}

#[test]
fn a_listing_of_thousands_of_machines_is_read() {
    let tag = api_ec2::Tag { key: Some("Name".into()), value: Some("one of many".into()) };
    let instance = api_ec2::Instance { tags: Some(vec![tag; 20]), ..Default::default() };
    let reservation =
        api_ec2::Reservation { instances: Some(vec![instance.into(); 5_000]), ..Default::default() };
    let listing =
        api_ec2::DescribeInstancesResult { reservations: Some(vec![reservation]), ..Default::default() };
    let spec = api_ec2::ops::DescribeInstances::SPEC;
    let response = encode_response(Protocol::Ec2, &api_ec2::SERVICE, spec, &listing, "r-1");
    let view = ResponseView { status: 200, headers: &NONE, body: &response.body };
    let mut back = api_ec2::DescribeInstancesResult::default();
    assert_eq!(decode_response(Protocol::Ec2, spec, &view, &mut back), Ok(Ok(())));
    assert!(back == listing);
}

#[test]
fn text_that_xml_cannot_carry_is_replaced() {
    let mut record = Record::new(&NODE);
    record.members[NODE.member("Text").unwrap()] = Some(Value::String("a\u{0}b\u{1b}c\rd\u{ffff}".into()));
    let response = encode_response(Protocol::Ec2, &SERVICE, &NODE_OPERATION, &record, "r-1");
    assert!(
        text(&response).contains("<text>a\u{fffd}b\u{fffd}c&#xD;d\u{fffd}</text>"),
        "{}",
        text(&response)
    );
}

fn decode(protocol: Protocol, body: &str) -> Result<Record, WireError> {
    let mut record = Record::new(&NODE);
    let parts = RequestParts { method: "POST", path: "/", query: "", headers: &NONE, body: body.as_bytes() };
    decode_request(protocol, &parts, &[], &mut record).map(|()| record)
}

#[track_caller]
fn assert_refused(protocol: Protocol, body: &str, code: &str, message: &str) {
    let fault = decode(protocol, body).expect_err("must be refused").fault(protocol);
    assert_eq!((&*fault.code, &*fault.message, fault.status), (code, message, 400));
}

#[test]
fn wrong_types_are_refused_in_the_services_words() {
    let json = |body, message| assert_refused(Protocol::Json11, body, "SerializationException", message);
    json(r#"{"Count":"5"}"#, "Count: STRING_VALUE can not be converted to an Integer");
    json(r#"{"text":5}"#, "text: NUMBER_VALUE can not be converted to a String");
    json(r#"{"Count":5.5}"#, "Count: NUMBER_VALUE can not be converted to an Integer");
    json(r#"{"Count":3000000000}"#, "Count: 3000000000 is out of range of a 32-bit integer");
    json(r#"{"text":{}}"#, "text: Start of structure or map found where not expected.");
    json(
        r#"{"Children":[{},{"Flag":1}]}"#,
        "Children.2.Flag: NUMBER_VALUE can not be converted to a Boolean",
    );
    json(r#"{"text":"a}"#, "text: The request body is not valid JSON");
    json("[]", "Unexpected start of a list");
    assert_refused(Protocol::Query, "Count=five", "MalformedInput", "Count: 'five' is not a valid integer");
    assert_refused(
        Protocol::Query,
        "Text=%zz",
        "MalformedQueryString",
        "The query string contains a syntax error",
    );
    assert_refused(
        Protocol::Ec2,
        "Count=five",
        "InvalidParameterValue",
        "Invalid value for parameter Count: 'five' is not a valid integer",
    );
    assert_refused(
        Protocol::Ec2,
        "Children.x.Flag=true",
        "InvalidParameterValue",
        "Invalid value for parameter Children: 'x' is not the number of an item",
    );
    assert_refused(
        Protocol::RestXml,
        "<Node><Flag>true</Node>",
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    );
    assert_refused(
        Protocol::Cbor,
        "\u{1}",
        "SerializationException",
        "Unexpected type of value where a structure was expected",
    );
}

#[test]
fn ec2_refuses_parameters_it_does_not_know() {
    let refuse = |body, name: &str| {
        assert_refused(
            Protocol::Ec2,
            body,
            "UnknownParameter",
            &format!("The parameter {name} is not recognized"),
        );
    };
    refuse("Action=PutNode&Version=1&Colour=red", "Colour");
    refuse("Children.1.Colour=red&TheText=a", "Children.1.Colour");
    assert!(
        decode(Protocol::Ec2, "Action=PutNode&Version=1&X-Amz-Date=1&AWSAccessKeyId=a&TheText=a").is_ok()
    );
    assert!(decode(Protocol::Query, "Action=PutNode&Colour=red").is_ok());
    assert!(decode(Protocol::Json11, r#"{"Colour":["red",{"a":null}],"Count":1}"#).is_ok());
}

#[test]
fn entities_and_document_types_are_refused() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\">]><Node><text>&b;</text></Node>";
    assert!(decode(Protocol::RestXml, bomb).is_err());
    assert!(decode(Protocol::RestXml, "<Node><text>&b;</text></Node>").is_err());
}

#[test]
fn forms_are_read_from_body_and_query_string() {
    let parts = RequestParts {
        method: "POST",
        path: "/",
        query: "Action=A%20b&x=1+2",
        headers: &NONE,
        body: b"Version=3&Action=late&x",
    };
    let form = QueryForm::from_request(&parts).unwrap();
    assert_eq!(
        (form.action(), form.version(), form.get("x"), form.get("y")),
        (Some("A b"), Some("3"), Some("1 2"), None)
    );
}

#[test]
fn items_come_in_the_order_of_their_numbers() {
    let form =
        QueryForm::parse(b"Strings.member.10=c&Strings.member.9=b&Strings.member.2=a&Strings.member.2=twice")
            .unwrap();
    let mut record = Record::new(&NODE);
    decode_form(Protocol::Query, &form, &mut record).unwrap();
    let wanted = ["a", "b", "c"].map(|text| Value::String(text.into())).to_vec();
    assert_eq!(record.members[NODE.member("Strings").unwrap()], Some(Value::List(wanted)));
}

#[test]
fn an_empty_body_is_an_empty_input() {
    for protocol in
        [Protocol::Json10, Protocol::Json11, Protocol::Cbor, Protocol::RestJson, Protocol::RestXml]
    {
        assert_eq!(decode(protocol, "").unwrap(), Record::new(&NODE));
    }
    assert_eq!(LOOSE_OPERATION.method, "POST");
}
