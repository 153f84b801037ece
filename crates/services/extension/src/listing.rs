//! Filters and pages of the Describe operations, as EC2 has them.

use crate::{Extension, faults, limits};
use api_allod::Filter;
use aws_schema::Fault;
use contracts::{Page, like};
use state_store::typed::Scope;
use std::fmt::Write as _;

/// A checked request for a list.
pub(crate) struct Listing {
    filters: Vec<(String, Vec<String>)>,
    /// Binds page tokens to this list.
    purpose: String,
    limit: usize,
    token: Option<String>,
}

impl Listing {
    /// Filters whose names are all in `known`. `MaxResults` has been checked against the model.
    ///
    /// # Errors
    /// `InvalidParameterValue` for an unknown filter, `FilterLimitExceeded` beyond 200 values.
    pub(crate) fn new(
        operation: &str,
        scope: &Scope,
        known: &[&str],
        ids: &[String],
        filters: Option<Vec<Filter>>,
        max_results: Option<i32>,
        token: Option<String>,
    ) -> Result<Listing, Fault> {
        let named = |f: Filter| (f.name.unwrap_or_else(|| "null".to_owned()), f.values.unwrap_or_default());
        let filters: Vec<_> = filters.unwrap_or_default().into_iter().map(named).collect();
        if let Some((name, _)) = filters.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            let shown: String = name.chars().take(200).collect();
            let message = format!("The filter '{shown}' is invalid");
            return Err(Fault::sender("InvalidParameterValue", message));
        }
        if filters.iter().map(|(_, values)| values.len()).sum::<usize>() > limits::FILTER_VALUES {
            let message = "The maximum number of filter values specified on a single call is 200";
            return Err(Fault::sender("FilterLimitExceeded", message));
        }
        let mut purpose = format!("{operation}\0{scope}\0{}", ids.join(","));
        for (name, values) in &filters {
            // Lengths would do as well; control characters keep the parts apart.
            let _ = write!(purpose, "\u{1}{name}\u{2}{}", values.join("\u{2}"));
        }
        let limit = max_results.and_then(|max| usize::try_from(max).ok()).unwrap_or(limits::PAGE);
        Ok(Listing { filters, purpose, limit, token })
    }

    /// Whether an item passes every filter: `values_of` gives its values for a filter's name.
    pub(crate) fn passes(&self, values_of: impl Fn(&str) -> Vec<String>) -> bool {
        self.filters.iter().all(|(name, patterns)| {
            values_of(name).iter().any(|value| patterns.iter().any(|pattern| like(pattern, value)))
        })
    }

    /// One page of `items`, which must be sorted by `key`.
    ///
    /// # Errors
    /// `InvalidNextToken` for a token this cloud did not make for this list.
    pub(crate) fn page<T>(
        self,
        service: &Extension,
        items: Vec<T>,
        key: impl Fn(&T) -> String,
    ) -> Result<Page<T>, Fault> {
        let pages = &service.platform.pages;
        pages
            .page(&self.purpose, items, self.token.as_deref(), Some(self.limit), key)
            .map_err(|_| Fault::sender("InvalidNextToken", "The specified NextToken is not valid."))
    }
}

/// The items with these ids, all of them without ids.
///
/// # Errors
/// `missing` with every id that no item has.
pub(crate) fn select<T>(
    items: Vec<T>,
    ids: &[String],
    id_of: impl Fn(&T) -> &str,
    missing: impl Fn(&[String]) -> Fault,
) -> Result<Vec<T>, Fault> {
    if ids.is_empty() {
        return Ok(items);
    }
    let unknown: Vec<String> =
        ids.iter().filter(|id| !items.iter().any(|item| id_of(item) == id.as_str())).cloned().collect();
    if !unknown.is_empty() {
        return Err(missing(&unknown));
    }
    Ok(items.into_iter().filter(|item| ids.iter().any(|id| id == id_of(item))).collect())
}

/// Checks that are the same for every kind.
pub(crate) fn check_ids(ids: &[String], kind: &crate::kind::Kind) -> Result<(), Fault> {
    ids.iter().try_for_each(|id| kind.check(id))
}

/// `required` members are there when the gateway lets a request through; this is the fault where a handler finds otherwise.
pub(crate) fn required<T>(value: Option<T>, name: &str) -> Result<T, Fault> {
    value.ok_or_else(|| faults::missing_parameter(name))
}
