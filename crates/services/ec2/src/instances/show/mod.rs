//! Instances in the API's form.

mod filter_values;
mod instance;
mod interface;
mod shown;
mod view;

pub(super) use filter_values::NAMES as FILTERS;
pub(super) use instance::{block_devices, to_api};
pub(super) use interface::groups;
pub(crate) use shown::Shown;
pub(super) use view::{View, Viewer};

use api_ec2::{Instance as ApiInstance, InstanceState as ApiState, Reservation};
use aws_schema::Shared;
use records::InstanceState;

/// A state with its code.
pub(super) fn state(state: InstanceState) -> ApiState {
    ApiState { code: Some(state.code()), name: Some(state.name().into()) }
}

/// Instances, sorted by reservation, as reservations; `describe` gives the description of each.
pub(super) fn reservations(
    views: Vec<View>,
    mut describe: impl FnMut(View) -> Shared<ApiInstance>,
) -> Vec<Reservation> {
    let mut found: Vec<Reservation> = Vec::new();
    for view in views {
        let id = &view.instance.reservation_id;
        if found.last().is_none_or(|last| last.reservation_id.as_ref() != Some(id)) {
            found.push(Reservation {
                reservation_id: Some(id.clone()),
                owner_id: Some(view.scope.account.to_string()),
                groups: Some(Vec::new()),
                ..Reservation::default()
            });
        }
        if let Some(reservation) = found.last_mut() {
            reservation.instances.get_or_insert_default().push(describe(view));
        }
    }
    found
}
