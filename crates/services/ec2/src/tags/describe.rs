//! DescribeTags.

use crate::Ec2;
use crate::filters::{Filters, one};
use crate::paging::{Paging, USUAL};
use api_ec2::{DescribeTagsRequest, DescribeTagsResult, TagDescription};
use contracts::{Call, Reply};
use records::Tags;
use std::collections::BTreeMap;

/// The filters AWS documents for this operation; `tag:<key>` and `tag-key` are understood everywhere.
const FILTERS: &[&str] = &["key", "resource-id", "resource-type", "tag", "value"];

/// DescribeTags: every tag of the account in the region, by resource and key.
///
/// # Errors
/// `InvalidParameterValue` for an unknown filter, `InvalidNextToken`.
pub(super) async fn describe_tags(call: Call<Ec2>, input: DescribeTagsRequest) -> Reply<DescribeTagsResult> {
    // `tag` is written `tag:<key>` here too, and then names the value of that key.
    let filters = Filters::parse(input.filters, FILTERS)?;
    let paging = Paging {
        operation: "DescribeTags",
        scope: call.scope(),
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: None,
    };
    paging.check(USUAL)?;
    let mut found = Vec::new();
    for record in call.store().list::<Tags>(call.scope()) {
        for (key, value) in &record.tags {
            let this = BTreeMap::from([(key.clone(), value.clone())]);
            let passes = filters.matches(&this, |name| match name {
                "key" => one(key),
                "value" => one(value),
                "resource-id" => one(&record.id),
                "resource-type" => one(&record.resource_type),
                _ => Vec::new(),
            });
            if passes {
                found.push(TagDescription {
                    key: Some(key.clone()),
                    value: Some(value.clone()),
                    resource_id: Some(record.id.clone()),
                    resource_type: Some(record.resource_type.clone().into()),
                });
            }
        }
    }
    let place = |tag: &TagDescription| {
        format!(
            "{}\0{}",
            tag.resource_id.as_deref().unwrap_or_default(),
            tag.key.as_deref().unwrap_or_default()
        )
    };
    let page = paging.page(&call, found, place)?;
    Ok(DescribeTagsResult { tags: Some(page.items), next_token: page.next })
}
