//! Prepares a parsed expression: finds what it reads, and puts the service's functions and the fences in place.

use super::fence;
use super::functions::OWN;
use super::pattern;
use super::tree;
use super::wording;
use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};
use jsonata_core::value::with_stack;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What an expression reads.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses {
    /// `$states` at all, and which of its members.
    pub(super) states: bool,
    pub(super) input: bool,
    pub(super) result: bool,
    pub(super) error_output: bool,
    pub(super) context: bool,
    /// Variables that are not bound inside the expression.
    pub(super) variables: Vec<Arc<str>>,
    /// Whether any function of the service's own, of time or of randomness is used.
    pub(super) own_functions: bool,
    /// It has a pattern too heavy to be tried where others wait.
    pub(super) is_heavy: bool,
    /// Functions of JSONata it calls, and the signs of order in it: what an error can be about.
    functions: BTreeSet<String>,
    comparisons: BTreeSet<&'static str>,
}

impl Uses {
    /// The only sign of order, if there is only one.
    pub(super) fn comparison(&self) -> Option<&'static str> {
        self.comparisons.first().filter(|_| self.comparisons.len() == 1).copied()
    }

    /// The only function whose argument at this place can be missed so, or the only one at all.
    pub(super) fn function(&self, place: usize, missed: &str) -> Option<&str> {
        if self.functions.len() == 1 {
            return self.functions.first().map(String::as_str);
        }
        let mut found = self.functions.iter().filter(|name| wording::wants(name, place, missed));
        found.next().filter(|_| found.next().is_none()).map(String::as_str)
    }
}

/// Finds what the expression reads, and turns calls of own functions into calls of the names they are registered under,
/// so that a variable of the same name disturbs nothing.
/// `always` fences also what is small enough to go without.
pub(super) fn prepare(tree: &mut AstNode, always: bool) -> Uses {
    let mut walk = Walk { scopes: vec![Vec::new()], ..Walk::default() };
    walk.node(tree);
    let mut uses = walk.uses;
    if walk.growth > fence::HARMLESS || always {
        uses.own_functions = true;
        fence::around(tree, &walk.bound);
    }
    uses.variables = walk.variables.into_iter().collect();
    uses
}

#[derive(Default)]
struct Walk {
    uses: Uses,
    variables: BTreeSet<Arc<str>>,
    /// Names bound so far, a list a block.
    scopes: Vec<Vec<String>>,
    /// How much what it builds can multiply: see [`fence::HARMLESS`].
    growth: usize,
    /// All names that are bound anywhere in it.
    bound: BTreeSet<String>,
    /// Paths around the present node: what stands in one is worked out for every item.
    paths: usize,
}

impl Walk {
    fn is_bound(&self, name: &str) -> bool {
        self.scopes.iter().flatten().any(|bound| bound == name)
    }

    fn bind(&mut self, name: &str) {
        self.bound.insert(name.to_owned());
        if let Some(scope) = self.scopes.last_mut() {
            scope.push(name.to_owned());
        }
    }

