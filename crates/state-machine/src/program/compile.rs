//! From the nodes of a definition to states.

use super::{
    Body, Catcher, CompileError, Program, Resource, Retrier, Scope, ScopeIndex, State, StateIndex, Task,
};
use crate::text::{Kind, Node};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Compiles a whole machine. Scopes wait in a queue instead of on the stack, so that depth costs nothing.
pub(super) fn machine(node: &Node) -> Result<Program, CompileError> {
    let mut compiler = Compiler { states: Vec::new(), scopes: Vec::new(), pending: VecDeque::new() };
    compiler.reserve(node, None, String::new());
    while let Some(pending) = compiler.pending.pop_front() {
        compiler.scope(&pending)?;
    }
    let timeout = node.get("TimeoutSeconds").and_then(Node::as_i64);
    Ok(Program { states: compiler.states, scopes: compiler.scopes, timeout })
}

struct Compiler<'a> {
    states: Vec<State>,
    scopes: Vec<Scope>,
    pending: VecDeque<Pending<'a>>,
}

/// A scope that is not compiled yet.
struct Pending<'a> {
    index: ScopeIndex,
    node: &'a Node,
    path: String,
}

/// A state under compilation.
struct Site<'a> {
    node: &'a Node,
    path: String,
    names: &'a HashMap<&'a str, StateIndex>,
}

impl Site<'_> {
    fn error(&self, field: &str, message: impl Into<String>) -> CompileError {
        CompileError { message: message.into(), location: format!("{}/{field}", self.path) }
    }

    fn text(&self, field: &str) -> Option<Arc<str>> {
        self.node.get(field).and_then(Node::as_str).map(Arc::from)
    }

    fn integer(&self, field: &str) -> Result<Option<i64>, CompileError> {
        match self.node.get(field) {
            None => Ok(None),
            Some(node) => node.as_i64().map(Some).ok_or_else(|| self.error(field, "an integer is required")),
        }
    }

    fn target(&self, node: &Node, field: &str) -> Result<StateIndex, CompileError> {
        let name = node.as_str().ok_or_else(|| self.error(field, "the name of a state is required"))?;
        let found = self.names.get(name).copied();
        found.ok_or_else(|| self.error(field, format!("no state here has the name '{name}'")))
    }
}

impl<'a> Compiler<'a> {
    fn reserve(&mut self, node: &'a Node, owner: Option<StateIndex>, path: String) -> ScopeIndex {
        let index = u32::try_from(self.scopes.len()).unwrap_or(u32::MAX);
        self.scopes.push(Scope { start: 0, owner });
        self.pending.push_back(Pending { index, node, path });
        index
    }

    fn scope(&mut self, pending: &Pending<'a>) -> Result<(), CompileError> {
        let error = |field: &str, message: &str| CompileError {
            message: message.to_owned(),
            location: format!("{}/{field}", pending.path),
        };
        let states = pending.node.get("States").filter(|states| states.is_object());
        let states = states.ok_or_else(|| error("States", "an object of states is required"))?;
        let base = self.states.len();
        // Of a repeated name the last one counts, at the place of the first.
        let mut places: HashMap<&str, StateIndex> = HashMap::new();
        let mut nodes: Vec<(Arc<str>, &Node)> = Vec::new();
        for (key, node) in states.members() {
            let next = u32::try_from(base + nodes.len()).unwrap_or(u32::MAX);
            let place = *places.entry(&key.name).or_insert(next);
            match nodes.get_mut(place as usize - base) {
                Some(slot) => slot.1 = node,
                None => nodes.push((key.name.clone(), node)),
            }
        }
        let start = pending.node.get("StartAt").and_then(Node::as_str);
        let start = start.and_then(|name| places.get(name)).copied();
        self.scopes[pending.index as usize].start =
            start.ok_or_else(|| error("StartAt", "the name of a state is required"))?;
        for (name, node) in nodes {
            let site = Site { node, path: format!("{}/States/{name}", pending.path), names: &places };
            let state = self.state(name, pending.index, &site)?;
            self.states.push(state);
        }
        Ok(())
    }

    fn state(&mut self, name: Arc<str>, scope: ScopeIndex, site: &Site<'_>) -> Result<State, CompileError> {
        let body = self.body(site)?;
        let next = match site.node.get("Next") {
            None => None,
            Some(node) => Some(site.target(node, "Next")?),
        };
        Ok(State { name, scope, next, body, retry: retriers(site)?, catch: catchers(site)? })
    }

    fn body(&mut self, site: &Site<'_>) -> Result<Body, CompileError> {
        let kind = site.node.get("Type").and_then(Node::as_str);
        match kind.unwrap_or_default() {
            "Pass" => Ok(Body::Pass(site.node.get("Result").map(Node::to_value))),
            "Succeed" => Ok(Body::Succeed),
            "Fail" => Ok(Body::Fail { error: site.text("Error"), cause: site.text("Cause") }),
            "Wait" => Ok(Body::Wait(
                site.integer("Seconds")?.ok_or_else(|| site.error("Seconds", "an integer is required"))?,
            )),
            "Task" => {
                let resource = site.text("Resource").and_then(|arn| Resource::parse(&arn));
                let resource = resource
                    .ok_or_else(|| site.error("Resource", "the resource is nothing a task can call"))?;
                let timeout = site.integer("TimeoutSeconds")?;
                let heartbeat = site.integer("HeartbeatSeconds")?;
                Ok(Body::Task(Box::new(Task { resource, timeout, heartbeat })))
            }
            other => Err(site.error("Type", format!("'{other}' is no type of state"))),
        }
    }
}

fn errors(site: &Site<'_>, node: &Node, field: &str) -> Result<Box<[Arc<str>]>, CompileError> {
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

fn retriers(site: &Site<'_>) -> Result<Box<[Retrier]>, CompileError> {
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

fn catchers(site: &Site<'_>) -> Result<Box<[Catcher]>, CompileError> {
    let Some(list) = site.node.get("Catch") else { return Ok(Box::default()) };
    list.items()
        .iter()
        .map(|node| {
            let next = node.get("Next").ok_or_else(|| site.error("Catch", "Next is required"))?;
            Ok(Catcher { errors: errors(site, node, "Catch")?, next: site.target(next, "Catch")? })
        })
        .collect()
}
