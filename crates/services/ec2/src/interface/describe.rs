//! DescribeNetworkInterfaces.

use super::filter_values::{FILTERS, values};
use super::show;
use crate::filters::Filters;
use crate::paging::{Paging, USUAL};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, lookup, tags};
use api_ec2::{DescribeNetworkInterfacesRequest, DescribeNetworkInterfacesResult};
use contracts::{Call, Reply};
use records::NetworkInterface;

/// DescribeNetworkInterfaces.
///
/// # Errors
/// `InvalidNetworkInterfaceID.NotFound` with every unknown id, `InvalidParameterValue` for an unknown filter.
pub(super) async fn describe_network_interfaces(
    call: Call<Ec2>,
    input: DescribeNetworkInterfacesRequest,
) -> Reply<DescribeNetworkInterfacesResult> {
    let (scope, store) = (call.scope(), call.store());
    let filters = Filters::parse(input.filters, FILTERS)?;
    let ids = input.network_interface_ids.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeNetworkInterfaces",
        scope,
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("networkInterfaceIdSet"),
    };
    paging.check(USUAL)?;
    let mut found = lookup::select::<NetworkInterface>(store, scope, ResourceKind::NetworkInterface, &ids)?;
    found.retain(|interface| {
        filters.is_empty()
            || filters
                .matches(&tags::of(store, scope, &interface.id), |name| values(store, scope, interface, name))
    });
    let page = paging.page(&call, found, |interface| interface.id.clone())?;
    let shown = page.items.iter().map(|interface| show::interface(store, scope, interface)).collect();
    Ok(DescribeNetworkInterfacesResult { network_interfaces: Some(shown), next_token: page.next })
}
