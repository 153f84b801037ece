//! DescribeIamInstanceProfileAssociations.

use super::associations::no_association;
use crate::Ec2;
use crate::filters::{Filters, one};
use crate::paging::{Paging, USUAL};
use api_ec2::{
    DescribeIamInstanceProfileAssociationsRequest, DescribeIamInstanceProfileAssociationsResult,
    IamInstanceProfile, IamInstanceProfileAssociation,
};
use aws_schema::Timestamp;
use contracts::{Call, Reply};
use records::{Instance, Millis};
use std::collections::BTreeMap;

/// What an instance says about its profile.
pub(super) struct Association {
    id: String,
    instance_id: String,
    arn: String,
    profile_id: String,
    since: Option<Millis>,
}

impl Association {
    /// `None` without a profile.
    pub(super) fn of(instance: &Instance) -> Option<Association> {
        let (arn, profile_id) = instance.iam_instance_profile.clone()?;
        Some(Association {
            id: instance.iam_association_id.clone()?,
            instance_id: instance.id.clone(),
            arn,
            profile_id,
            since: instance.options.profile_since,
        })
    }
}

/// The API's form in a given state.
pub(super) fn to_api(association: &Association, state: &'static str) -> IamInstanceProfileAssociation {
    IamInstanceProfileAssociation {
        association_id: Some(association.id.clone()),
        instance_id: Some(association.instance_id.clone()),
        iam_instance_profile: Some(IamInstanceProfile {
            arn: Some(association.arn.clone()),
            id: Some(association.profile_id.clone()),
        }),
        state: Some(state.into()),
        timestamp: association.since.map(Timestamp::from_millis),
    }
}

/// DescribeIamInstanceProfileAssociations.
pub(in crate::instances) async fn describe_iam_instance_profile_associations(
    call: Call<Ec2>,
    input: DescribeIamInstanceProfileAssociationsRequest,
) -> Reply<DescribeIamInstanceProfileAssociationsResult> {
    let filters = Filters::parse(input.filters, &["instance-id", "state"])?;
    let ids = input.association_ids.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeIamInstanceProfileAssociations",
        scope: call.scope(),
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("associationIds"),
    };
    paging.check(USUAL)?;
    let mut all: Vec<Association> =
        call.store().list::<Instance>(call.scope()).iter().filter_map(|i| Association::of(i)).collect();
    if let Some(unknown) = ids.iter().find(|id| !all.iter().any(|a| a.id == **id)) {
        return Err(no_association(unknown));
    }
    all.retain(|a| {
        (ids.is_empty() || ids.contains(&a.id))
            && filters.matches(&BTreeMap::new(), |name| match name {
                "instance-id" => one(&a.instance_id),
                _ => one("associated"),
            })
    });
    all.sort_by(|a, b| a.id.cmp(&b.id));
    let page = paging.page(&call, all, |a| a.id.clone())?;
    Ok(DescribeIamInstanceProfileAssociationsResult {
        iam_instance_profile_associations: Some(page.items.iter().map(|a| to_api(a, "associated")).collect()),
        next_token: page.next,
    })
}