    fn nodes<'n>(&mut self, nodes: impl IntoIterator<Item = &'n mut AstNode>) {
        nodes.into_iter().for_each(|node| self.node(node));
    }

    fn within(&mut self, names: Vec<String>, body: impl FnOnce(&mut Walk)) {
        self.bound.extend(names.iter().cloned());
        self.scopes.push(names);
        body(self);
        self.scopes.pop();
    }

    /// The parser takes some thousand levels: each may need a new piece of stack.
    fn node(&mut self, node: &mut AstNode) {
        with_stack(|| self.visit(node));
    }

    fn visit(&mut self, node: &mut AstNode) {
        self.growth = self.growth.saturating_add(fence::growth(node, self.paths > 0));
        unchain(node);
        self.note(node);
        match node {
            AstNode::Variable(_) => self.variable(node),
            AstNode::Regex { pattern, .. } => {
                self.uses.is_heavy |= pattern::weight(pattern) > pattern::HEAVY;
            }
            AstNode::Function { name, args, .. } => {
                let weight = if self.is_bound(name) { None } else { subject(name, args) };
                for (index, argument) in args.iter_mut().enumerate() {
                    if weight.is_none() || index != 1 {
                        self.node(argument);
                    }
                }
                if let (Some(weight), Some(text)) = (weight, args.first_mut()) {
                    self.uses.own_functions = true;
                    let subject = std::mem::replace(text, AstNode::Null);
                    #[expect(clippy::cast_precision_loss, reason = "a bound, not a count")]
                    let arguments = vec![subject, AstNode::Number(weight as f64)];
                    *text =
                        AstNode::Function { name: "own subject".into(), args: arguments, is_builtin: true };
                }
                if !self.is_bound(name) {
                    self.call(node);
                }
            }
            AstNode::Path { steps } => {
                self.paths += 1;
                self.path(steps);
                self.paths -= 1;
            }
            AstNode::Binary { op: BinaryOp::ColonEqual, lhs, rhs } => self.assignment(lhs, rhs),
            AstNode::Lambda { params, body, .. } => self.within(params.clone(), |walk| walk.node(body)),
            AstNode::Block(items) => self.within(Vec::new(), |walk| walk.nodes(items.iter_mut())),
            other => self.nodes(tree::children(other)),
        }
    }

    fn note(&mut self, node: &AstNode) {
        let sign = match node {
            AstNode::Function { name, .. } | AstNode::Variable(name) if wording::is_known(name) => {
                self.uses.functions.insert(name.clone());
                return;
            }
            AstNode::Binary { op: BinaryOp::LessThan, .. } => "<",
            AstNode::Binary { op: BinaryOp::LessThanOrEqual, .. } => "<=",
            AstNode::Binary { op: BinaryOp::GreaterThan, .. } => ">",
            AstNode::Binary { op: BinaryOp::GreaterThanOrEqual, .. } => ">=",
            _ => return,
        };
        self.uses.comparisons.insert(sign);
    }

    /// The bound name is known after its value; of a function also inside it.
    fn assignment(&mut self, target: &mut AstNode, value: &mut AstNode) {
        let AstNode::Variable(name) = target else {
            return self.nodes([target, value]);
        };
        let name = name.clone();
        if matches!(value, AstNode::Lambda { .. }) {
            self.bind(&name);
        }
        self.node(value);
        self.bind(&name);
    }

    /// Bindings of a step (`@$a`, `#$i`) hold in the steps after it.
    fn path(&mut self, steps: &mut [PathStep]) {
        self.scopes.push(Vec::new());
        let member = match steps {
            [_, second, ..] => match &second.node {
                AstNode::Name(name) | AstNode::String(name) => Some(name.clone()),
                _ => None,
            },
            _ => None,
        };
        for (index, step) in steps.iter_mut().enumerate() {
            let plain = step.stages.is_empty() && step.focus.is_none() && step.index_var.is_none();
            match (&step.node, &member) {
                (AstNode::Variable(name), Some(member))
                    if index == 0 && plain && name == "states" && !self.is_bound(name) =>
                {
                    self.states(Some(member));
                }
                _ => self.node(&mut step.node),
            }
            let names = [step.focus.clone(), step.index_var.clone()];
            names.iter().flatten().for_each(|name| self.bind(name));
            for stage in &mut step.stages {
                match stage {
                    Stage::Filter(filter) => self.node(filter),
                    Stage::Index(name) => self.bind(name),
                    Stage::KeepArray => (),
                }
            }
        }
        self.scopes.pop();
    }

    /// `$states`, with the member that follows where one does.
    fn states(&mut self, member: Option<&str>) {
        let uses = &mut self.uses;
        uses.states = true;
        match member {
            Some("input") => uses.input = true,
            Some("result") => uses.result = true,
            Some("errorOutput") => uses.error_output = true,
            Some("context") => uses.context = true,
            Some(_) => (),
            None => {
                (uses.input, uses.result, uses.error_output, uses.context) = (true, true, true, true);
            }
        }
    }

    fn variable(&mut self, node: &mut AstNode) {
        let AstNode::Variable(name) = node else { return };
        // `$` alone is the context item.
        if name.is_empty() || self.is_bound(name) {
            return;
        }
        if name == "states" {
            return self.states(None);
        }
        self.variables.insert(name.as_str().into());
        let Some(own) = OWN.iter().find(|own| own.name == *name) else { return };
        // A function as a value, unless a variable of the workflow has that name.
        self.uses.own_functions = true;
        let read = || AstNode::Variable(own.name.to_owned());
        let parameters: Vec<String> =
            ["a", "b", "c"].iter().take(own.most).map(|name| (*name).to_owned()).collect();
        let arguments = parameters.iter().map(|name| AstNode::Variable(name.clone())).collect();
        let function = AstNode::Lambda {
            params: parameters,
            body: Box::new(own_call(own, arguments)),
            signature: None,
            thunk: false,
        };
        let exists = AstNode::Function { name: "exists".into(), args: vec![read()], is_builtin: true };
        *node = AstNode::Conditional {
            condition: Box::new(exists),
            then_branch: Box::new(read()),
            else_branch: Some(Box::new(function)),
        };
    }

    fn call(&mut self, node: &mut AstNode) {
        let AstNode::Function { name, args, .. } = node else { return };
        if let Some(own) = OWN.iter().find(|own| own.name == *name) {
            self.uses.own_functions = true;
            let mut args = std::mem::take(args);
            if args.is_empty() && own.takes_context {
                // The context item, and a mark that it stands for a missing argument.
                args.extend([AstNode::Variable(String::new()), AstNode::Undefined]);
            }
            *node = own_call(own, args);
        } else if !args.iter().any(|argument| matches!(argument, AstNode::Placeholder)) {
            let fenced = fence::call(name, args);
            self.uses.own_functions |= fenced.is_some() || mended(name, args);
            if let Some(fenced) = fenced {
                *node = fenced;
            }
        }
    }
}

