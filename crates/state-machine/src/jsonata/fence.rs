//! Keeps values from multiplying.
//!
//! The evaluator looks at its clock between steps, not inside one, and never at memory. A text doubled forty times, or an
//! array that holds the same array twice forty times over, would take the memory of the machine in one step; here they fail
//! before. What many steps build together is counted ([`super::meter`]).

use super::functions::error;
use super::meter::Meter;
use super::tree;
use jsonata_core::ast::{AstNode, BinaryOp, PathStep};
use jsonata_core::evaluator::{Evaluator, EvaluatorError, HostFnResult};
use jsonata_core::value::{JValue, with_stack};
use std::collections::BTreeSet;

/// Most values and bytes of text inside one value; an array that stands twice in it counts twice.
const LARGEST: usize = 4 << 20;
/// Most bytes a replacement or a joining may come to.
const LARGEST_PRODUCT: usize = 1 << 28;
/// Where others wait, both are so much smaller.
const QUICK_SHARE: usize = 16;

/// What an expression may multiply by without being watched: with this many parts of arrays, objects and joined texts a
/// payload grows at most some ten times.
pub(super) const HARMLESS: usize = 20;

/// How much a node adds to that. Names, functions and the steps of a path let parts be used again, without an end.
pub(super) fn growth(node: &AstNode, is_repeated: bool) -> usize {
    let own = match node {
        AstNode::Array(items) | AstNode::ArrayGroup(items) => items.len(),
        AstNode::Object(pairs) | AstNode::ObjectTransform { pattern: pairs, .. } => pairs.len(),
        AstNode::Binary { op: BinaryOp::Concatenate, .. } => 2,
        AstNode::Lambda { .. } | AstNode::Binary { op: BinaryOp::ColonEqual | BinaryOp::Range, .. } => {
            HARMLESS + 1
        }
        AstNode::Function { name, .. } if is_repeated && BULKY.contains(&name.as_str()) => HARMLESS + 1,
        _ => 0,
    };
    // Small objects made of every item are what most paths are written for.
    let is_object = matches!(node, AstNode::Object(_));
    if is_repeated && own > 0 && !is_object { HARMLESS + 1 } else { own }
}

/// Functions whose result is as large as their arguments.
const BULKY: [&str; 44] = [
    "append",
    "base64decode",
    "base64encode",
    "decodeUrl",
    "decodeUrlComponent",
    "distinct",
    "each",
    "encodeUrl",
    "encodeUrlComponent",
    "filter",
    "formatInteger",
    "formatNumber",
    "fromMillis",
    "join",
    "keys",
    "lookup",
    "lowercase",
    "map",
    "match",
    "merge",
    "pad",
    "replace",
    "reverse",
    "shuffle",
    "sift",
    "sort",
    "split",
    "spread",
    "string",
    "substring",
    "substringAfter",
    "substringBefore",
    "trim",
    "uppercase",
    "zip",
    "own distinct",
    "own encodeUrl",
    "own parse",
    "own partition",
    "own range",
    "own spread",
    "own hash",
    "own uuid",
    "own number",
];

/// Puts a check around everything that builds an array, an object or a text. An array constructor right inside another one
/// or as a step of a path means something by its place, so the check stands around the whole. `bound`: names the expression
/// binds itself; a call of such a one may be a tail call and stays.
pub(super) fn around(node: &mut AstNode, bound: &BTreeSet<String>) {
    fence(node, Place { bound, is_repeated: false });
}

/// Where a node stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    bound: &'a BTreeSet<String>,
    /// In a function: what it makes, it may make in every call.
    is_repeated: bool,
}

fn fence(node: &mut AstNode, at: Place<'_>) {
    with_stack(|| check(node, at));
}

fn below(node: &mut AstNode, at: Place<'_>) {
    for child in tree::children(node) {
        fence(child, at);
    }
}

