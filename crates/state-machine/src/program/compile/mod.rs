//! From the nodes of a definition to states.

mod body;
mod choice;
mod map;
mod retry;
mod site;
mod slow;

use super::{Body, CompileError, Flow, Program, Scope, ScopeIndex, State, StateIndex};
use crate::template::Language;
use crate::text::Node;
use site::Site;
pub(super) use slow::can_be_slow;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Compiles a whole machine. Scopes wait in a queue instead of on the stack, so that depth costs nothing.
pub(super) fn machine(node: &Node) -> Result<Program, CompileError> {
    let mut compiler = Compiler::new(Language::of(node, Language::JsonPath));
    compiler.reserve(node, None, String::new());
    while let Some(pending) = compiler.pending.pop_front() {
        compiler.scope(&pending)?;
    }
    let timeout = node.get("TimeoutSeconds").and_then(Node::as_i64);
    Ok(Program::new(compiler.states, compiler.scopes, timeout, node))
}

/// Compiles one state as it would stand in a machine, for a test of it. States it leads to stand behind it and do
/// nothing.
pub(super) fn alone(node: &Node, name: &str) -> Result<Program, CompileError> {
    // There is no machine around it whose language the states inside it could have.
    let language = Language::of(node, Language::JsonPath);
    let mut compiler = Compiler::new(language);
    compiler.scopes.push(Scope { start: 0, owner: None });
    let choices = node.get("Choices").into_iter().flat_map(Node::items);
    let catchers = node.get("Catch").into_iter().flat_map(Node::items);
    let direct = [node.get("Next"), node.get("Default")].into_iter().flatten();
    let inner = choices.chain(catchers).filter_map(|part| part.get("Next"));
    let mut targets: HashMap<&str, StateIndex> = HashMap::new();
    let mut names: Vec<&str> = Vec::new();
    for target in direct.chain(inner).filter_map(Node::as_str) {
        targets.entry(target).or_insert_with(|| {
            names.push(target);
            u32::try_from(names.len()).unwrap_or(u32::MAX)
        });
    }
    let site = Site { node, path: String::new(), names: &targets, language, index: 0 };
    let state = compiler.state(name.into(), 0, &site)?;
    compiler.states.push(state);
    compiler.states.extend(names.into_iter().map(|name| State {
        name: name.into(),
        scope: 0,
        language,
        next: None,
        body: Body::Succeed,
        flow: Flow::default(),
        retry: Box::default(),
        catch: Box::default(),
    }));
    while let Some(pending) = compiler.pending.pop_front() {
        compiler.scope(&pending)?;
    }
    Ok(Program::new(compiler.states, compiler.scopes, None, node))
}

struct Compiler<'a> {
    /// That of the machine, and of every state in it that says nothing else, also inside Map and Parallel states: the
    /// language of such a state is its own alone.
    language: Language,
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

impl<'a> Compiler<'a> {
    fn new(language: Language) -> Compiler<'a> {
        Compiler { language, states: Vec::new(), scopes: Vec::new(), pending: VecDeque::new() }
    }

    /// Gives a scope its index and puts it into the queue.
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
        let mut nodes: Vec<(Arc<str>, &'a Node)> = Vec::new();
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
            let site = Site {
                node,
                path: format!("{}/States/{name}", pending.path),
                names: &places,
                language: Language::of(node, self.language),
                index: u32::try_from(self.states.len()).unwrap_or(u32::MAX),
            };
            let state = self.state(name, pending.index, &site)?;
            self.states.push(state);
        }
        Ok(())
    }

    fn state(
        &mut self,
        name: Arc<str>,
        scope: ScopeIndex,
        site: &Site<'a, '_>,
    ) -> Result<State, CompileError> {
        let body = self.body(site)?;
        let next = site.node.get("Next").or_else(|| site.node.get("Default"));
        let next = next.map(|node| site.target(node, "Next")).transpose()?;
        Ok(State {
            name,
            scope,
            language: site.language,
            next,
            body,
            flow: flow(site)?,
            retry: retry::retriers(site)?,
            catch: retry::catchers(site)?,
        })
    }
}

/// The fields of input and output processing, of the state's own language only.
fn flow(site: &Site<'_, '_>) -> Result<Flow, CompileError> {
    let assign = site.template("Assign")?;
    let map = site.node.get("Type").and_then(Node::as_str) == Some("Map");
    Ok(match site.language {
        Language::JsonPath => Flow {
            input: site.select("InputPath")?,
            // Those of a Map are its item selector in the older writing.
            parameters: if map { None } else { site.template("Parameters")? },
            selector: site.template("ResultSelector")?,
            result: site.placement(site.node, "ResultPath")?,
            output_path: site.select("OutputPath")?,
            output: None,
            assign,
        },
        Language::Jsonata => Flow {
            parameters: site.template("Arguments")?,
            output: site.template("Output")?,
            assign,
            ..Flow::default()
        },
    })
}