/// The weight of the pattern that a call holds its first argument against, if that takes any care.
fn subject(name: &str, arguments: &[AstNode]) -> Option<usize> {
    match (name, arguments) {
        ("match" | "contains" | "split" | "replace", [text, AstNode::Regex { pattern, .. }, ..])
            if !matches!(text, AstNode::Placeholder) =>
        {
            Some(pattern::weight(pattern)).filter(|weight| *weight > pattern::LIGHT)
        }
        _ => None,
    }
}

/// Writes `a ~> $f(b)` as the call it stands for, `$f(a, b)`, where `$f` is replaced by something that is no call.
fn unchain(node: &mut AstNode) {
    const REPLACED: [&str; 8] =
        ["distinct", "number", "encodeUrl", "spread", "fromMillis", "join", "pad", "replace"];
    const MATCHING: [&str; 3] = ["match", "contains", "split"];
    let AstNode::Binary { op: BinaryOp::ChainPipe, lhs, rhs } = node else { return };
    let AstNode::Function { name, args, is_builtin } = &mut **rhs else { return };
    let matching = MATCHING.contains(&name.as_str()) && matches!(args.first(), Some(AstNode::Regex { .. }));
    if !(matching || REPLACED.contains(&name.as_str()))
        || args.iter().any(|argument| matches!(argument, AstNode::Placeholder))
    {
        return;
    }
    let mut args = std::mem::take(args);
    args.insert(0, std::mem::replace(&mut **lhs, AstNode::Null));
    *node = AstNode::Function { name: std::mem::take(name), args, is_builtin: *is_builtin };
}

/// Functions of the crate that answer otherwise than JSONata's makers do (the cases of `oracle.rs` show it): called with
/// arguments they go to ours. Without arguments they take the context item, which only the crate knows.
fn mended(name: &mut String, arguments: &mut [AstNode]) -> bool {
    match (name.as_str(), arguments) {
        ("number", [_]) => "own number".clone_into(name),
        ("spread", [_]) => "own spread".clone_into(name),
        ("encodeUrl", [_]) => "own encodeUrl".clone_into(name),
        ("fromMillis", [first, ..]) => {
            let argument = std::mem::replace(first, AstNode::Null);
            *first = AstNode::Function { name: "own whole".into(), args: vec![argument], is_builtin: true };
        }
        _ => return false,
    }
    true
}

/// A call under the registered name. `$now` with its picture is written as a conversion of the turn's time.
fn own_call(own: &super::functions::Own, mut arguments: Vec<AstNode>) -> AstNode {
    if own.name == "now" {
        arguments
            .insert(0, AstNode::Function { name: "own millis".into(), args: Vec::new(), is_builtin: true });
        return AstNode::Function { name: "fromMillis".into(), args: arguments, is_builtin: true };
    }
    AstNode::Function { name: own.registered.to_owned(), args: arguments, is_builtin: true }
}
