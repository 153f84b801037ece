//! Writes the Rust text of one service.

use crate::model::{Facts, FactsError};
use crate::names::{constant_name, field_name, type_name};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The whole text of `api.rs`.
///
/// # Errors
/// A reference to a shape the facts do not hold.
pub fn generate(service: &str, facts: &Facts) -> Result<String, FactsError> {
    let mut emitter = Emitter { facts, out: String::new() };
    emitter.out.push_str("use aws_schema as a;\nuse std::collections::BTreeMap;\n");
    for (name, shape) in &facts.shapes {
        emitter.shape(name, shape)?;
    }
    emitter.operations()?;
    emitter.service(service);
    Ok(emitter.out)
}

struct Emitter<'a> {
    facts: &'a Facts,
    out: String,
}

macro_rules! put { ($self:ident, $($arg:tt)*) => { { let _ = writeln!($self.out, $($arg)*); } } }

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value[key].as_str()
}

fn option(value: Option<&str>) -> String {
    value.map_or_else(|| "None".to_owned(), |v| format!("Some({v:?})"))
}

fn is_error(shape: &Value) -> bool {
    shape["exception"] == Value::Bool(true) || !shape["error"].is_null()
}

/// Prefix (often empty) and URI of an XML namespace, in either of the ways models write it.
fn namespace(value: &Value) -> Option<(&str, &str)> {
    match &value["xmlNamespace"] {
        Value::String(uri) => Some(("", uri)),
        object => Some((text(object, "prefix").unwrap_or_default(), text(object, "uri")?)),
    }
}

fn timestamp_format(name: &str) -> &'static str {
    match name {
        "iso8601" => "Iso8601",
        "rfc822" => "HttpDate",
        _ => "Epoch",
    }
}

/// Variant of `aws_schema::Kind` a shape is of.
fn kind(shape: &Value) -> &'static str {
    if shape["document"] == Value::Bool(true) {
        return "Document";
    }
    match text(shape, "type").unwrap_or_default() {
        "boolean" => "Boolean",
        "integer" | "byte" | "short" => "Integer",
        "long" => "Long",
        "float" => "Float",
        "double" => "Double",
        "blob" => "Blob",
        "timestamp" => "Timestamp",
        "list" => "List",
        "map" => "Map",
        "structure" => "Structure",
        _ => "String",
    }
}

