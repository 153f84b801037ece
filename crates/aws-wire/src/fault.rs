//! Faults in each protocol's form.

use crate::cbor::CborWriter;
use crate::json::JsonWriter;
use crate::message::{Bound, ResponseParts};
use crate::server::{XML_DECLARATION, add_request_id, content_type, rest_response};
use crate::xml::XmlWriter;
use aws_schema::{ErrorSpec, Fault, FaultKind, OperationSpec, Protocol, ServiceSpec, WriteMembers};
use std::borrow::Cow;

/// The modelled error a fault is: by its shape's name or by its code.
fn modelled(operation: Option<&OperationSpec>, code: &str) -> Option<&'static ErrorSpec> {
    let errors: &'static [ErrorSpec] = operation?.errors;
    errors.iter().find(|error| error.name == code).or_else(|| errors.iter().find(|error| error.code == code))
}

/// A fault with all that its forms need.
struct Failure<'a> {
    fault: &'a Fault,
    /// Shape name: `__type` and `x-amzn-errortype`.
    name: &'a str,
    /// Code of the query protocols.
    code: &'a str,
    sender: bool,
    /// Members of the modelled error beside its message.
    members: Option<&'a dyn WriteMembers>,
    request_id: &'a str,
}

/// The response for a fault: see [`crate::encode_fault`].
pub(crate) fn encode(
    protocol: Protocol,
    service: &ServiceSpec,
    operation: Option<&OperationSpec>,
    fault: &Fault,
    members: Option<&dyn WriteMembers>,
    request_id: &str,
) -> ResponseParts {
    let spec = modelled(operation, &fault.code);
    let failure = Failure {
        fault,
        name: spec.map_or(&*fault.code, |spec| spec.name),
        code: spec.map_or(&*fault.code, |spec| spec.code),
        sender: spec.map_or(fault.kind() == FaultKind::Sender, |spec| spec.sender),
        members,
        request_id,
    };
    let as_query = matches!(protocol, Protocol::Query | Protocol::Ec2);
    let status = match spec {
        // The modelled status of a former query service is that of its query form.
        Some(spec) if service.query_compatible && !as_query => {
            if spec.sender {
                400
            } else {
                500
            }
        }
        Some(spec) => spec.status,
        None => fault.status,
    };
    let mut response = ResponseParts::new(status);
    match protocol {
        Protocol::RestJson | Protocol::RestXml => {
            // Members of an error may be bound to headers.
            if let Some(members) = members {
                rest_response(protocol, service, members, &mut response);
            }
        }
        _ => {}
    }
    response.content_type = Cow::Borrowed(content_type(protocol));
    response.body = match protocol {
        Protocol::Json10 | Protocol::Json11 | Protocol::RestJson => failure.json(protocol),
        Protocol::Cbor => {
            response.push("smithy-protocol", "rpc-v2-cbor");
            failure.cbor()
        }
        Protocol::Ec2 => failure.ec2(),
        Protocol::RestXml if service.signing_name == "s3" => failure.s3(),
        Protocol::Query | Protocol::RestXml => failure.query(service),
    };
    if matches!(protocol, Protocol::Json10 | Protocol::Json11 | Protocol::RestJson) {
        response.push("x-amzn-ErrorType", failure.name);
    }
    if service.query_compatible && !as_query {
        // Clients of former query services look for the code they always knew.
        response.push("x-amzn-query-error", format!("{};{}", failure.code, failure.side()));
    }
    add_request_id(protocol, service, request_id, &mut response);
    response
}

impl Failure<'_> {
    /// Whose fault it is, in the word of the query protocols.
    fn side(&self) -> &'static str {
        if self.sender { "Sender" } else { "Receiver" }
    }

    /// Errors without message have none on the wire either.
    fn has_message(&self) -> bool {
        !self.fault.message.is_empty()
    }

    /// `{"__type": …, "message": …}`.
    fn json(&self, protocol: Protocol) -> Vec<u8> {
        let mut json = JsonWriter::new();
        json.object(&mut |json| {
            // REST errors carry their type in a header.
            if protocol != Protocol::RestJson {
                json.text_member("__type", self.name);
            }
            if self.has_message() {
                json.text_member("message", &self.fault.message);
            }
            for (name, value) in &self.fault.details {
                json.text_member(name, value);
            }
            if let Some(members) = self.members {
                let bound = if protocol == Protocol::RestJson { Bound::Response } else { Bound::Nothing };
                json.bound_members(members, bound);
            }
        });
        json.finish()
    }

    /// The same in CBOR.
    fn cbor(&self) -> Vec<u8> {
        let mut cbor = CborWriter::new();
        cbor.object(&mut |cbor| {
            cbor.text_member("__type", self.name);
            if self.has_message() {
                cbor.text_member("message", &self.fault.message);
            }
            for (name, value) in &self.fault.details {
                cbor.text_member(name, value);
            }
            if let Some(members) = self.members {
                members.write_members(cbor);
            }
        });
        cbor.finish()
    }

    /// `Code`, `Message` and the rest, inside an `Error` element.
    fn xml_members(&self, xml: &mut XmlWriter) {
        xml.text_element("Code", self.code);
        if self.has_message() {
            xml.text_element("Message", &self.fault.message);
        }
        for (name, value) in &self.fault.details {
            xml.text_element(name, value);
        }
        if let Some(members) = self.members {
            xml.unbound(members, Bound::Response);
        }
    }

    /// `<ErrorResponse><Error><Type>Sender</Type><Code>…`.
    fn query(&self, service: &ServiceSpec) -> Vec<u8> {
        let mut xml = XmlWriter::new(0);
        xml.root("ErrorResponse", service.xml_namespace.map(|uri| ("", uri)), &mut |xml| {
            xml.root("Error", None, &mut |xml| {
                xml.text_element("Type", self.side());
                self.xml_members(xml);
            });
            xml.text_element("RequestId", self.request_id);
        });
        xml.finish()
    }

    /// `<Response><Errors><Error>…</Error></Errors><RequestID>…`.
    fn ec2(&self) -> Vec<u8> {
        let mut xml = XmlWriter::new(3);
        xml.raw(XML_DECLARATION);
        xml.root("Response", None, &mut |xml| {
            xml.root("Errors", None, &mut |xml| xml.root("Error", None, &mut |xml| self.xml_members(xml)));
            xml.text_element("RequestID", self.request_id);
        });
        xml.finish()
    }

    /// `<Error><Code>…<RequestId>…`, S3's own form.
    fn s3(&self) -> Vec<u8> {
        let mut xml = XmlWriter::new(0);
        xml.raw(XML_DECLARATION);
        xml.root("Error", None, &mut |xml| {
            self.xml_members(xml);
            xml.text_element("RequestId", self.request_id);
            xml.text_element("HostId", self.request_id);
        });
        xml.finish()
    }
}
