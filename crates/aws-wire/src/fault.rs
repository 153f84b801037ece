//! Faults in each protocol's form.

use crate::json::JsonWriter;
use crate::message::ResponseParts;
use crate::server::content_type;
use aws_schema::{ErrorSpec, Fault, OperationSpec, Protocol, ServiceSpec, WriteMembers};
use std::borrow::Cow;

/// The modelled error a fault is: by its code or by its shape's name.
pub(crate) fn modelled(operation: Option<&OperationSpec>, code: &str) -> Option<&'static ErrorSpec> {
    let errors: &'static [ErrorSpec] = operation?.errors;
    errors.iter().find(|error| error.name == code).or_else(|| errors.iter().find(|error| error.code == code))
}

pub(crate) fn encode(
    protocol: Protocol,
    service: &ServiceSpec,
    operation: Option<&OperationSpec>,
    fault: &Fault,
    members: Option<&dyn WriteMembers>,
    request_id: &str,
) -> ResponseParts {
    let _ = service;
    let spec = modelled(operation, &fault.code);
    let mut response = ResponseParts::new(spec.map_or(fault.status, |spec| spec.status));
    response.content_type = Cow::Borrowed(content_type(protocol));
    let shape_name = spec.map_or(&*fault.code, |spec| spec.name);
    let mut json = JsonWriter::new();
    json.object(&mut |json| {
        json.text_member("__type", shape_name);
        json.text_member("message", &fault.message);
        for (name, value) in &fault.details {
            json.text_member(name, value);
        }
        if let Some(members) = members {
            members.write_members(json);
        }
    });
    response.body = json.finish();
    response.push("x-amzn-RequestId", request_id);
    response
}
