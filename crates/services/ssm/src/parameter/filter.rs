//! Filters of DescribeParameters and GetParametersByPath (`ParameterStringFilter`).

use super::name::{is_name_part, record_id};
use crate::faults;
use api_ssm::{ParameterStringFilter, ParametersFilter};
use aws_schema::Fault;
use records::ssm::Parameter;
use std::collections::BTreeSet;

/// Said of paths that break the rules.
pub(super) const PATH_RULE: &str = "The parameter doesn't meet the parameter name requirements. The parameter name must \
    begin with a forward slash \"/\". It can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). It must use only \
    letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not \
    allowed. All sub-paths, if specified, must use the forward slash symbol \"/\". Valid example: \
    /get/parameters2-/by1./path0_.";

/// Where a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Describe,
    ByPath,
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Equals,
    BeginsWith,
    Contains,
    /// Of `Path`: everything below.
    Recursive,
    /// Of `Path`: the next level only.
    OneLevel,
}

/// A checked filter; a parameter passes when any value does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    key: String,
    how: How,
    /// Of `Path` as prefixes of record ids, all others as given.
    pub(super) values: Vec<String>,
}

/// A path as a prefix of record ids: `/a/b` and `/a/b/` are `a/b/`, `/` is everything.
pub(super) fn path_prefix(path: &str) -> Result<String, Fault> {
    let inner = path.strip_prefix('/').ok_or_else(|| faults::validation(PATH_RULE))?;
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if inner.is_empty() && (path == "/" || path == "//") {
        return if path == "/" { Ok(String::new()) } else { Err(faults::validation(PATH_RULE)) };
    }
    if !inner.split('/').all(is_name_part) {
        return Err(faults::validation(PATH_RULE));
    }
    Ok(format!("{inner}/"))
}

/// Whether the id lies below the prefix, directly or (`recursive`) at any depth.
pub(super) fn is_below(id: &str, prefix: &str, recursive: bool) -> bool {
    id.strip_prefix(prefix).is_some_and(|rest| recursive || !rest.contains('/'))
}

/// Checks the filters of a request.
pub(super) fn parse(place: Place, asked: &[ParameterStringFilter]) -> Result<Vec<Filter>, Fault> {
    let mut seen = BTreeSet::new();
    let mut filters = Vec::new();
    for filter in asked {
        let key = filter.key.as_deref().unwrap_or_default();
        if !seen.insert(key) {
            return Err(faults::invalid_filter_key(format!(
                "The following filter is duplicated in the request: {key}. A request can contain only one occurrence of \
                 a specific filter."
            )));
        }
        filters.push(one(place, key, filter)?);
    }
    Ok(filters)
}

/// Checks one filter: key, option and values, in the order AWS complains about them.
fn one(place: Place, key: &str, filter: &ParameterStringFilter) -> Result<Filter, Fault> {
    let valid: &[&str] = match place {
        Place::Describe => &["Path", "Name", "Type", "KeyId", "Tier", "DataType", "tag"],
        Place::ByPath => &["Type", "KeyId", "Label"],
    };
    let family = if key.starts_with("tag:") { "tag" } else { key };
    if !valid.contains(&family) {
        return Err(faults::invalid_filter_key(format!(
            "The following filter key is not valid: {key}. Valid filter keys include: [{}].",
            valid.join(", ")
        )));
    }
    let options: &[&str] = match family {
        "Path" => &["Recursive", "OneLevel"],
        "Name" => &["BeginsWith", "Equals", "Contains"],
        "Tier" | "DataType" | "tag" | "Label" => &["Equals"],
        _ => &["BeginsWith", "Equals"],
    };
    let how = match filter.option.as_deref() {
        None if family == "Path" => How::OneLevel,
        None => How::Equals,
        Some(option) if options.contains(&option) => match option {
            "Recursive" => How::Recursive,
            "OneLevel" => How::OneLevel,
            "BeginsWith" => How::BeginsWith,
            "Contains" => How::Contains,
            _ => How::Equals,
        },
        Some(option) => {
            return Err(faults::invalid_filter_option(format!(
                "The following filter option is not valid: {option}. Valid options include: [{}].",
                options.join(", ")
            )));
        }
    };
    let values = filter.values.clone().unwrap_or_default();
    // A tag filter without values asks for the key alone.
    if values.is_empty() && family != "tag" {
        return Err(faults::invalid_filter_value(format!(
            "The following filter values are missing : null for filter key {key}"
        )));
    }
    let allowed: &[&str] = match family {
        "Type" => &["String", "StringList", "SecureString"],
        "Tier" => &["Standard", "Advanced", "Intelligent-Tiering"],
        _ => &[],
    };
    if how == How::Equals && !allowed.is_empty() {
        check_values(key, &values, allowed)?;
    }
    let values = if family == "Path" {
        values.iter().map(|path| path_prefix(path)).collect::<Result<_, _>>()?
    } else {
        values
    };
    Ok(Filter { key: key.to_owned(), how, values })
}

/// Values of enumerations must be among theirs.
fn check_values(key: &str, values: &[String], allowed: &[&str]) -> Result<(), Fault> {
    match values.iter().find(|v| !allowed.contains(&v.as_str())) {
        None => Ok(()),
        Some(value) => Err(faults::invalid_filter_value(format!(
            "The following filter value is not valid: {value} for filter key {key}. Valid values include: [{}].",
            allowed.join(", ")
        ))),
    }
}

/// The old form of filters: any value that the field begins with (names) or equals.
pub(super) fn parse_old(asked: &[ParametersFilter]) -> Result<Vec<Filter>, Fault> {
    let new_form = asked.iter().map(|filter| {
        let key = filter.key.as_ref().map_or("", |k| k.as_str());
        if !matches!(key, "Name" | "Type" | "KeyId") {
            return Err(faults::invalid_filter_key(format!(
                "The following filter key is not valid: {key}. Valid filter keys include: [Name, Type, KeyId]."
            )));
        }
        let how = if key == "Name" { How::Contains } else { How::Equals };
        Ok(Filter { key: key.to_owned(), how, values: filter.values.clone().unwrap_or_default() })
    });
    new_form.collect()
}

impl Filter {
    /// Whether this is the filter on labels.
    pub(super) fn is_label(&self) -> bool {
        self.key == "Label"
    }

    /// Whether the parameter passes. Labels are judged by the caller, who picks the version.
    pub(super) fn passes(&self, parameter: &Parameter) -> bool {
        let current = &parameter.current;
        let any = |text: &str| self.values.iter().any(|value| compare(self.how, text, value));
        match self.key.as_str() {
            // Names are compared with their slash as written, or both without it.
            "Name" => {
                any(&parameter.name)
                    || (self.how != How::Contains
                        && self.values.iter().any(|v| compare(self.how, &parameter.id, record_id(v))))
            }
            "Path" => {
                self.values.iter().any(|prefix| is_below(&parameter.id, prefix, self.how == How::Recursive))
            }
            "Type" => any(&current.kind),
            "KeyId" => current.key_id.as_deref().is_some_and(any),
            "Tier" => any(&current.tier),
            "DataType" => any(&current.data_type),
            "Label" => true,
            key => {
                let value = key.strip_prefix("tag:").and_then(|tag| parameter.tags.get(tag));
                value.is_some_and(|value| self.values.is_empty() || any(value))
            }
        }
    }
}

/// Compares a field with a value.
fn compare(how: How, text: &str, value: &str) -> bool {
    match how {
        How::BeginsWith => text.starts_with(value),
        How::Contains => text.contains(value),
        _ => text == value,
    }
}
