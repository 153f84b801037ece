//! Holds a definition against the tables, in the order in which statelint complains.

use super::fault::{Fault, Problems};
use super::field::{Bound, Child, Era, Field, Line, Need, Rule, Type};
use super::role::{Role, roles};
use super::{ruby, tables, types};
use crate::jsonata::{Expression, delimited};
use crate::template::Language;
use crate::text::{Kind, Node};
use crate::trail::Trail;

/// Which rules apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Exactly statelint's.
    Statelint,
    /// Those of the language of today.
    Today,
}

/// What the tables say of one field of an object.
struct Said {
    known: bool,
    /// It may stand in a state of this language.
    fits: bool,
    child: Child,
}

/// One walk through a definition.
pub(super) struct Walk<'p> {
    pub(super) mode: Mode,
    /// Language of the machine: states inside Map and Parallel inherit this one, not that of the state around them.
    pub(super) machine: Language,
    pub(super) problems: &'p mut Problems,
}

impl Walk<'_> {
    /// Checks an object that plays the role, and everything in it.
    pub(super) fn check(&mut self, node: &Node, trail: &Trail<'_>, first: Role, around: Language) {
        if !node.is_object() {
            return;
        }
        let language = if first == Role::State { Language::of(node, self.machine) } else { around };
        let roles = roles(first, node);
        for line in roles.iter().flat_map(|role| tables::of(*role).of_object(node)) {
            if self.knows(line) && (self.mode == Mode::Statelint || line.languages.include(language)) {
                self.check_rule(node, trail, &line.rule, &roles, language);
            }
        }
        for (key, value) in node.members() {
            let below = trail.field(&key.name);
            let said = self.said_of(&roles, &key.name, language);
            if !said.known {
                self.problems.add(trail, &key.span, Fault::NotAllowed(key.name.to_string()));
            } else if !said.fits && self.mode == Mode::Today {
                let (field, jsonata) = (key.name.to_string(), language == Language::Jsonata);
                self.problems.add(trail, &key.span, Fault::WrongLanguage { field, jsonata });
            }
            match said.child {
                Child::None => {}
                Child::Value(role) => self.check(value, &below, role, language),
                Child::Each(role) => {
                    for (name, member) in value.members() {
                        self.check(member, &below.field(&name.name), role, language);
                    }
                    for (index, item) in value.items().iter().enumerate() {
                        self.check(item, &below.index(index), role, language);
                    }
                }
            }
        }
    }

    fn knows(&self, line: &Line) -> bool {
        match self.mode {
            Mode::Statelint => line.era != Era::Today,
            Mode::Today => line.era != Era::Statelint,
        }
    }

    /// All that is said of a field by the roles of its object.
    fn said_of(&self, roles: &[Role], name: &str, language: Language) -> Said {
        let mut said = Said { known: false, fits: false, child: Child::None };
        for line in roles.iter().flat_map(|role| tables::of(*role).of_name(name)) {
            let Rule::Field(field) = &line.rule else { continue };
            if field.name != name || !self.knows(line) {
                continue;
            }
            said.known = true;
            // What must not be there is complained of by its own rule.
            said.fits |= field.languages.include(language) || field.need == Need::MustNot;
            // In statelint's own table the processor's configuration has no role, so nothing in it is looked at.
            let seen = self.mode == Mode::Today || field.child != Child::Value(Role::ProcessorConfig);
            if said.child == Child::None && seen {
                said.child = field.child;
            }
        }
        said
    }

    fn check_rule(
        &mut self,
        node: &Node,
        trail: &Trail<'_>,
        rule: &'static Rule,
        roles: &[Role],
        language: Language,
    ) {
        match rule {
            Rule::OneOf(names) => {
                if !names.iter().any(|name| node.get(name).is_some()) {
                    self.problems.add(trail, &node.span, Fault::Missing(names));
                }
            }
            Rule::OnlyOneOf(names) => {
                let there: Vec<_> = names.iter().copied().filter(|name| node.get(name).is_some()).collect();
                if there.len() > 1 {
                    self.problems.add(trail, &node.span, Fault::OnlyOneOf(names, there));
                }
            }
            Rule::Field(field) => {
                let excepted = field.unless.iter().any(|role| roles.contains(role));
                let elsewhere = self.mode == Mode::Today && !field.languages.include(language);
                if !excepted && !elsewhere {
                    self.check_field(node, trail, field, language);
                }
            }
        }
    }

    fn check_field(&mut self, node: &Node, trail: &Trail<'_>, field: &'static Field, language: Language) {
        let value = node.get(field.name);
        match field.need {
            Need::MustNot => {
                // A null or false one is none, to statelint as to Ruby.
                let there = value.filter(|value| !matches!(value.kind, Kind::Null | Kind::Bool(false)));
                let there = if self.mode == Mode::Today { value } else { there };
                if let Some(value) = there {
                    self.problems.add(trail, &value.span, Fault::Forbidden(field.name));
                }
            }
            Need::Must | Need::May => {
                if let Some(value) = value {
                    self.check_value(value, trail, field, language);
                } else if field.need == Need::Must {
                    self.problems.add(trail, &node.span, Fault::MissingField(field.name));
                }
            }
        }
    }

    fn check_value(&mut self, value: &Node, trail: &Trail<'_>, field: &'static Field, language: Language) {
        let below = trail.field(field.name);
        let expression = field.expression && !field.data && language == Language::Jsonata;
        if self.mode == Mode::Today
            && expression
            && let Some(source) = value.as_str().and_then(delimited)
        {
            if let Err(error) = Expression::compile(source) {
                self.problems.add(&below, &value.span, Fault::expression(&error.0));
            }
            return;
        }
        // statelint names the object in which the field is.
        let mode = self.mode;
        let mut add = |fault| self.problems.add_at(trail.dotted(), &below, &value.span, fault);
        for bound in [field.bound, field.sign].into_iter().flatten() {
            let bound = match bound {
                // The quota is 99,999,999 seconds; statelint refuses just that number.
                Bound::Ceiling(limit) if mode == Mode::Today => Bound::Maximum(limit),
                bound => bound,
            };
            if !within(value, bound) {
                let (field, fraction, shown) = (field.name, field.fraction, ruby::show(value));
                add(Fault::OutOfBounds { field, shown, bound, fraction });
            }
        }
        let allowed = field.one_of;
        if !allowed.is_empty() && !value.as_str().is_some_and(|text| allowed.contains(&text)) {
            add(Fault::NotOneOf { field: field.name, shown: ruby::show(value), allowed });
            if mode == Mode::Today {
                return;
            }
        }
        if field.nonempty && value.is_array() && value.items().is_empty() {
            add(Fault::Empty(field.name));
        }
        if matches!(value.kind, Kind::Null) && field.ty != Type::Any {
            if !field.nullable {
                add(Fault::Null(field.name));
            }
            return;
        }
        if !(self.mode == Mode::Today && field.data && field.expression && value.as_str().is_some()) {
            self.check_type(value, &below, field);
        }
    }

    fn check_type(&mut self, value: &Node, trail: &Trail<'_>, field: &'static Field) {
        let ty = field.ty;
        let wrong = |node: &Node, list| {
            let shown = ruby::show(node);
            let shown = if node.as_str().is_some() { format!("\"{shown}\"") } else { shown };
            Fault::WrongType { shown, ty, list }
        };
        if !field.list {
            if !types::fits(ty, value, self.mode) {
                self.problems.add(trail, &value.span, wrong(value, false));
            }
            return;
        }
        if !value.is_array() {
            self.problems.add(trail, &value.span, wrong(value, true));
        }
        for (index, item) in value.items().iter().enumerate() {
            if !types::fits(ty, item, self.mode) {
                self.problems.add(&trail.index(index), &item.span, wrong(item, false));
            }
        }
    }
}

/// Whether a number keeps a bound; what is no number is complained of by its type.
fn within(value: &Node, bound: Bound) -> bool {
    let Some(value) = value.as_f64() else { return true };
    match bound {
        Bound::Floor(limit) => value > limit,
        Bound::Minimum(limit) => value >= limit,
        Bound::Ceiling(limit) => value < limit,
        Bound::Maximum(limit) => value <= limit,
    }
}
