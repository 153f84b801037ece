//! Instances in the API's form.

mod filter_values;
mod instance;
mod interface;
mod view;

pub(super) use filter_values::NAMES as FILTERS;
pub(super) use instance::{block_devices, to_api};
pub(super) use interface::groups;
pub(super) use view::{View, Viewer};

use api_ec2::{InstanceState as ApiState, Reservation};
use records::InstanceState;

/// A state with its code.
pub(super) fn state(state: InstanceState) -> ApiState {
    ApiState { code: Some(state.code()), name: Some(state.name().into()) }
}

/// Instances, sorted by reservation, as reservations.
pub(super) fn reservations(viewer: &Viewer<'_>, views: &[View]) -> Vec<Reservation> {
    views
        .chunk_by(|a, b| a.instance.reservation_id == b.instance.reservation_id)
        .map(|chunk| Reservation {
            reservation_id: chunk.first().map(|view| view.instance.reservation_id.clone()),
            owner_id: Some(viewer.scope.account.to_string()),
            groups: Some(Vec::new()),
            instances: Some(chunk.iter().map(|view| to_api(viewer, view)).collect()),
            ..Reservation::default()
        })
        .collect()
}