fn check(node: &mut AstNode, at: Place<'_>) {
    let check = match node {
        AstNode::Array(_) | AstNode::ArrayGroup(_) => {
            array(node, at);
            matches!(node, AstNode::Array(_)).then_some("own bounded")
        }
        AstNode::Path { steps } => {
            let array =
                steps.iter().any(|step| matches!(step.node, AstNode::Array(_) | AstNode::ArrayGroup(_)));
            let whole = steps.len() > 1 && steps.iter().all(is_plain);
            self::array(node, at);
            if array { Some("own bounded") } else { whole.then_some("own built") }
        }
        AstNode::Object(_) | AstNode::Binary { op: BinaryOp::Concatenate, .. } => {
            below(node, at);
            Some("own bounded")
        }
        // What these take their items from may be a path that brings names along.
        AstNode::ObjectTransform { .. } | AstNode::Sort { .. } | AstNode::Transform { .. } => {
            for (index, child) in tree::children(node).into_iter().enumerate() {
                match child {
                    AstNode::Path { .. } if index == 0 => array(child, at),
                    child => fence(child, at),
                }
            }
            matches!(node, AstNode::ObjectTransform { .. }).then_some("own bounded")
        }
        AstNode::Binary { op: BinaryOp::Range, .. } => {
            below(node, at);
            Some("own built")
        }
        AstNode::Binary { op: BinaryOp::ChainPipe, lhs, rhs } => {
            fence(lhs, at);
            // What comes last gets what comes before as an argument: it stays a call.
            match &mut **rhs {
                AstNode::Function { name, args, .. } => {
                    let own = built_by(name, at.bound);
                    for argument in args {
                        fence(argument, at);
                    }
                    own
                }
                AstNode::Path { .. } => {
                    array(rhs, at);
                    None
                }
                AstNode::Lambda { body, .. } => {
                    fence(body, Place { is_repeated: true, ..at });
                    None
                }
                // Of two functions it makes one.
                other => {
                    below(other, at);
                    at.is_repeated.then_some("own made")
                }
            }
        }
        AstNode::Lambda { body, .. } => {
            fence(body, Place { is_repeated: true, ..at });
            at.is_repeated.then_some("own made")
        }
        // A function can call itself by the name it is bound to, if it stands there as such.
        AstNode::Binary { op: BinaryOp::ColonEqual, lhs, rhs } => {
            let function =
                if let (AstNode::Variable(name), AstNode::Lambda { body, .. }) = (&mut **lhs, &mut **rhs) {
                    fence(body, Place { is_repeated: true, ..at });
                    at.is_repeated.then(|| name.clone())
                } else {
                    fence(rhs, at);
                    None
                };
            if let Some(name) = function {
                let bound = std::mem::replace(node, AstNode::Null);
                let made = call_of("own made", vec![AstNode::Variable(name)]);
                *node = call_of("own last", vec![bound, made]);
            }
            None
        }
        AstNode::Function { args, .. }
            if args.iter().any(|argument| matches!(argument, AstNode::Placeholder)) =>
        {
            below(node, at);
            at.is_repeated.then_some("own made")
        }
        AstNode::Function { name, .. } => {
            let own = built_by(name, at.bound);
            below(node, at);
            own
        }
        _ => {
            below(node, at);
            None
        }
    };
    if let Some(check) = check {
        let built = std::mem::replace(node, AstNode::Null);
        *node = call_of(check, vec![built]);
    }
}

fn call_of(name: &str, args: Vec<AstNode>) -> AstNode {
    AstNode::Function { name: name.into(), args, is_builtin: true }
}

/// The check around a call of this function, if it needs one.
fn built_by(name: &String, bound: &BTreeSet<String>) -> Option<&'static str> {
    let bulky = BULKY.contains(&name.as_str()) && !bound.contains(name);
    bulky.then_some(if matches!(name.as_str(), "append" | "merge") { "own grown" } else { "own built" })
}

/// A step that brings nothing along but its value.
fn is_plain(step: &PathStep) -> bool {
    step.focus.is_none() && step.index_var.is_none() && step.ancestor_label.is_none() && !step.is_tuple
}

