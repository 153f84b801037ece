//! The words the tables are written in: one line a field.

use super::role::Role;
use crate::template::Language;

/// What a value has to be. The names are statelint's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Any,
    Object,
    Array,
    String,
    Integer,
    Float,
    Numeric,
    Boolean,
    ReferencePath,
    Timestamp,
    Uri,
}

/// Whether a field has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    May,
    Must,
    MustNot,
}

/// Who knows a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Era {
    /// statelint and the language of today.
    Both,
    /// Only the language of today: statelint refuses it or does not look.
    Today,
    /// Only statelint: the real service is different.
    Statelint,
}

/// The query languages in which a field may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Languages {
    Both,
    JsonPath,
    Jsonata,
}

/// A limit of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Bound {
    /// More than this.
    Floor(f64),
    /// This or more.
    Minimum(f64),
    /// Less than this.
    Ceiling(f64),
    /// This or less.
    Maximum(f64),
}

/// Where the objects with roles of their own are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Child {
    None,
    /// The value itself.
    Value(Role),
    /// Each member or element of it.
    Each(Role),
}

/// What is said of one field in one role.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) need: Need,
    pub(super) ty: Type,
    /// The type is that of the elements of an array.
    pub(super) list: bool,
    pub(super) nullable: bool,
    pub(super) nonempty: bool,
    /// In a JSONata state an expression `{% … %}` may stand instead.
    pub(super) expression: bool,
    /// Checked before the type.
    pub(super) bound: Option<Bound>,
    /// Checked after [`Field::bound`] (the sign, in statelint's words).
    pub(super) sign: Option<Bound>,
    /// Written as an integer in messages about limits, or with a fraction.
    pub(super) fraction: bool,
    pub(super) one_of: &'static [&'static str],
    pub(super) child: Child,
    pub(super) languages: Languages,
    /// Does not hold for objects with one of these roles.
    pub(super) unless: &'static [Role],
    /// Data of the user, in which names of fields mean nothing.
    pub(super) data: bool,
}

/// One line of a table.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    Field(Field),
    /// At least one of them.
    OneOf(&'static [&'static str]),
    /// At most one of them.
    OnlyOneOf(&'static [&'static str]),
}

/// A rule and who knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) era: Era,
    /// Holds only in states of this language.
    pub(super) languages: Languages,
    pub(super) rule: Rule,
}

const PLAIN: Field = Field {
    name: "",
    need: Need::May,
    ty: Type::Any,
    list: false,
    nullable: false,
    nonempty: false,
    expression: false,
    bound: None,
    sign: None,
    fraction: false,
    one_of: &[],
    child: Child::None,
    languages: Languages::Both,
    unless: &[],
    data: false,
};

/// The field may be there.
pub(super) const fn may(name: &'static str, ty: Type) -> Field {
    Field { name, ty, ..PLAIN }
}
/// The field must be there.
pub(super) const fn must(name: &'static str, ty: Type) -> Field {
    Field { name, ty, need: Need::Must, ..PLAIN }
}
/// The field must not be there.
pub(super) const fn must_not(name: &'static str) -> Field {
    Field { name, need: Need::MustNot, ..PLAIN }
}
/// At least one of the fields must be there.
pub(super) const fn one_of(names: &'static [&'static str]) -> Line {
    Line { era: Era::Both, languages: Languages::Both, rule: Rule::OneOf(names) }
}
/// No two of the fields may be there.
pub(super) const fn only_one_of(names: &'static [&'static str]) -> Line {
    Line { era: Era::Both, languages: Languages::Both, rule: Rule::OnlyOneOf(names) }
}

impl Field {
    /// An array of the type.
    pub(super) const fn list(self) -> Field {
        Field { list: true, ..self }
    }
    /// An array of the type that is not empty.
    pub(super) const fn nonempty_list(self) -> Field {
        Field { list: true, nonempty: true, ..self }
    }
    pub(super) const fn nullable(self) -> Field {
        Field { nullable: true, ..self }
    }
    /// In JSONata an expression may stand instead.
    pub(super) const fn or_expression(self) -> Field {
        Field { expression: true, ..self }
    }
    pub(super) const fn positive(self) -> Field {
        Field { sign: Some(Bound::Floor(0.0)), ..self }
    }
    pub(super) const fn nonnegative(self) -> Field {
        Field { sign: Some(Bound::Minimum(0.0)), ..self }
    }
    pub(super) const fn below(self, ceiling: u32) -> Field {
        Field { bound: Some(Bound::Ceiling(ceiling as f64)), ..self }
    }
    pub(super) const fn at_most(self, maximum: u32) -> Field {
        Field { bound: Some(Bound::Maximum(maximum as f64)), ..self }
    }
    pub(super) const fn at_least(self, minimum: f64) -> Field {
        Field { bound: Some(Bound::Minimum(minimum)), fraction: true, ..self }
    }
    pub(super) const fn with_fraction(self) -> Field {
        Field { fraction: true, ..self }
    }
    pub(super) const fn either(self, one_of: &'static [&'static str]) -> Field {
        Field { one_of, ..self }
    }
    /// The value plays a role.
    pub(super) const fn is(self, role: Role) -> Field {
        Field { child: Child::Value(role), ..self }
    }
    /// Each member or element plays a role.
    pub(super) const fn each(self, role: Role) -> Field {
        Field { child: Child::Each(role), ..self }
    }
    pub(super) const fn unless(self, roles: &'static [Role]) -> Field {
        Field { unless: roles, ..self }
    }
    pub(super) const fn jsonpath(self) -> Field {
        Field { languages: Languages::JsonPath, ..self }
    }
    pub(super) const fn jsonata(self) -> Field {
        Field { languages: Languages::Jsonata, expression: true, ..self }
    }
    /// The value is the user's own data.
    pub(super) const fn data(self) -> Field {
        Field { data: true, ..self }
    }
    /// A rule that statelint knows as well.
    pub(super) const fn both(self) -> Line {
        Line { era: Era::Both, languages: Languages::Both, rule: Rule::Field(self) }
    }
    /// A rule that statelint does not know.
    pub(super) const fn today(self) -> Line {
        Line { era: Era::Today, languages: Languages::Both, rule: Rule::Field(self) }
    }
    /// A rule that only statelint has.
    pub(super) const fn statelint(self) -> Line {
        Line { era: Era::Statelint, languages: Languages::Both, rule: Rule::Field(self) }
    }
}

impl Line {
    /// The rule is not statelint's.
    pub(super) const fn only_today(self) -> Line {
        Line { era: Era::Today, ..self }
    }
    /// The rule holds in JSONPath states.
    pub(super) const fn in_jsonpath(self) -> Line {
        Line { languages: Languages::JsonPath, ..self }
    }
}

impl Languages {
    /// Whether a state of this language is meant.
    pub(super) fn include(self, language: Language) -> bool {
        match self {
            Languages::Both => true,
            Languages::JsonPath => language == Language::JsonPath,
            Languages::Jsonata => language == Language::Jsonata,
        }
    }
}
