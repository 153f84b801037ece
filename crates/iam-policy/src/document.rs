//! A policy that keeps the grammar.

/// A policy document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its statements, in order; never empty.
    pub statements: Vec<Statement>,
}

/// What a statement says when it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// `Allow`.
    Allow,
    /// `Deny`; stronger than any `Allow`.
    Deny,
}

/// A list of patterns, or everything but such a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patterns {
    /// The `Not…` form of the element.
    pub negated: bool,
    /// Texts with `*` and `?`.
    pub patterns: Vec<String>,
}

/// Whom a statement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principals {
    /// `NotPrincipal`.
    pub negated: bool,
    /// Kind (`AWS`, `Service`, `Federated`, `CanonicalUser`) and name; `*` alone is the pair (`*`, `*`).
    pub names: Vec<(String, String)>,
}

/// One line of a `Condition` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// As written, such as `StringEqualsIfExists` or `ForAnyValue:StringLike`.
    pub operator: String,
    /// Condition key, such as `sts:ExternalId`; compared without regard to case.
    pub key: String,
    /// Any of them suffices.
    pub values: Vec<String>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its name.
    pub sid: Option<String>,
    /// Allow or deny.
    pub effect: Effect,
    /// Present in trust and resource policies only.
    pub principals: Option<Principals>,
    /// Actions, `service:Name`.
    pub actions: Patterns,
    /// Resources, ARNs; absent from trust policies.
    pub resources: Option<Patterns>,
    /// All of them must hold.
    pub conditions: Vec<Condition>,
}
