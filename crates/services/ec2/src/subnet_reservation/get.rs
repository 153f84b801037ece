//! GetSubnetCidrReservations.

use super::show;
use crate::filters::{Filters, one};
use crate::paging::{Paging, USUAL};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, tags};
use api_ec2::{GetSubnetCidrReservationsRequest, GetSubnetCidrReservationsResult};
use contracts::{Call, Reply};
use records::{Subnet, SubnetCidrReservation};

/// GetSubnetCidrReservations: those of one subnet, by family.
///
/// # Errors
/// `InvalidSubnetID.NotFound`, `InvalidParameterValue` for an unknown filter, `InvalidNextToken`.
pub(super) async fn get_subnet_cidr_reservations(
    call: Call<Ec2>,
    input: GetSubnetCidrReservationsRequest,
) -> Reply<GetSubnetCidrReservationsResult> {
    let (scope, store) = (call.scope(), call.store());
    let subnet_id = faults::required(input.subnet_id, "SubnetId")?;
    ResourceKind::Subnet.check(&subnet_id)?;
    let filters = Filters::parse(input.filters, &["reservationType", "subnet-id"])?;
    let paging = Paging {
        operation: "GetSubnetCidrReservations",
        scope,
        filters: format!("{subnet_id} {}", filters.purpose()),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: None,
    };
    paging.check(USUAL)?;
    if store.get::<Subnet>(scope, &subnet_id).is_none() {
        return Err(ResourceKind::Subnet.not_found(&subnet_id));
    }
    let mut found = store.by_index::<SubnetCidrReservation>(scope, "subnet", &subnet_id);
    found.retain(|reservation| {
        filters.is_empty()
            || filters.matches(&tags::of(store, scope, &reservation.id), |name| match name {
                "reservationType" => one(show::kind(reservation)),
                "subnet-id" => one(&reservation.subnet_id),
                _ => Vec::new(),
            })
    });
    found.sort_by(|a, b| a.id.cmp(&b.id));
    let page = paging.page(&call, found, |reservation| reservation.id.clone())?;
    let of = |v4: bool| {
        let family = page.items.iter().filter(|r| r.cidr.addr().is_ipv4() == v4);
        Some(family.map(|r| show::reservation(store, scope, r)).collect())
    };
    Ok(GetSubnetCidrReservationsResult {
        subnet_ipv4_cidr_reservations: of(true),
        subnet_ipv6_cidr_reservations: of(false),
        next_token: page.next,
    })
}
