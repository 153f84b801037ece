//! DescribeDhcpOptions.

use crate::filters::{Filters, one};
use crate::paging::{Paging, USUAL};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, lookup, tags};
use api_ec2::{AttributeValue, DescribeDhcpOptionsRequest, DescribeDhcpOptionsResult, DhcpConfiguration};
use contracts::{Call, Reply};
use records::DhcpOptions;
use state_store::typed::{Scope, Store};

/// The set with its tags.
pub(super) fn show(store: &Store, scope: &Scope, options: &DhcpOptions) -> api_ec2::DhcpOptions {
    let configuration = |(key, values): &(String, Vec<String>)| DhcpConfiguration {
        key: Some(key.clone()),
        values: Some(values.iter().map(|v| AttributeValue { value: Some(v.clone()) }).collect()),
    };
    api_ec2::DhcpOptions {
        dhcp_options_id: Some(options.id.clone()),
        owner_id: Some(scope.account.to_string()),
        dhcp_configurations: Some(options.configuration.iter().map(configuration).collect()),
        tags: Some(tags::to_api(&tags::of(store, scope, &options.id))),
    }
}

/// DescribeDhcpOptions.
///
/// # Errors
/// `InvalidDhcpOptionID.NotFound` with every unknown id, `InvalidParameterValue` for an unknown filter.
pub(super) async fn describe_dhcp_options(
    call: Call<Ec2>,
    input: DescribeDhcpOptionsRequest,
) -> Reply<DescribeDhcpOptionsResult> {
    let (scope, store) = (call.scope(), call.store());
    let filters = Filters::parse(input.filters, &["dhcp-options-id", "key", "owner-id", "value"])?;
    let ids = input.dhcp_options_ids.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeDhcpOptions",
        scope,
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("dhcpOptionsSet"),
    };
    paging.check(USUAL)?;
    let mut found = lookup::select::<DhcpOptions>(store, scope, ResourceKind::DhcpOptions, &ids)?;
    found.retain(|options| {
        filters.is_empty()
            || filters.matches(&tags::of(store, scope, &options.id), |name| match name {
                "dhcp-options-id" => one(&options.id),
                "key" => options.configuration.iter().map(|(key, _)| key.clone()).collect(),
                "value" => options.configuration.iter().flat_map(|(_, values)| values.clone()).collect(),
                "owner-id" => one(&*scope.account),
                _ => Vec::new(),
            })
    });
    let page = paging.page(&call, found, |options| options.id.clone())?;
    let sets = page.items.iter().map(|options| show(store, scope, options)).collect();
    Ok(DescribeDhcpOptionsResult { dhcp_options: Some(sets), next_token: page.next })
}
