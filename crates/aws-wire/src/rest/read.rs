//! A REST message into a structure.

use super::scalar::{Pairs, PairsReader, RawReader, TextReader};
use crate::budget::Budget;
use crate::error::WireError;
use crate::form;
use crate::json::JsonReader;
use crate::message::{Bound, Headers};
use crate::route::Label;
use crate::xml::{Element, XmlReader};
use aws_schema::{Kind, Location, Protocol, ReadError, ReadMembers};
use std::borrow::Cow;

/// The parts of a request or response that carry members.
pub(crate) struct Incoming<'a> {
    pub(crate) labels: &'a [Label],
    pub(crate) query: &'a str,
    pub(crate) headers: &'a dyn Headers,
    /// Responses only.
    pub(crate) status: Option<u16>,
    pub(crate) body: &'a [u8],
}

/// Fills `target` from all parts of the message.
pub(crate) fn read_message(
    protocol: Protocol,
    message: &Incoming<'_>,
    target: &mut dyn ReadMembers,
) -> Result<(), WireError> {
    let shape = target.shape();
    let has = |location: Location| shape.members.iter().any(|member| member.location == location);
    if has(Location::Header) || has(Location::Headers) {
        read_headers(message.headers, target)?;
    }
    let bound = if message.status.is_some() { Bound::Response } else { Bound::Request };
    if bound == Bound::Request && has(Location::Query) {
        read_query(message.query, target)?;
    }
    for (index, member) in shape.members.iter().enumerate() {
        let text = match member.location {
            Location::Uri => message
                .labels
                .iter()
                .find(|label| label.name == member.wire_name())
                .map(|label| Cow::Borrowed(&*label.value)),
            Location::StatusCode => message.status.map(|status| Cow::Owned(status.to_string())),
            _ => None,
        };
        if let Some(text) = text {
            read_text(target, index, vec![text])?;
        }
    }
    read_body(protocol, message.body, bound, target)
}

/// Reads one bound member from its texts.
fn read_text(target: &mut dyn ReadMembers, index: usize, texts: Vec<Cow<'_, str>>) -> Result<(), ReadError> {
    let member = &target.shape().members[index];
    let mut reader = TextReader { texts, location: member.location };
    target.read_member(index, &mut reader).map_err(|error| error.within(member.wire_name()))
}

/// Reads all members that are bound to headers. The headers are walked once, since S3 binds forty members.
fn read_headers(headers: &dyn Headers, target: &mut dyn ReadMembers) -> Result<(), ReadError> {
    let members = target.shape().members;
    // Several lines of one header make one list.
    let mut found: Vec<(usize, Vec<Cow<'_, str>>)> = Vec::new();
    // A map of prefixed headers is there even when none of them is.
    let mut prefixed: Vec<(usize, Pairs)> = members
        .iter()
        .enumerate()
        .filter(|(_, member)| member.location == Location::Headers)
        .map(|(index, _)| (index, Vec::new()))
        .collect();
    headers.each(&mut |name, value| {
        for (index, member) in members.iter().enumerate() {
            let wanted = member.wire_name();
            match member.location {
                Location::Header if wanted.eq_ignore_ascii_case(name) => {
                    match found.iter_mut().find(|(at, _)| *at == index) {
                        Some((_, texts)) => texts.push(value.to_owned().into()),
                        None => found.push((index, vec![value.to_owned().into()])),
                    }
                }
                Location::Headers
                    if name.get(..wanted.len()).is_some_and(|start| start.eq_ignore_ascii_case(wanted)) =>
                {
                    let entry = (name[wanted.len()..].to_owned(), vec![value.to_owned()]);
                    if let Some((_, pairs)) = prefixed.iter_mut().find(|(at, _)| *at == index) {
                        pairs.push(entry);
                    }
                }
                _ => {}
            }
        }
    });
    for (index, texts) in found {
        read_text(target, index, texts)?;
    }
    for (index, pairs) in prefixed {
        target.read_member(index, &mut PairsReader { pairs, location: Location::Headers })?;
    }
    Ok(())
}

/// Reads all members that are bound to the query string.
fn read_query(query: &str, target: &mut dyn ReadMembers) -> Result<(), WireError> {
    let members = target.shape().members;
    let mut pairs: Pairs = Vec::new();
    for piece in query.split('&').filter(|piece| !piece.is_empty()) {
        let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
        let (key, value) = (form::decode(key)?.into_owned(), form::decode(value)?.into_owned());
        let count = pairs.len();
        match pairs.iter_mut().find(|(name, _)| *name == key) {
            Some((_, values)) => values.push(value),
            None if count < MAX_QUERY_KEYS => pairs.push((key, vec![value])),
            None => return Err(WireError::Form("The request has too many parameters")),
        }
    }
    for (index, member) in members.iter().enumerate().filter(|(_, member)| member.location == Location::Query)
    {
        if member.shape.kind == Kind::Map {
            // The map takes all parameters, also those that other members name.
            if !pairs.is_empty() {
                target.read_member(
                    index,
                    &mut PairsReader { pairs: pairs.clone(), location: Location::Query },
                )?;
            }
        } else if let Some((_, values)) = pairs.iter().find(|(key, _)| key == member.wire_name()) {
            read_text(target, index, values.iter().map(|value| Cow::Borrowed(&**value)).collect())?;
        }
    }
    Ok(())
}

/// Most different keys in the query string of a REST request.
const MAX_QUERY_KEYS: usize = 1_000;

/// What a body may cost.
fn limits(bound: Bound) -> Budget {
    if bound == Bound::Response { Budget::for_response() } else { Budget::new() }
}

/// Reads the payload, or the members that travel in the body.
fn read_body(
    protocol: Protocol,
    body: &[u8],
    bound: Bound,
    target: &mut dyn ReadMembers,
) -> Result<(), WireError> {
    let shape = target.shape();
    let Some(index) = shape.payload else {
        let in_body = shape.members.iter().any(|member| !bound.is_elsewhere(member.location));
        if body.is_empty() || !in_body {
            return Ok(());
        }
        if protocol == Protocol::RestJson {
            return Ok(JsonReader::new(body)?.within(limits(bound)).root(target, bound)?);
        }
        let mut budget = limits(bound);
        let root = Element::parse(body, &mut budget)?;
        return Ok(XmlReader::new(&root, &mut budget).root(target, bound)?);
    };
    let Some(member) = shape.members.get(index).filter(|_| !body.is_empty()) else { return Ok(()) };
    let result = if matches!(member.shape.kind, Kind::Blob | Kind::String) {
        target.read_member(index, &mut RawReader(body))
    } else if protocol == Protocol::RestJson {
        let mut reader = JsonReader::new(body)?.within(limits(bound));
        if reader.is_absent() {
            return Ok(());
        }
        target.read_member(index, &mut reader).and_then(|()| reader.end())
    } else {
        let mut budget = limits(bound);
        let root = Element::parse(body, &mut budget)?;
        target.read_member(index, &mut XmlReader::new(&root, &mut budget))
    };
    Ok(result.map_err(|error| error.within(member.wire_name()))?)
}
