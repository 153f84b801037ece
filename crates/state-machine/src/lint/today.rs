//! What the language of today asks of a state beyond the tables: paths, templates and expressions that compile, query
//! languages that go together, resources that exist, labels.

use super::fault::{Code, Fault, Problems};
use super::{resource, warnings};
use crate::intrinsic::Call;
use crate::path::Path;
use crate::template::{Language, Template};
use crate::text::{Kind, Node};
use crate::trail::Trail;

/// Fields of a state that hold templates.
const TEMPLATES: &[&str] = &[
    "Parameters",
    "ResultSelector",
    "ItemSelector",
    "Assign",
    "Arguments",
    "Output",
    "Items",
    "Credentials",
    "Error",
    "Cause",
];

/// Longest label of a distributed Map state (developer guide, "Distributed map state fields").
const LONGEST_LABEL: usize = 40;

/// Longest name of a state (Amazon States Language, "States").
const LONGEST_NAME: usize = 80;

/// Checks one state; `named` is the place as statelint names it.
pub(super) fn check_state(
    state: &Node,
    named: &Trail<'_>,
    at: &Trail<'_>,
    machine: Language,
    problems: &mut Problems,
) {
    let language = Language::of(state, machine);
    let mut check = Check { state, named, at, language, problems };
    check.languages(machine);
    check.name();
    check.paths();
    for field in TEMPLATES {
        check.template(state, field, at);
    }
    match state.get("Type").and_then(Node::as_str) {
        Some("Choice") => check.choices(),
        Some("Fail") => check.fail(),
        Some("Map") => check.map(),
        Some("Task") => check.resource(),
        _ => {}
    }
    check.catchers();
    if language == Language::JsonPath {
        warnings::check(state, at, check.problems);
    }
}

struct Check<'a, 'p> {
    state: &'a Node,
    named: &'a Trail<'a>,
    at: &'a Trail<'a>,
    language: Language,
    problems: &'p mut Problems,
}

impl Check<'_, '_> {
    fn own(&mut self, trail: &Trail<'_>, node: &Node, code: Code, message: impl Into<String>) {
        self.problems.add(trail, &node.span, Fault::own(code, message));
    }

    fn languages(&mut self, machine: Language) {
        if machine == Language::Jsonata && self.language == Language::JsonPath {
            let message = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
            self.own(self.at, self.state, Code::SchemaValidationFailed, message);
        }
    }

    fn name(&mut self) {
        let length = self.at.name().chars().count();
        if !(1..=LONGEST_NAME).contains(&length) {
            let message =
                format!("The name of a state has 1 to {LONGEST_NAME} characters, this one {length}");
            self.own(self.at, self.state, Code::InvalidStateName, message);
        }
    }

    fn paths(&mut self) {
        if self.language == Language::Jsonata {
            return;
        }
        for (field, nullable) in [("InputPath", true), ("OutputPath", true), ("ItemsPath", false)] {
            let Some(value) = self.state.get(field) else { continue };
            let null = matches!(value.kind, Kind::Null);
            if null && nullable || value.as_str().is_some_and(|text| Path::compile(text).is_ok()) {
                continue;
            }
            let fault = Fault::NotAPath { field: field.to_owned(), choice: false, null };
            self.problems.add_at(self.named.dotted(), &self.at.field(field), &value.span, fault);
        }
    }

    /// The template in a field of a state, rule or catcher.
    fn template(&mut self, holder: &Node, field: &str, at: &Trail<'_>) {
        let Some(value) = holder.get(field) else { return };
        let Err(error) = Template::compile(value, self.language, field) else { return };
        let below = at.field(field);
        let fault = if self.language == Language::Jsonata {
            Fault::expression(
                error.message.strip_prefix("Invalid JSONata expression: ").unwrap_or(&error.message),
            )
        } else {
            match error.location.rsplit('/').next().filter(|name| name.ends_with(".$")) {
                Some(name) => Fault::NotATemplate { field: name.to_owned(), of: field.to_owned() },
                None => Fault::own(Code::SchemaValidationFailed, error.message.clone()),
            }
        };
        let dotted = if matches!(fault, Fault::Own { .. }) { below.dotted() } else { self.named.dotted() };
        self.problems.add_at(dotted, &below, &error.span, fault);
    }

