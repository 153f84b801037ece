//! Rules of a Choice state.

use super::site::Site;
use crate::program::choice::{Operand, Rule, Test, comparison, kind};
use crate::program::{CompileError, Way};
use crate::text::{Kind, Node};

/// Rules nest as deep as JSON may ([`crate::text::MAX_DEPTH`]), two levels a rule.
pub(super) fn ways(site: &Site<'_, '_>) -> Result<Box<[Way]>, CompileError> {
    let choices = site.node.get("Choices").filter(|choices| choices.is_array());
    let choices = choices.ok_or_else(|| site.error("Choices", "an array is required"))?;
    choices
        .items()
        .iter()
        .enumerate()
        .map(|(at, node)| {
            let place = format!("Choices[{at}]/");
            let next = node.get("Next").ok_or_else(|| site.error("Choices", "Next is required"))?;
            Ok(Way {
                rule: rule(site, node, &place)?,
                next: site.target(next, "Choices")?,
                output: site.template_in(node, &place, "Output")?,
                assign: site.template_in(node, &place, "Assign")?,
            })
        })
        .collect()
}

fn rule(site: &Site<'_, '_>, node: &Node, place: &str) -> Result<Rule, CompileError> {
    if let Some(condition) = site.template_in(node, place, "Condition")? {
        return Ok(Rule::Condition(condition));
    }
    let several =
        |node: &Node| node.items().iter().map(|node| rule(site, node, place)).collect::<Result<_, _>>();
    if let Some(rules) = node.get("And") {
        return several(rules).map(Rule::And);
    }
    if let Some(rules) = node.get("Or") {
        return several(rules).map(Rule::Or);
    }
    if let Some(inner) = node.get("Not") {
        return Ok(Rule::Not(Box::new(rule(site, inner, place)?)));
    }
    let variable = site.path_in(node, "Variable")?;
    let variable = variable.ok_or_else(|| site.error("Choices", "a rule needs a Variable"))?;
    for (key, value) in node.members() {
        if let Some(test) = test(site, &key.name, value)? {
            return Ok(Rule::Test(variable, test));
        }
    }
    Err(site.error("Choices", "a rule needs a comparison"))
}

fn test(site: &Site<'_, '_>, name: &str, value: &Node) -> Result<Option<Test>, CompileError> {
    if let Some((family, orders, by_path)) = comparison(name) {
        let operand = match &value.kind {
            Kind::String(text) if by_path => Operand::Found(site.path(text, "Choices")?),
            _ => Operand::Fixed(value.to_value()),
        };
        return Ok(Some(Test::Compare(family, orders, operand)));
    }
    Ok(match (&value.kind, kind(name)) {
        (Kind::String(pattern), None) if name == "StringMatches" => Some(Test::Matches(pattern.clone())),
        (Kind::Bool(shall), Some(kind)) => Some(Test::Is(kind, *shall)),
        _ => None,
    })
}
