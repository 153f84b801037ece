//! `Marker`, `MaxItems` and `IsTruncated`.

use crate::{Iam, faults};
use aws_schema::Fault;
use contracts::Caller;

/// Entries of a page when the caller names no number (IAM API Reference, `MaxItems`).
const USUAL: usize = 100;

/// What the caller asked for.
pub(crate) struct Asked<'a> {
    /// The operation, such as `ListUsers`.
    pub(crate) operation: &'static str,
    /// Whatever else chooses the list: a marker continues only the list it was made for.
    pub(crate) list: String,
    /// `Marker`.
    pub(crate) marker: Option<&'a str>,
    /// `MaxItems`.
    pub(crate) max_items: Option<i32>,
}

/// One page, with the members the answer has.
pub(crate) struct Listed<T> {
    /// The entries.
    pub(crate) items: Vec<T>,
    /// `IsTruncated`.
    pub(crate) is_truncated: Option<bool>,
    /// `Marker` of the next page.
    pub(crate) marker: Option<String>,
}

impl Iam {
    /// One page of `items`, which must be sorted by `key`; keys are at most 200 bytes, so that markers stay in bounds.
    pub(crate) fn page<T>(
        &self,
        caller: &Caller,
        asked: Asked<'_>,
        items: Vec<T>,
        key: impl Fn(&T) -> String,
    ) -> Result<Listed<T>, Fault> {
        let purpose = format!("iam\0{}\0{}\0{}", asked.operation, caller.account(), asked.list);
        let limit = asked.max_items.and_then(|max| usize::try_from(max).ok()).unwrap_or(USUAL);
        let page = self.platform.pages.page(&purpose, items, asked.marker, Some(limit), key);
        let page = page.map_err(|_| faults::validation("Invalid Marker."))?;
        Ok(Listed { items: page.items, is_truncated: Some(page.next.is_some()), marker: page.next })
    }

    /// One page of a short list in its own order; entries are told apart by their place.
    pub(crate) fn page_in_order<T>(
        &self,
        caller: &Caller,
        asked: Asked<'_>,
        items: Vec<T>,
    ) -> Result<Listed<T>, Fault> {
        let placed: Vec<(usize, T)> = items.into_iter().enumerate().collect();
        let page = self.page(caller, asked, placed, |(place, _)| format!("{place:06}"))?;
        Ok(Listed {
            items: page.items.into_iter().map(|(_, item)| item).collect(),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}
