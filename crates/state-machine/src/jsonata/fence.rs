//! Keeps values from multiplying.
//!
//! The evaluator looks at its clock between steps, not inside one. A text doubled forty times, or an array that holds the
//! same array twice forty times over, would take the memory of the machine in one step; here they fail before.

use super::functions::error;
use super::tree;
use jsonata_core::ast::{AstNode, BinaryOp};
use jsonata_core::evaluator::{Evaluator, EvaluatorError, HostFnResult};
use jsonata_core::value::{JValue, with_stack};

/// Most values and bytes of text inside one value; an array that stands twice in it counts twice.
const LARGEST: usize = 4 << 20;
/// Most bytes a replacement or a joining may come to.
const LARGEST_PRODUCT: usize = 1 << 28;

/// What an expression may multiply by without being watched: with this many parts of arrays, objects and joined texts a
/// payload grows at most some thousand times.
pub(super) const HARMLESS: usize = 20;

/// How much a node adds to that. Names and functions let parts be used again, without an end.
pub(super) fn growth(node: &AstNode) -> usize {
    match node {
        AstNode::Array(items) | AstNode::ArrayGroup(items) => items.len(),
        AstNode::Object(pairs) | AstNode::ObjectTransform { pattern: pairs, .. } => pairs.len(),
        AstNode::Binary { op: BinaryOp::Concatenate, .. } => 2,
        AstNode::Lambda { .. } | AstNode::Binary { op: BinaryOp::ColonEqual, .. } => HARMLESS + 1,
        _ => 0,
    }
}

/// Puts a check around everything that builds an array, an object or a text. An array constructor right inside another one
/// or as a step of a path means something by its place, so the check stands around the whole.
pub(super) fn around(node: &mut AstNode) {
    with_stack(|| check(node));
}

fn check(node: &mut AstNode) {
    let builds = match node {
        AstNode::Array(_) | AstNode::ArrayGroup(_) => {
            array(node);
            matches!(node, AstNode::Array(_))
        }
        AstNode::Path { steps } => {
            let builds =
                steps.iter().any(|step| matches!(step.node, AstNode::Array(_) | AstNode::ArrayGroup(_)));
            array(node);
            builds
        }
        AstNode::Object(_)
        | AstNode::ObjectTransform { .. }
        | AstNode::Binary { op: BinaryOp::Concatenate, .. } => {
            tree::children(node).into_iter().for_each(around);
            true
        }
        _ => {
            tree::children(node).into_iter().for_each(around);
            false
        }
    };
    if builds {
        let built = std::mem::replace(node, AstNode::Null);
        *node = AstNode::Function { name: "own bounded".into(), args: vec![built], is_builtin: true };
    }
}

/// What stands inside an array constructor; arrays right inside it are left in their places.
fn array(node: &mut AstNode) {
    for child in tree::children(node) {
        match child {
            AstNode::Array(_) | AstNode::ArrayGroup(_) => array(child),
            other => around(other),
        }
    }
}

/// A call whose result could be far larger than its arguments, with a check of these before it.
pub(super) fn call(name: &str, arguments: &mut Vec<AstNode>) -> Option<AstNode> {
    let factor = match (name, arguments.len()) {
        ("pad", 2..) => {
            let width = std::mem::replace(&mut arguments[1], AstNode::Null);
            arguments[1] =
                AstNode::Function { name: "own width".into(), args: vec![width], is_builtin: true };
            return Some(AstNode::Function {
                name: name.into(),
                args: std::mem::take(arguments),
                is_builtin: true,
            });
        }
        ("join", 2) => 1,
        ("replace", 3..) => 2,
        _ => return None,
    };
    // Both are evaluated once, under names no expression can say.
    let mut steps = Vec::with_capacity(4);
    let mut kept = Vec::with_capacity(2);
    for (place, name) in [(0, "own first"), (factor, "own second")] {
        let value = std::mem::replace(&mut arguments[place], AstNode::Variable(name.into()));
        let target = Box::new(AstNode::Variable(name.into()));
        steps.push(AstNode::Binary { op: BinaryOp::ColonEqual, lhs: target, rhs: Box::new(value) });
        kept.push(AstNode::Variable(name.into()));
    }
    steps.push(AstNode::Function { name: "own product".into(), args: kept, is_builtin: true });
    steps.push(AstNode::Function { name: name.into(), args: std::mem::take(arguments), is_builtin: true });
    Some(AstNode::Block(steps))
}

/// Makes the checks known to an evaluator.
pub(super) fn register(evaluator: &mut Evaluator) -> Result<(), EvaluatorError> {
    evaluator.register_fn("own bounded", bounded)?;
    evaluator.register_fn("own width", width)?;
    evaluator.register_fn("own product", product)
}

fn too_large() -> EvaluatorError {
    error(format!("The expression makes a value of more than {LARGEST} bytes"))
}

/// The value, if it is not too large.
fn bounded(arguments: &[JValue]) -> HostFnResult {
    let value = arguments.first().unwrap_or(&JValue::Undefined);
    let mut left = LARGEST;
    take(value, &mut left).ok_or_else(too_large)?;
    Ok(value.clone())
}

/// Takes a value's size off what is left.
fn take(value: &JValue, left: &mut usize) -> Option<()> {
    let own = match value {
        JValue::String(text) => text.len() + 1,
        _ => 1,
    };
    *left = left.checked_sub(own)?;
    match value {
        JValue::Array(items) => with_stack(|| items.iter().try_for_each(|item| take(item, left))),
        JValue::Object(members) => with_stack(|| {
            members.iter().try_for_each(|(name, member)| {
                *left = left.checked_sub(name.len())?;
                take(member, left)
            })
        }),
        _ => Some(()),
    }
}

/// The width `$pad` shall fill.
fn width(arguments: &[JValue]) -> HostFnResult {
    let width = arguments.first().cloned().unwrap_or(JValue::Undefined);
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let most = LARGEST as f64;
    if width.as_f64().is_some_and(|width| width.abs() > most) { Err(too_large()) } else { Ok(width) }
}

/// Fails if two texts, or a list and a text, are too large to be multiplied.
fn product(arguments: &[JValue]) -> HostFnResult {
    let size = |index: usize| match arguments.get(index) {
        Some(JValue::String(text)) => text.len(),
        Some(JValue::Array(items)) => items.len(),
        _ => 1,
    };
    if size(0).saturating_mul(size(1)) > LARGEST_PRODUCT { Err(too_large()) } else { Ok(JValue::Undefined) }
}
