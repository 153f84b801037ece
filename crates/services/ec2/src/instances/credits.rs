//! DescribeInstanceCreditSpecifications.

use crate::filters::{Filters, one};
use crate::lookup::select;
use crate::paging::{Paging, USUAL};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults};
use api_ec2::{
    DescribeInstanceCreditSpecificationsRequest, DescribeInstanceCreditSpecificationsResult,
    InstanceCreditSpecification,
};
use contracts::{Call, Reply};
use records::{Instance, InstanceState};
use std::collections::BTreeMap;

/// DescribeInstanceCreditSpecifications. Without ids only `unlimited` machines are listed, as in AWS.
pub(super) async fn describe_instance_credit_specifications(
    call: Call<Ec2>,
    input: DescribeInstanceCreditSpecificationsRequest,
) -> Reply<DescribeInstanceCreditSpecificationsResult> {
    let filters = Filters::parse(input.filters, &["instance-id"])?;
    let ids = input.instance_ids.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeInstanceCreditSpecifications",
        scope: call.scope(),
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("instanceIds"),
    };
    paging.check(USUAL)?;
    let found = select::<Instance>(call.store(), call.scope(), ResourceKind::Instance, &ids)?;
    if let Some(other) = found.iter().find(|i| !ids.is_empty() && i.options.cpu_credits.is_none()) {
        return Err(faults::unsupported(format!(
            "The instance '{}' is not a burstable performance instance.",
            other.id
        )));
    }
    let shown: Vec<(String, String)> = found
        .iter()
        .filter(|i| i.state != InstanceState::Terminated)
        .filter_map(|i| Some((i.id.clone(), i.options.cpu_credits.clone()?)))
        .filter(|(_, credits)| !ids.is_empty() || credits == "unlimited")
        .filter(|(id, _)| filters.matches(&BTreeMap::new(), |_| one(id)))
        .collect();
    let page = paging.page(&call, shown, |(id, _)| id.clone())?;
    let specifications = page.items.into_iter().map(|(id, credits)| InstanceCreditSpecification {
        instance_id: Some(id),
        cpu_credits: Some(credits),
    });
    Ok(DescribeInstanceCreditSpecificationsResult {
        instance_credit_specifications: Some(specifications.collect()),
        next_token: page.next,
    })
}
