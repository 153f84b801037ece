//! DescribeInstances.

use super::show::{FILTERS, View, Viewer, reservations};
use crate::Ec2;
use crate::filters::Filters;
use crate::lookup::select;
use crate::paging::{Paging, USUAL};
use crate::resource_kind::ResourceKind;
use api_ec2::{DescribeInstancesRequest, DescribeInstancesResult};
use contracts::{Call, Reply};
use records::Instance;

/// DescribeInstances. Terminated instances are shown for an hour.
pub(super) async fn describe_instances(
    call: Call<Ec2>,
    input: DescribeInstancesRequest,
) -> Reply<DescribeInstancesResult> {
    let filters = Filters::parse(input.filters, FILTERS)?;
    let ids = input.instance_ids.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeInstances",
        scope: call.scope(),
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("instancesSet"),
    };
    // Before anything is read, so that a bad page size costs nothing.
    paging.check(USUAL)?;
    let viewer = Viewer::new(&call, call.scope());
    let mut views: Vec<View> = select::<Instance>(call.store(), call.scope(), ResourceKind::Instance, &ids)?
        .into_iter()
        .map(|instance| viewer.view(instance))
        .filter(|view| filters.matches(view.tags(), |name| view.filter_values(name)))
        .collect();
    // Ids are random: without this a reservation would be torn over pages.
    views.sort_by_cached_key(View::sort_key);
    let page = paging.page(&call, views, View::sort_key)?;
    Ok(DescribeInstancesResult {
        next_token: page.next,
        reservations: Some(reservations(page.items, |view| call.shown_instances.of(view))),
    })
}
