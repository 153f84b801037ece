//! `Filter.N.Name` / `Filter.N.Value.M` of the Describe operations.
//!
//! Values within one filter are alternatives, filters must all hold. `*` stands for any text, `?` for one character,
//! and a backslash takes the special meaning away (AWS: "Filter Amazon EC2 resources").

use crate::faults;
use api_ec2::Filter;
use aws_schema::Fault;
pub(crate) use contracts::like;
use std::collections::BTreeMap;

/// AWS's limit on filter values in one request.
const MAX_VALUES: usize = 200;

/// Checked filters of one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filters {
    filters: Vec<(String, Vec<String>)>,
}

impl Filters {
    /// Takes the filters of a request whose names are all in `known` (`tag:<key>` and `tag-key` always are).
    ///
    /// # Errors
    /// `InvalidParameterValue` for an unknown name, `FilterLimitExceeded` beyond 200 values.
    pub(crate) fn parse(filters: Option<Vec<Filter>>, known: &[&str]) -> Result<Filters, Fault> {
        let filters: Vec<(String, Vec<String>)> = filters
            .unwrap_or_default()
            .into_iter()
            .map(|f| (f.name.unwrap_or_else(|| "null".to_owned()), f.values.unwrap_or_default()))
            .collect();
        for (name, _) in &filters {
            let tag = name == "tag-key" || name.strip_prefix("tag:").is_some_and(|key| !key.is_empty());
            if !tag && !known.contains(&name.as_str()) {
                let shown: String = name.chars().take(200).collect();
                return Err(faults::invalid_parameter_value(format!("The filter '{shown}' is invalid")));
            }
        }
        if filters.iter().map(|(_, values)| values.len()).sum::<usize>() > MAX_VALUES {
            let message = "The maximum number of filter values specified on a single call is 200";
            return Err(Fault::sender("FilterLimitExceeded", message));
        }
        Ok(Filters { filters })
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.filters.is_empty()
    }

    /// Whether an item passes: `values_of` gives its values for a filter's name (none: it cannot pass).
    pub(crate) fn matches(
        &self,
        tags: &BTreeMap<String, String>,
        values_of: impl Fn(&str) -> Vec<String>,
    ) -> bool {
        self.filters.iter().all(|(name, patterns)| {
            let hit = |value: &str| patterns.iter().any(|pattern| like(pattern, value));
            match name.strip_prefix("tag:") {
                Some(key) => tags.get(key).is_some_and(|value| hit(value)),
                None if name == "tag-key" => tags.keys().any(|key| hit(key)),
                None => values_of(name).iter().any(|value| hit(value)),
            }
        })
    }

    /// A text that differs between different filters, for binding page tokens to them.
    pub(crate) fn purpose(&self) -> String {
        let mut text = String::new();
        for (name, values) in &self.filters {
            text.push('\u{1}');
            text.push_str(name);
            for value in values {
                text.push('\u{2}');
                text.push_str(value);
            }
        }
        text
    }
}

/// `true`/`false` as a filter value.
pub(crate) fn flag(value: bool) -> Vec<String> {
    vec![value.to_string()]
}

/// One value.
pub(crate) fn one(value: impl Into<String>) -> Vec<String> {
    vec![value.into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(name: &str, values: &[&str]) -> Filter {
        Filter { name: Some(name.to_owned()), values: Some(values.iter().map(|v| (*v).to_owned()).collect()) }
    }

    #[test]
    fn all_filters_any_value() {
        let tags = BTreeMap::from([("Name".to_owned(), "web".to_owned())]);
        let passes = |filters: Vec<Filter>| {
            Filters::parse(Some(filters), &["state"]).unwrap().matches(&tags, |_| one("available"))
        };
        assert!(passes(vec![]));
        assert!(passes(vec![filter("state", &["pending", "avail*"]), filter("tag:Name", &["web"])]));
        assert!(!passes(vec![filter("state", &["pending"]), filter("tag:Name", &["web"])]));
        assert!(!passes(vec![filter("state", &[])]));
        assert!(passes(vec![filter("tag-key", &["Na?e"])]));
        assert!(!passes(vec![filter("tag:name", &["web"])]));
    }

    #[test]
    fn bad_filters() {
        let fault = Filters::parse(Some(vec![filter("colour", &["red"])]), &["state"]).unwrap_err();
        assert_eq!(fault.code, "InvalidParameterValue");
        assert_eq!(fault.message, "The filter 'colour' is invalid");
        let many: Vec<&str> = vec!["x"; 201];
        let fault = Filters::parse(Some(vec![filter("state", &many)]), &["state"]).unwrap_err();
        assert_eq!(fault.code, "FilterLimitExceeded");
    }
}
