//! Prepares a parsed expression: finds what it reads, and puts the service's functions in place.

use super::functions::OWN;
use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};
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
}

/// Finds what the expression reads, and turns calls of own functions into calls of the names they are registered under,
/// so that a variable of the same name disturbs nothing.
pub(super) fn prepare(tree: &mut AstNode) -> Uses {
    let mut walk = Walk { uses: Uses::default(), variables: BTreeSet::new(), scopes: vec![Vec::new()] };
    walk.node(tree);
    let mut uses = walk.uses;
    uses.variables = walk.variables.into_iter().collect();
    uses
}

struct Walk {
    uses: Uses,
    variables: BTreeSet<Arc<str>>,
    /// Names bound so far, a list a block.
    scopes: Vec<Vec<String>>,
}

impl Walk {
    fn is_bound(&self, name: &str) -> bool {
        self.scopes.iter().flatten().any(|bound| bound == name)
    }

    fn bind(&mut self, name: &str) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.push(name.to_owned());
        }
    }

    fn nodes<'n>(&mut self, nodes: impl IntoIterator<Item = &'n mut AstNode>) {
        nodes.into_iter().for_each(|node| self.node(node));
    }

    fn pairs(&mut self, pairs: &mut [(AstNode, AstNode)]) {
        for (key, value) in pairs {
            self.node(key);
            self.node(value);
        }
    }

    fn within(&mut self, names: Vec<String>, body: impl FnOnce(&mut Walk)) {
        self.scopes.push(names);
        body(self);
        self.scopes.pop();
    }

    fn node(&mut self, node: &mut AstNode) {
        match node {
            AstNode::Variable(_) => self.variable(node),
            AstNode::Function { name, args, .. } => {
                self.nodes(args.iter_mut());
                if !self.is_bound(name) {
                    self.call(node);
                }
            }
            AstNode::Path { steps } => self.path(steps),
            AstNode::Binary { op: BinaryOp::ColonEqual, lhs, rhs } => self.assignment(lhs, rhs),
            AstNode::Binary { lhs, rhs, .. } => self.nodes([&mut **lhs, &mut **rhs]),
            AstNode::Unary { operand, .. } => self.node(operand),
            AstNode::Call { procedure, args } => {
                self.node(procedure);
                self.nodes(args.iter_mut());
            }
            AstNode::Lambda { params, body, .. } => self.within(params.clone(), |walk| walk.node(body)),
            AstNode::Block(items) => self.within(Vec::new(), |walk| walk.nodes(items.iter_mut())),
            AstNode::Array(items) | AstNode::ArrayGroup(items) => self.nodes(items.iter_mut()),
            AstNode::Object(pairs) => self.pairs(pairs),
            AstNode::ObjectTransform { input, pattern } => {
                self.node(input);
                self.pairs(pattern);
            }
            AstNode::Conditional { condition, then_branch, else_branch } => {
                self.node(condition);
                self.node(then_branch);
                self.nodes(else_branch.as_deref_mut());
            }
            AstNode::FunctionApplication(inner) => self.node(inner),
            AstNode::Sort { input, terms } => {
                self.node(input);
                self.nodes(terms.iter_mut().map(|(term, _)| term));
            }
            AstNode::Transform { location, update, delete } => {
                self.nodes([&mut **location, &mut **update]);
                self.nodes(delete.as_deref_mut());
            }
            AstNode::String(_)
            | AstNode::Name(_)
            | AstNode::Number(_)
            | AstNode::Boolean(_)
            | AstNode::Null
            | AstNode::Undefined
            | AstNode::Placeholder
            | AstNode::Regex { .. }
            | AstNode::ParentVariable(_)
            | AstNode::Wildcard
            | AstNode::Descendant
            | AstNode::Parent(_) => (),
        }
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
            *node = own_call(own, std::mem::take(args));
        } else if !args.iter().any(|argument| matches!(argument, AstNode::Placeholder)) {
            self.uses.own_functions |= mended(name, args);
        }
    }
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
