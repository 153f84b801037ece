//! From a definition's node to a template.

use super::part::Part;
use super::{Language, TemplateError};
use crate::intrinsic::{Call, java};
use crate::jsonata::{self, Expression};
use crate::path::Path;
use crate::text::{Kind, Node};
use crate::trail::Trail;
use crate::{Map, Value};
use indexmap::IndexMap;
use std::sync::Arc;

/// Deepest nesting of a template.
const DEEPEST: usize = 200;

pub(super) fn part(
    node: &Node,
    language: Language,
    at: &Trail<'_>,
    depth: usize,
) -> Result<Part, TemplateError> {
    if depth > DEEPEST {
        return Err(TemplateError::new(node, at, format!("a template nests at most {DEEPEST} levels")));
    }
    match &node.kind {
        Kind::Array(items) => {
            let items = items.iter().enumerate();
            let items = items.map(|(index, item)| part(item, language, &at.index(index), depth + 1));
            Ok(array(items.collect::<Result<_, _>>()?))
        }
        Kind::Object(_) => object(node, language, at, depth),
        Kind::String(text) if language == Language::Jsonata => match jsonata::delimited(text) {
            Some(source) => {
                let expression = Expression::compile(source)
                    .map_err(|error| TemplateError::new(node, at, error.to_string()))?;
                Ok(Part::Expression(expression, at.within_state().into()))
            }
            None => Ok(Part::Constant(Value::String(text.clone()))),
        },
        _ => Ok(Part::Constant(node.to_value())),
    }
}

fn array(items: Vec<Part>) -> Part {
    match items.iter().map(|item| item.constant().cloned()).collect::<Option<Vec<Value>>>() {
        Some(values) => Part::Constant(Value::from(values)),
        None => Part::Array(items.into()),
    }
}

fn object(node: &Node, language: Language, at: &Trail<'_>, depth: usize) -> Result<Part, TemplateError> {
    let mut members: Vec<(Arc<str>, Part)> = Vec::with_capacity(node.members().len());
    let mut dynamic: Vec<(Arc<str>, Part)> = Vec::new();
    for (name, member) in node.members_once() {
        let inner = at.field(name);
        match name.strip_suffix(".$").filter(|_| language == Language::JsonPath) {
            Some(bare) => dynamic.push((bare.into(), reference(member, name, &inner)?)),
            None => members.push((name.clone(), part(member, language, &inner, depth + 1)?)),
        }
    }
    if !dynamic.is_empty() {
        // The service puts what it works out into a Java hash map, and that behind what stands there as it is.
        java::hash_map_order(&mut dynamic, |(name, _)| name);
        let mut all: IndexMap<Arc<str>, Part> = members.into_iter().collect();
        all.extend(dynamic);
        return Ok(Part::Object(all.into_iter().collect()));
    }
    let constant: Option<Map> =
        members.iter().map(|(name, part)| Some((name.clone(), part.constant()?.clone()))).collect();
    Ok(match constant {
        Some(members) => Part::Constant(Value::from(members)),
        None => Part::Object(members.into()),
    })
}

/// The value of a member whose name ends in `.$`.
fn reference(node: &Node, name: &Arc<str>, at: &Trail<'_>) -> Result<Part, TemplateError> {
    let wrong = |what| {
        TemplateError::new(node, at, format!("The value for the field '{name}' must be a valid {what}"))
    };
    let Some(text) = node.as_str() else { return Err(wrong("JSONPath expression")) };
    let neither = |_| wrong("JSONPath or a valid intrinsic function call");
    if Call::looks_like(text) {
        return Ok(Part::Call(Box::new(Call::compile(text).map_err(neither)?), name.clone()));
    }
    Ok(Part::Path(Path::compile(text).map_err(neither)?, name.clone()))
}
