//! `MaxResults` and `NextToken` of the Describe operations.

use crate::{Ec2, faults};
use aws_schema::Fault;
use contracts::Page;
use state_store::typed::Scope;
use std::ops::RangeInclusive;

/// What most Describe operations accept as `MaxResults`.
pub(crate) const USUAL: RangeInclusive<i32> = 5..=1000;

/// The page asked for.
pub(crate) struct Paging<'a> {
    /// The operation, such as `DescribeVpcs`.
    pub(crate) operation: &'static str,
    /// Whose list.
    pub(crate) scope: &'a Scope,
    /// [`crate::filters::Filters::purpose`]: a token continues only the list it was made for.
    pub(crate) filters: String,
    /// `MaxResults`.
    pub(crate) max_results: Option<i32>,
    /// `NextToken`.
    pub(crate) next_token: Option<String>,
    /// The member with explicit ids, when the caller gave some: AWS allows no `MaxResults` beside it.
    pub(crate) ids: Option<&'static str>,
}

impl Paging<'_> {
    /// Checks `MaxResults`, to be called before anything is read.
    pub(crate) fn check(&self, range: RangeInclusive<i32>) -> Result<(), Fault> {
        let Some(max) = self.max_results else { return Ok(()) };
        if let Some(ids) = self.ids {
            return Err(faults::invalid_combination(format!(
                "The parameter {ids} cannot be used with the parameter maxResults"
            )));
        }
        if max < *range.start() {
            return Err(faults::invalid_parameter_value(format!(
                "Value ( {max} ) for parameter maxResults is invalid. Expecting a value greater than or equal to {}.",
                range.start()
            )));
        }
        if max > *range.end() {
            return Err(faults::invalid_parameter_value(format!(
                "Value ( {max} ) for parameter maxResults is invalid. Expecting a value less than or equal to {}.",
                range.end()
            )));
        }
        Ok(())
    }

    /// One page of `items`, which must be sorted by `key`.
    ///
    /// # Errors
    /// `InvalidNextToken` for a token this cloud did not make for this list.
    pub(crate) fn page<T>(
        self,
        ec2: &Ec2,
        items: Vec<T>,
        key: impl Fn(&T) -> String,
    ) -> Result<Page<T>, Fault> {
        let purpose = format!("{}\0{}\0{}", self.operation, self.scope, self.filters);
        let limit = self.max_results.and_then(|max| usize::try_from(max).ok());
        ec2.platform
            .pages
            .page(&purpose, items, self.next_token.as_deref(), limit, key)
            .map_err(|_| Fault::sender("InvalidNextToken", "The specified NextToken is not valid."))
    }
}