impl Emitter<'_> {
    fn lookup(&self, name: &str) -> Result<&Value, FactsError> {
        self.facts.shapes.get(name).ok_or_else(|| FactsError::Inconsistent(format!("no shape `{name}`")))
    }

    fn rust_type(&self, name: &str) -> Result<String, FactsError> {
        let shape = self.lookup(name)?;
        Ok(match kind(shape) {
            "Boolean" => "bool".into(),
            "Integer" => "i32".into(),
            "Long" => "i64".into(),
            "Float" => "f32".into(),
            "Double" => "f64".into(),
            "Blob" => "Vec<u8>".into(),
            "Timestamp" => "a::Timestamp".into(),
            "Document" => "a::Document".into(),
            "List" => {
                let item = text(&shape["member"], "shape").unwrap_or_default();
                let (held, structure) = (self.rust_type(item)?, kind(self.lookup(item)?) == "Structure");
                match &shape["member"]["shared"] {
                    Value::Bool(true) if structure => format!("Vec<a::Shared<{held}>>"),
                    Value::Bool(true) => {
                        return Err(FactsError::Inconsistent(format!("`{item}` is shared but no structure")));
                    }
                    _ => format!("Vec<{held}>"),
                }
            }
            "Map" => {
                format!(
                    "BTreeMap<String, {}>",
                    self.rust_type(text(&shape["value"], "shape").unwrap_or_default())?
                )
            }
            "Structure" => type_name(name),
            _ if shape["enum"].is_array() => type_name(name),
            _ => "String".into(),
        })
    }

    fn shape(&mut self, name: &str, shape: &Value) -> Result<(), FactsError> {
        if kind(shape) == "String" && shape["enum"].is_array() {
            self.enumeration(name, shape);
        }
        self.statics(name, shape)?;
        if kind(shape) == "Structure" && !is_error(shape) {
            self.structure(name, shape)?;
        }
        Ok(())
    }

    fn enumeration(&mut self, name: &str, shape: &Value) {
        let mut used = BTreeSet::new();
        let mut body = String::new();
        for value in shape["enum"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let mut constant = constant_name(value);
            while !used.insert(constant.clone()) {
                constant.push('_');
            }
            let _ = write!(body, "{constant} = {value:?}, ");
        }
        put!(self, "a::string_enum!({} {{ {body} }});", type_name(name));
    }

    fn statics(&mut self, name: &str, shape: &Value) -> Result<(), FactsError> {
        let mut members = String::new();
        let required: Vec<&str> =
            shape["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let entries: Vec<(String, &Value)> = match kind(shape) {
            "List" => vec![("member".into(), &shape["member"])],
            "Map" => vec![("key".into(), &shape["key"]), ("value".into(), &shape["value"])],
            "Structure" => {
                shape["members"].as_object().into_iter().flatten().map(|(k, v)| (k.clone(), v)).collect()
            }
            _ => vec![],
        };
        for (member, reference) in &entries {
            members.push_str(&self.member(member, reference, required.contains(&member.as_str()))?);
            members.push_str(", ");
        }
        let mut fields = String::new();
        if !members.is_empty() {
            let _ = write!(fields, "members: &[{members}], ");
        }
        // A few limits are written as fractions (`0.0`) though they are whole.
        #[allow(clippy::cast_possible_truncation)]
        let number =
            |key: &str| shape[key].as_f64().map(|v| format!("Some({})", v as i64)).unwrap_or("None".into());
        if !shape["min"].is_null() || !shape["max"].is_null() || !shape["pattern"].is_null() {
            let _ = write!(
                fields,
                "limits: a::Limits {{ min: {}, max: {}, pattern: {} }}, ",
                number("min"),
                number("max"),
                option(text(shape, "pattern"))
            );
        }
        if let Some(values) = shape["enum"].as_array() {
            let list: Vec<String> =
                values.iter().filter_map(Value::as_str).map(|v| format!("{v:?}")).collect();
            let _ = write!(fields, "values: &[{}], ", list.join(", "));
        }
        for (key, field) in [("flattened", "flattened"), ("union", "union"), ("sensitive", "sensitive")] {
            if shape[key] == Value::Bool(true) {
                let _ = write!(fields, "{field}: true, ");
            }
        }
        if let Some(payload) = text(shape, "payload") {
            let at = entries.iter().position(|(k, _)| k == payload).unwrap_or_default();
            let _ = write!(fields, "payload: Some({at}), ");
        }
        if let Some(location) = text(shape, "locationName") {
            let _ = write!(fields, "location_name: Some({location:?}), ");
        }
        if let Some(("", uri)) = namespace(shape) {
            let _ = write!(fields, "xml_namespace: Some({uri:?}), ");
        }
        if let Some(format) = text(shape, "timestampFormat") {
            let _ =
                write!(fields, "timestamp_format: Some(a::TimestampFormat::{}), ", timestamp_format(format));
        }
        put!(
            self,
            "static S_{name}: a::Shape = a::Shape {{ {fields}..a::Shape::new({name:?}, a::Kind::{}) }};",
            kind(shape)
        );
        Ok(())
    }

    fn member(&self, name: &str, reference: &Value, required: bool) -> Result<String, FactsError> {
        let target = text(reference, "shape").unwrap_or_default();
        let shape = self.lookup(target)?;
        let mut fields = String::new();
        if required {
            fields.push_str("required: true, ");
        }
        if let Some(location) = text(reference, "location") {
            let location = match location {
                "header" => "Header",
                "headers" => "Headers",
                "querystring" => "Query",
                "uri" => "Uri",
                "statusCode" => "StatusCode",
                _ => "Body",
            };
            let _ = write!(fields, "location: a::Location::{location}, ");
        }
        for (key, field) in [("locationName", "location_name"), ("queryName", "query_name")] {
            if let Some(value) = text(reference, key) {
                let _ = write!(fields, "{field}: Some({value:?}), ");
            }
        }
        for (key, field) in [
            ("flattened", "flattened"),
            ("xmlAttribute", "xml_attribute"),
            ("jsonvalue", "json_value"),
            ("idempotencyToken", "idempotency_token"),
            ("streaming", "streaming"),
            ("hostLabel", "host_label"),
        ] {
            if reference[key] == Value::Bool(true) {
                let _ = write!(fields, "{field}: true, ");
            }
        }
        // Where the reference is silent, the shape's own namespace holds (restXml).
        if let Some((prefix, uri)) = namespace(reference).or_else(|| namespace(shape)) {
            let _ = write!(fields, "xml_namespace: Some(({prefix:?}, {uri:?})), ");
        }
        if let Some(format) = text(reference, "timestampFormat") {
            let _ =
                write!(fields, "timestamp_format: Some(a::TimestampFormat::{}), ", timestamp_format(format));
        }
        Ok(format!("a::Member {{ {fields}..a::Member::new({name:?}, &S_{target}) }}"))
    }

    fn structure(&mut self, name: &str, shape: &Value) -> Result<(), FactsError> {
        let rust = type_name(name);
        let (mut fields, mut writes, mut reads) = (String::new(), String::new(), String::new());
        let (mut accessors, mut dry_run) = (String::new(), false);
        let required: Vec<&str> =
            shape["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (at, (member, reference)) in shape["members"].as_object().into_iter().flatten().enumerate() {
            let target = text(reference, "shape").unwrap_or_default();
            let mut held = self.rust_type(target)?;
            let field = field_name(member);
            dry_run |= member == "DryRun";
            let boxed = kind(self.lookup(target)?) == "Structure" && self.reaches(target, name);
            if boxed {
                held = format!("Box<{held}>");
            }
            let _ = write!(fields, "pub {field}: Option<{held}>, ");
            let (by_ref, read) =
                if boxed { ("&**v", "Box::new(a::ReadValue::read") } else { ("v", "a::ReadValue::read") };
            let close = if boxed { "?)" } else { "?" };
            let _ = write!(
                writes,
                "if let Some(v) = &self.{field} {{ a::WriteValue::write({by_ref}, &M[{at}], w); }} "
            );
            let _ = write!(reads, "{at} => self.{field} = Some({read}(&M[{at}], r){close}), ");
            if required.contains(&member.as_str()) && !boxed {
                accessors.push_str(&accessor(&field, &held));
            }
        }
        put!(self, "#[derive(Clone, Default, PartialEq)] pub struct {rust} {{ {fields} }}");
        put!(self, "const _: () = {{ const M: &[a::Member] = S_{name}.members;");
        put!(
            self,
            "impl a::WriteMembers for {rust} {{ fn shape(&self) -> &'static a::Shape {{ &S_{name} }} fn write_members(&self, w: &mut dyn a::Writer) {{ let _ = &w; {writes} }} }}"
        );
        put!(
            self,
            "impl a::ReadMembers for {rust} {{ fn shape(&self) -> &'static a::Shape {{ &S_{name} }} fn read_member(&mut self, index: usize, r: &mut dyn a::Reader) -> Result<(), a::ReadError> {{ let _ = &r; match index {{ {reads} _ => {{}} }} Ok(()) }} }}"
        );
        put!(self, "}};");
        put!(self, "impl a::Structure for {rust} {{ const SHAPE: &'static a::Shape = &S_{name}; }}");
        put!(
            self,
            "impl std::fmt::Debug for {rust} {{ fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{ a::debug_structure(self, f) }} }}"
        );
        if !accessors.is_empty() {
            put!(self, "impl {rust} {{ {accessors} }}");
        }
        let _ = dry_run;
        Ok(())
    }

    /// Whether `from` holds `to` through structure members alone (and so must be boxed).
    fn reaches(&self, from: &str, to: &str) -> bool {
        let mut stack = vec![from.to_owned()];
        let mut seen = BTreeSet::new();
        while let Some(name) = stack.pop() {
            if name == to {
                return true;
            }
            if !seen.insert(name.clone()) {
                continue;
            }
            let Some(shape) = self.facts.shapes.get(&name) else { continue };
            for reference in shape["members"].as_object().into_iter().flatten().map(|(_, v)| v) {
                let target = text(reference, "shape").unwrap_or_default();
                if self.facts.shapes.get(target).is_some_and(|s| kind(s) == "Structure") {
                    stack.push(target.to_owned());
                }
            }
        }
        false
    }

    fn operations(&mut self) -> Result<(), FactsError> {
        put!(self, "/// One marker type per operation.\npub mod ops {{ use super::*; use aws_schema as a;");
        let operations: Vec<(&String, &Value)> = self.facts.operations.iter().collect();
        for (name, operation) in &operations {
            let (input, input_shape) = self.end(operation, "input")?;
            let (output, output_shape) = self.end(operation, "output")?;
            let mut errors = String::new();
            for reference in operation["errors"].as_array().into_iter().flatten() {
                let error = text(reference, "shape").unwrap_or_default();
                let shape = self.lookup(error)?;
                let detail = &shape["error"];
                let sender =
                    shape["fault"] != Value::Bool(true) && detail["senderFault"] != Value::Bool(false);
                let status = detail["httpStatusCode"].as_u64().unwrap_or(if sender { 400 } else { 500 });
                let code = text(detail, "code").unwrap_or(error);
                let _ = write!(
                    errors,
                    "a::ErrorSpec {{ name: {error:?}, code: {code:?}, status: {status}, sender: {sender} }}, "
                );
            }
            let http = &operation["http"];
            put!(
                self,
                "pub static {constant}: a::OperationSpec = a::OperationSpec {{ name: {name:?}, method: {:?}, uri: {:?}, status: {}, input: {input_shape}, output: {output_shape}, result_wrapper: {}, errors: &[{errors}], unsigned: {}, host_prefix: {} }};",
                text(http, "method").unwrap_or("POST"),
                text(http, "requestUri").unwrap_or("/"),
                http["responseCode"].as_u64().unwrap_or(200),
                option(text(&operation["output"], "resultWrapper")),
                text(operation, "authtype") == Some("none"),
                option(text(&operation["endpoint"], "hostPrefix")),
                constant = constant_name(name),
            );
            put!(self, "#[derive(Clone, Copy, Debug)] pub struct {name};");
            let dry = text(&operation["input"], "shape")
                .and_then(|s| self.facts.shapes.get(s))
                .is_some_and(|s| !s["members"]["DryRun"].is_null());
            let dry = if dry {
                "fn dry_run(input: &Self::Input) -> bool { input.dry_run.unwrap_or(false) }"
            } else {
                ""
            };
            put!(
                self,
                "impl a::Operation for {name} {{ type Input = {input}; type Output = {output}; const SPEC: &'static a::OperationSpec = &{}; {dry} }}",
                constant_name(name)
            );
        }
        put!(self, "}}");
        Ok(())
    }

    fn end(&self, operation: &Value, which: &str) -> Result<(String, String), FactsError> {
        let Some(name) = text(&operation[which], "shape") else {
            return Ok(("a::Unit".into(), "<a::Unit as a::Structure>::SHAPE".into()));
        };
        self.lookup(name)?;
        Ok((type_name(name), format!("&S_{name}")))
    }

    fn service(&mut self, id: &str) {
        let facts = self.facts;
        let protocols: Vec<&str> = match facts.metadata.get("protocols").and_then(Value::as_array) {
            Some(list) => list.iter().filter_map(Value::as_str).collect(),
            None => facts.meta("protocol").into_iter().collect(),
        };
        let protocols: Vec<String> = protocols
            .iter()
            .map(|p| match *p {
                "json" if facts.meta("jsonVersion") == Some("1.0") => "Json10",
                "json" => "Json11",
                "rest-json" => "RestJson",
                "rest-xml" => "RestXml",
                "query" => "Query",
                "ec2" => "Ec2",
                _ => "Cbor",
            })
            .map(|p| format!("a::Protocol::{p}"))
            .collect();
        let operations: Vec<String> =
            facts.operations.keys().map(|name| format!("&ops::{}", constant_name(name))).collect();
        let all: Vec<String> = facts.all_operations.iter().map(|name| format!("{name:?}")).collect();
        let endpoint = facts.meta("endpointPrefix").unwrap_or(id);
        put!(
            self,
            "/// The service as a whole.\npub static SERVICE: a::ServiceSpec = a::ServiceSpec {{ id: {id:?}, signing_name: {:?}, target_prefix: {}, api_version: {:?}, service_id: {:?}, xml_namespace: {}, protocols: &[{}], query_compatible: {}, global: {}, operations: &[{}], all_operations: &[{}] }};",
            facts.meta("signingName").unwrap_or(endpoint),
            option(facts.meta("targetPrefix")),
            facts.meta("apiVersion").unwrap_or_default(),
            facts.meta("serviceId").unwrap_or(id),
            option(facts.meta("xmlNamespace")),
            protocols.join(", "),
            facts.metadata.get("awsQueryCompatible").is_some(),
            facts.meta("globalEndpoint").is_some(),
            operations.join(", "),
            all.join(", "),
        );
    }
}

/// A getter of a required input member: the codec has refused requests without it.
fn accessor(field: &str, held: &str) -> String {
    let (returns, body) = match held {
        "String" => ("&str".to_owned(), format!("self.{field}.as_deref().unwrap_or_default()")),
        "bool" | "i32" | "i64" | "f32" | "f64" => {
            (held.to_owned(), format!("self.{field}.unwrap_or_default()"))
        }
        "Vec<u8>" => ("&[u8]".to_owned(), format!("self.{field}.as_deref().unwrap_or_default()")),
        _ if held.starts_with("Vec<") => {
            let item = &held[4..held.len() - 1];
            (format!("&[{item}]"), format!("self.{field}.as_deref().unwrap_or_default()"))
        }
        _ => return String::new(),
    };
    format!("#[inline] pub fn {field}(&self) -> {returns} {{ {body} }} ")
}
