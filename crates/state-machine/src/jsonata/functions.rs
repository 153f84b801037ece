//! The functions Step Functions adds to JSONata, and those of time and randomness, which come from the turn.

use crate::intrinsic::{java, math};
use crate::{Millis, text};
use jsonata_core::evaluator::{Evaluator, EvaluatorError, HostFnResult};
use jsonata_core::value::JValue;
use std::cell::Cell;
use std::rc::Rc;

use super::meter::Meter;
use super::{convert, fence, mended};

/// A function of ours.
pub(super) struct Own {
    /// Name in expressions.
    pub(super) name: &'static str,
    /// Name it is registered under; with its blank no expression can say it.
    pub(super) registered: &'static str,
    /// Most arguments.
    pub(super) most: usize,
    /// Without an argument it takes the context item.
    pub(super) takes_context: bool,
}

const fn own(name: &'static str, registered: &'static str, most: usize) -> Own {
    Own { name, registered, most, takes_context: false }
}

/// All of them. `$eval` is here to be refused: it would run texts that no linter saw.
pub(super) const OWN: [Own; 10] = [
    Own { name: "distinct", registered: "own distinct", most: 1, takes_context: true },
    own("eval", "own eval", 2),
    own("hash", "own hash", 2),
    own("millis", "own millis", 0),
    own("now", "own now", 2),
    own("parse", "own parse", 1),
    own("partition", "own partition", 2),
    own("random", "own random", 1),
    own("range", "own range", 3),
    own("uuid", "own uuid", 0),
];

/// Whether a function of ours has this name.
pub(super) fn is_own(name: &str) -> bool {
    OWN.iter().any(|own| own.name == name)
}

/// Makes them known to an evaluator.
pub(super) fn register(
    evaluator: &mut Evaluator,
    now: Millis,
    random: &Rc<Cell<u64>>,
    meter: &Meter,
) -> Result<(), EvaluatorError> {
    evaluator
        .register_fn("own eval", |_: &[JValue]| Err(error("T1006: Attempted to invoke a non-function")))?;
    evaluator.register_fn("own hash", hash)?;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds fit 53 bits for ages")]
    let millis = now as f64;
    evaluator.register_fn("own millis", move |_: &[JValue]| Ok(JValue::Number(millis)))?;
    evaluator.register_fn("own parse", parse)?;
    evaluator.register_fn("own partition", partition)?;
    let state = random.clone();
    evaluator.register_fn("own random", move |arguments: &[JValue]| self::random(arguments, &state))?;
    evaluator.register_fn("own range", range)?;
    mended::register(evaluator)?;
    fence::register(evaluator, meter)?;
    let state = random.clone();
    evaluator.register_fn("own uuid", move |_: &[JValue]| {
        Ok(JValue::string(math::uuid(&mut || next(&state)).as_str()))
    })
}

pub(super) fn error(text: impl Into<String>) -> EvaluatorError {
    EvaluatorError::EvaluationError(text.into())
}

/// JSONata's sentence for an argument of a wrong type.
pub(super) fn mismatch(argument: usize, function: &str) -> EvaluatorError {
    error(format!("T0410: Argument {argument} of function \"{function}\" does not match function signature"))
}

/// The next of the numbers that follow from the one drawn (SplitMix64).
fn next(state: &Cell<u64>) -> u64 {
    state.set(state.get().wrapping_add(0x9E37_79B9_7F4A_7C15));
    let mut mixed = state.get();
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn is_missing(arguments: &[JValue], index: usize) -> bool {
    arguments.get(index).is_none_or(JValue::is_undefined)
}

fn number(arguments: &[JValue], index: usize, function: &str) -> Result<f64, EvaluatorError> {
    arguments.get(index).and_then(JValue::as_f64).ok_or_else(|| mismatch(index + 1, function))
}

/// A number without its fraction.
fn whole(arguments: &[JValue], index: usize, function: &str) -> Result<i64, EvaluatorError> {
    java::integer(number(arguments, index, function)?.trunc()).ok_or_else(|| mismatch(index + 1, function))
}

/// From 0 up to, not including, 1; with a seed always the same, by `java.util.Random`.
fn random(arguments: &[JValue], state: &Cell<u64>) -> HostFnResult {
    if is_missing(arguments, 0) {
        #[expect(clippy::cast_precision_loss, reason = "53 bits")]
        return Ok(JValue::Number((next(state) >> 11) as f64 / (1_u64 << 53) as f64));
    }
    Ok(JValue::Number(java::Random::new(whole(arguments, 0, "random")?).next_double()))
}

fn hash(arguments: &[JValue]) -> HostFnResult {
    if is_missing(arguments, 0) {
        return Ok(JValue::Undefined);
    }
    let data = arguments.first().and_then(JValue::as_str).ok_or_else(|| mismatch(1, "hash"))?;
    let algorithm = arguments.get(1).and_then(JValue::as_str).ok_or_else(|| mismatch(2, "hash"))?;
    crate::intrinsic::digest(data, algorithm)
        .map(|found| JValue::string(found.as_str()))
        .ok_or_else(|| mismatch(2, "hash"))
}

fn parse(arguments: &[JValue]) -> HostFnResult {
    if is_missing(arguments, 0) {
        return Ok(JValue::Undefined);
    }
    let json = arguments.first().and_then(JValue::as_str).ok_or_else(|| mismatch(1, "parse"))?;
    let value = text::parse_value(json).map_err(|fault| error(format!("Invalid JSON: {fault}")))?;
    Ok(convert::into_jsonata(&value))
}

fn partition(arguments: &[JValue]) -> HostFnResult {
    if is_missing(arguments, 0) {
        return Ok(JValue::Undefined);
    }
    let items = arguments.first().and_then(JValue::as_array).ok_or_else(|| mismatch(1, "partition"))?;
    let size = usize::try_from(whole(arguments, 1, "partition")?).unwrap_or(0);
    if size == 0 {
        return Err(mismatch(2, "partition"));
    }
    Ok(JValue::array(items.chunks(size).map(|part| JValue::array(part.to_vec())).collect()))
}

/// The last number is included if a step lands on it.
fn range(arguments: &[JValue]) -> HostFnResult {
    let first = i128::from(whole(arguments, 0, "range")?);
    let last = i128::from(whole(arguments, 1, "range")?);
    let step = i128::from(whole(arguments, 2, "range")?);
    if step == 0 {
        return Err(mismatch(3, "range"));
    }
    if (last - first).signum() * step.signum() < 0 {
        return Ok(JValue::array(Vec::new()));
    }
    let count = usize::try_from((last - first) / step + 1).unwrap_or(usize::MAX);
    if count > super::LONGEST_SEQUENCE {
        return Err(error(format!("D2015: The sequence has more than {} items", super::LONGEST_SEQUENCE)));
    }
    #[expect(clippy::cast_precision_loss, reason = "numbers are doubles in JSONata")]
    let items = (0..).take(count).map(|index: i128| JValue::Number((first + index * step) as f64));
    Ok(JValue::array(items.collect()))
}