/// What stands inside an array constructor or a path; arrays right inside it are left in their places.
fn array(node: &mut AstNode, at: Place<'_>) {
    for child in tree::children(node) {
        match child {
            AstNode::Array(_) | AstNode::ArrayGroup(_) | AstNode::Path { .. } => array(child, at),
            other => fence(other, at),
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
pub(super) fn register(evaluator: &mut Evaluator, meter: &Meter) -> Result<(), EvaluatorError> {
    let own = meter.clone();
    evaluator.register_fn("own bounded", move |arguments: &[JValue]| bounded(arguments, &own))?;
    let own = meter.clone();
    evaluator.register_fn("own built", move |arguments: &[JValue]| built(arguments, &own))?;
    let own = meter.clone();
    evaluator.register_fn("own grown", move |arguments: &[JValue]| {
        let value = arguments.first().unwrap_or(&JValue::Undefined);
        if own.grown(value) { Ok(value.clone()) } else { Err(too_much()) }
    })?;
    let own = meter.clone();
    evaluator.register_fn("own subject", move |arguments: &[JValue]| subject(arguments, &own))?;
    let own = meter.clone();
    evaluator.register_fn("own made", move |arguments: &[JValue]| made(arguments, &own))?;
    evaluator.register_fn("own last", |arguments: &[JValue]| {
        Ok(arguments.last().cloned().unwrap_or(JValue::Undefined))
    })?;
    let own = meter.clone();
    evaluator.register_fn("own width", move |arguments: &[JValue]| width(arguments, &own))?;
    let own = meter.clone();
    evaluator.register_fn("own product", move |arguments: &[JValue]| product(arguments, &own))
}

fn too_large(meter: &Meter) -> EvaluatorError {
    meter.exceed();
    error(format!("The expression makes a value of more than {LARGEST} bytes"))
}

fn too_much() -> EvaluatorError {
    error(format!("The expression makes values of more than {} bytes together", super::meter::MOST_BUILT))
}

/// A bound, as it is for this evaluation.
fn most(bound: usize, meter: &Meter) -> usize {
    if meter.is_quick() { bound / QUICK_SHARE } else { bound }
}

/// The value, if all those built so far are not too large.
fn built(arguments: &[JValue], meter: &Meter) -> HostFnResult {
    let value = arguments.first().unwrap_or(&JValue::Undefined);
    if meter.built(value) { Ok(value.clone()) } else { Err(too_much()) }
}

/// A text that is to be held against a pattern of a weight, if it is not too long for it.
fn subject(arguments: &[JValue], meter: &Meter) -> HostFnResult {
    let value = arguments.first().cloned().unwrap_or(JValue::Undefined);
    let bytes = value.as_str().map_or(0, str::len);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let weight = arguments.get(1).and_then(JValue::as_f64).unwrap_or(0.0) as usize;
    if super::pattern::is_short(bytes, weight, meter.is_quick()) {
        return Ok(value);
    }
    meter.exceed();
    Err(error("The expression matches a text against a regular expression that is too large for it"))
}

/// A function that was made in a function, if there are not too many; anything else as it is.
fn made(arguments: &[JValue], meter: &Meter) -> HostFnResult {
    let value = arguments.first().unwrap_or(&JValue::Undefined);
    if meter.keep(value) { Ok(value.clone()) } else { Err(too_much()) }
}

/// The value, if it is not too large.
fn bounded(arguments: &[JValue], meter: &Meter) -> HostFnResult {
    let value = arguments.first().unwrap_or(&JValue::Undefined);
    let mut left = most(LARGEST, meter);
    take(value, &mut left).ok_or_else(|| too_large(meter))?;
    built(arguments, meter)
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
fn width(arguments: &[JValue], meter: &Meter) -> HostFnResult {
    let width = arguments.first().cloned().unwrap_or(JValue::Undefined);
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let most = most(LARGEST, meter) as f64;
    if width.as_f64().is_some_and(|width| width.abs() > most) { Err(too_large(meter)) } else { Ok(width) }
}

/// Fails if two texts, or a list and a text, are too large to be multiplied.
fn product(arguments: &[JValue], meter: &Meter) -> HostFnResult {
    let size = |index: usize| match arguments.get(index) {
        Some(JValue::String(text)) => text.len(),
        Some(JValue::Array(items)) => items.len(),
        _ => 1,
    };
    let product = size(0).saturating_mul(size(1));
    if product > most(LARGEST_PRODUCT, meter) { Err(too_large(meter)) } else { Ok(JValue::Undefined) }
}
