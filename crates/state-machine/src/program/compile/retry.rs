//! Retry and Catch.

use super::site::Site;
use crate::program::{Catcher, CompileError, Retrier};
use crate::text::{Kind, Node};
use std::sync::Arc;

fn errors(site: &Site<'_, '_>, node: &Node, field: &str) -> Result<Box<[Arc<str>]>, CompileError> {
    let names = node.get("ErrorEquals").filter(|names| names.is_array());
    let names = names.ok_or_else(|| site.error(field, "ErrorEquals is required"))?;
    names
        .items()
        .iter()
        .map(|name| match &name.kind {
            Kind::String(name) => Ok(name.clone()),
            _ => Err(site.error(field, "ErrorEquals holds names of errors")),
        })
        .collect()
}

pub(super) fn retriers(site: &Site<'_, '_>) -> Result<Box<[Retrier]>, CompileError> {
    let Some(list) = site.node.get("Retry") else { return Ok(Box::default()) };
    list.items()
        .iter()
        .map(|node| {
            let integer = |name: &str| node.get(name).and_then(Node::as_i64);
            Ok(Retrier {
                errors: errors(site, node, "Retry")?,
                interval: integer("IntervalSeconds").unwrap_or(1),
                max_attempts: integer("MaxAttempts")
                    .map_or(3, |n| u32::try_from(n.max(0)).unwrap_or(u32::MAX)),
                backoff: node.get("BackoffRate").and_then(Node::as_f64).unwrap_or(2.0),
                max_delay: integer("MaxDelaySeconds"),
                jitter: node.get("JitterStrategy").and_then(Node::as_str) == Some("FULL"),
            })
        })
        .collect()
}

pub(super) fn catchers(site: &Site<'_, '_>) -> Result<Box<[Catcher]>, CompileError> {
    let Some(list) = site.node.get("Catch") else { return Ok(Box::default()) };
    list.items()
        .iter()
        .enumerate()
        .map(|(at, node)| {
            let place = format!("Catch[{at}]/");
            let next = node.get("Next").ok_or_else(|| site.error("Catch", "Next is required"))?;
            Ok(Catcher {
                errors: errors(site, node, "Catch")?,
                next: site.target(next, "Catch")?,
                result: site.placement(node, "ResultPath")?,
                output: site.template_in(node, &place, "Output")?,
                assign: site.template_in(node, &place, "Assign")?,
            })
        })
        .collect()
}