    fn choices(&mut self) {
        let Some(choices) = self.state.get("Choices") else { return };
        let (named, below) = (self.named.field("Choices"), self.at.field("Choices"));
        for (index, rule) in choices.items().iter().enumerate() {
            let at = below.index(index);
            self.template(rule, "Assign", &at);
            self.template(rule, "Output", &at);
            if self.language == Language::JsonPath {
                self.rule(rule, &named.index(index), &at);
            }
        }
    }

    fn rule(&mut self, rule: &Node, named: &Trail<'_>, at: &Trail<'_>) {
        if let Some(variable) = rule.get("Variable")
            && variable.as_str().is_none_or(|text| Path::compile(text).is_err())
        {
            let fault = Fault::NotAPath { field: "Variable".to_owned(), choice: true, null: false };
            self.problems.add_at(named.dotted(), &at.field("Variable"), &variable.span, fault);
        }
        for operator in ["And", "Or", "Not"] {
            let Some(nested) = rule.get(operator) else { continue };
            let (named, below) = (named.field(operator), at.field(operator));
            if nested.is_object() {
                self.rule(nested, &named, &below);
            }
            for (index, item) in nested.items().iter().enumerate() {
                self.rule(item, &named.index(index), &below.index(index));
            }
        }
    }

    fn fail(&mut self) {
        for field in ["ErrorPath", "CausePath"] {
            let Some(value) = self.state.get(field).filter(|_| self.language == Language::JsonPath) else {
                continue;
            };
            let good = |text: &str| Path::compile(text).is_ok() || Call::compile(text).is_ok();
            if !value.as_str().is_some_and(good) {
                let fault = Fault::NotAPath { field: field.to_owned(), choice: false, null: false };
                self.problems.add_at(self.named.dotted(), &self.at.field(field), &value.span, fault);
            }
        }
    }

    fn catchers(&mut self) {
        let below = self.at.field("Catch");
        for (index, catcher) in
            self.state.get("Catch").map(Node::items).unwrap_or_default().iter().enumerate()
        {
            let at = below.index(index);
            self.template(catcher, "Assign", &at);
            self.template(catcher, "Output", &at);
        }
    }

    fn map(&mut self) {
        for (field, inner) in [
            ("ItemReader", "Parameters"),
            ("ItemReader", "Arguments"),
            ("ItemBatcher", "BatchInput"),
            ("ResultWriter", "Parameters"),
            ("ResultWriter", "Arguments"),
        ] {
            if let Some(holder) = self.state.get(field) {
                self.template(holder, inner, &self.at.field(field));
            }
        }
        let Some((node, label)) = self.state.get("Label").and_then(|node| Some((node, node.as_str()?)))
        else {
            return;
        };
        let message = if label.is_empty() {
            "Label cannot be empty".to_owned()
        } else if label.chars().count() > LONGEST_LABEL {
            format!("Label cannot exceed {LONGEST_LABEL} characters")
        } else if let Some(letter) = label.chars().find(|letter| is_forbidden_in_labels(*letter)) {
            format!("Label contains invalid character: {letter:?}")
        } else {
            return;
        };
        self.own(&self.at.field("Label"), node, Code::InvalidLabelName, message);
    }

    fn resource(&mut self) {
        let Some((node, arn)) = self.state.get("Resource").and_then(|node| Some((node, node.as_str()?)))
        else {
            return;
        };
        if !resource::is_recognized(arn) {
            let message = format!(
                "The resource provided {arn} is not recognized. The value is not a valid resource ARN, or the \
                 resource is not available in this region."
            );
            self.own(&self.at.field("Resource"), node, Code::SchemaValidationFailed, message);
        }
    }
}

/// Blanks, brackets, wildcards, the characters `"#%\^|~$&,;:/` and a backquote, control characters
/// (developer guide, "Label"; each is refused in a recording).
fn is_forbidden_in_labels(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(letter)
        || ('\u{fffe}'..='\u{ffff}').contains(&letter)
}
