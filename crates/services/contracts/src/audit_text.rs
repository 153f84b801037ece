//! A request's members as the audit log shows them: JSON in the style of CloudTrail, secrets hidden.

use aws_schema::{Document, Member, Timestamp, WriteEntries, WriteItems, WriteMembers, Writer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// What stands in the place of a secret; the words of CloudTrail.
pub const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";
/// Bytes of text kept of one request; CloudTrail leaves out what would make a record too large, too
/// (CloudTrail User Guide, "CloudTrail record contents", `requestParameters`: 100 KB).
const MOST: usize = 100 << 10;
/// Members that carry a secret though their shapes are not marked, as one-time codes of STS.
const SECRETS: [&str; 3] = ["TokenCode", "AuthenticationCode1", "AuthenticationCode2"];

/// The members of a request as the text of a JSON object: names as CloudTrail writes them (first letter small),
/// `{}` when there is none, a note instead of all of them when they are too many.
pub fn audit_text(input: &dyn WriteMembers) -> String {
    let mut writer = Parameters { open: vec![Value::Object(Map::new())] };
    input.write_members(&mut writer);
    let text = writer.close().to_string();
    if text.len() > MOST {
        let note = format!("requestParameters too large: {} bytes", text.len());
        return serde_json::json!({ "omitted": true, "reason": note }).to_string();
    }
    text
}

/// Builds the tree; the last of `open` takes what is written.
struct Parameters {
    open: Vec<Value>,
}

impl Parameters {
    fn close(&mut self) -> Value {
        self.open.pop().unwrap_or_default()
    }

    fn put(&mut self, member: &'static Member, value: Value) {
        match self.open.last_mut() {
            Some(Value::Object(members)) => drop(members.insert(shown_name(member.name), value)),
            Some(Value::Array(items)) => items.push(value),
            _ => {}
        }
    }

    /// Puts a value, or the word that hides it.
    fn scalar(&mut self, member: &'static Member, value: impl Into<Value>) {
        let value = if is_secret(member) { Value::from(HIDDEN) } else { value.into() };
        self.put(member, value);
    }

    /// Puts what `fill` writes into an empty `container`.
    fn nested(&mut self, member: &'static Member, container: Value, fill: impl FnOnce(&mut Self)) {
        if is_secret(member) {
            return self.put(member, Value::from(HIDDEN));
        }
        self.open.push(container);
        fill(self);
        let value = self.close();
        self.put(member, value);
    }
}

fn is_secret(member: &Member) -> bool {
    member.shape.sensitive || SECRETS.contains(&member.name)
}

/// `VpcId` becomes `vpcId`.
fn shown_name(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn untyped(value: &Document) -> Value {
    match value {
        Document::Null => Value::Null,
        Document::Boolean(value) => Value::from(*value),
        Document::Integer(value) => Value::from(*value),
        Document::Double(value) => Value::from(*value),
        Document::String(value) => Value::from(value.as_str()),
        Document::List(items) => items.iter().map(untyped).collect(),
        Document::Map(entries) => {
            entries.iter().map(|(key, value)| (key.clone(), untyped(value))).collect::<Map<_, _>>().into()
        }
    }
}

impl Writer for Parameters {
    fn boolean(&mut self, member: &'static Member, value: bool) {
        self.scalar(member, value);
    }
    fn integer(&mut self, member: &'static Member, value: i64) {
        self.scalar(member, value);
    }
    fn float(&mut self, member: &'static Member, value: f32) {
        self.scalar(member, value);
    }
    fn double(&mut self, member: &'static Member, value: f64) {
        self.scalar(member, value);
    }
    fn string(&mut self, member: &'static Member, value: &str) {
        self.scalar(member, value);
    }
    fn blob(&mut self, member: &'static Member, value: &[u8]) {
        self.scalar(member, STANDARD.encode(value));
    }
    fn timestamp(&mut self, member: &'static Member, value: Timestamp) {
        let moment = time::OffsetDateTime::from_unix_timestamp(value.seconds).ok();
        let text = moment.and_then(|at| at.format(&time::format_description::well_known::Rfc3339).ok());
        self.scalar(member, text);
    }
    fn document(&mut self, member: &'static Member, value: &Document) {
        self.scalar(member, untyped(value));
    }
    fn structure(&mut self, member: &'static Member, value: &dyn WriteMembers) {
        self.nested(member, Value::Object(Map::new()), |writer| value.write_members(writer));
    }
    fn list(&mut self, member: &'static Member, _: usize, value: &dyn WriteItems) {
        let Some(item) = member.shape.members.first() else { return };
        self.nested(member, Value::Array(Vec::new()), |writer| value.write_items(item, writer));
    }
    fn map(&mut self, member: &'static Member, _: usize, value: &dyn WriteEntries) {
        let Some(entry) = member.shape.members.get(1) else { return };
        self.nested(member, Value::Object(Map::new()), |writer| {
            value.write_entries(&mut |key, value| {
                // The value writes itself as a nameless item, and is then given its key.
                writer.open.push(Value::Array(Vec::new()));
                value.write(entry, writer);
                if let (Value::Array(mut items), Some(Value::Object(entries))) =
                    (writer.close(), writer.open.last_mut())
                {
                    entries.insert(key.to_owned(), items.pop().unwrap_or_default());
                }
            });
        });
    }
    fn null(&mut self, member: &'static Member) {
        self.put(member, Value::Null);
    }
}

#[cfg(test)]
mod tests;
