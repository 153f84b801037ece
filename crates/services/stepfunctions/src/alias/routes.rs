//! Routing configurations.

use crate::arn::{self, Resource};
use crate::faults;
use crate::service::StatesCall;
use api_stepfunctions::RoutingConfigurationListItem;
use aws_schema::Fault;
use records::stepfunctions::{MachineAlias, MachineVersion, Route};
use state_store::typed::{Scope, Tx};

/// Versions of an alias.
const MOST: usize = 2;

/// Machine and routes of a request: one or two versions of one machine, weights that sum to 100.
pub(super) fn read(
    call: &StatesCall,
    asked: &[RoutingConfigurationListItem],
) -> Result<(String, Vec<Route>), Fault> {
    let arns: Vec<&str> =
        asked.iter().map(|item| item.state_machine_version_arn.as_deref().unwrap_or_default()).collect();
    let told = || arns.join(", ");
    if asked.len() > MOST {
        let shown: Vec<String> = asked
            .iter()
            .zip(&arns)
            .take(2 * MOST)
            .map(|(item, arn)| {
                let weight = item.weight.unwrap_or(0);
                format!("RoutingConfigurationListItem(stateMachineVersionArn={arn}, weight={weight})")
            })
            .collect();
        return Err(faults::validation(format!(
            "1 validation error detected: Value '[{}]' at 'routingConfiguration' failed to satisfy constraint: \
             Member must have length less than or equal to {MOST}",
            shown.join(", ")
        )));
    }
    let mut machines = Vec::new();
    let mut routes: Vec<Route> = Vec::new();
    for (item, version_arn) in asked.iter().zip(&arns) {
        let found = match arn::parse(&call.caller, version_arn)? {
            Resource::Machine { name, qualifier: Some(number) } => {
                number.parse().ok().map(|n: u64| (name, n))
            }
            _ => None,
        };
        let Some((machine, version)) = found else {
            return Err(faults::validation(format!(
                "Routing configuration must contain state machine version ARNs. Received: [{}]",
                told()
            )));
        };
        machines.push(machine);
        routes.push(Route { version, weight: item.weight.and_then(|w| u32::try_from(w).ok()).unwrap_or(0) });
    }
    let Some(machine) = machines.first() else {
        return Err(faults::validation("Routing configuration must not be empty."));
    };
    if machines.iter().any(|other| other != machine) {
        return Err(faults::validation(format!(
            "Routing configuration must contain versions of the same state machine. Received: [{}]",
            told()
        )));
    }
    if routes.len() == 2 && routes[0].version == routes[1].version {
        return Err(faults::validation(format!(
            "Routing configuration must contain distinct state machine version ARNs. Received: [{}]",
            told()
        )));
    }
    if routes.iter().map(|route| route.weight).sum::<u32>() != 100 {
        let weights: Vec<String> = routes.iter().map(|route| route.weight.to_string()).collect();
        return Err(faults::validation(format!(
            "Sum of routing configuration weights must equal 100. Received: [{}]",
            weights.join(", ")
        )));
    }
    Ok(((*machine).to_owned(), routes))
}

/// Every version must be there.
pub(super) fn exist(tx: &mut Tx<'_>, scope: &Scope, machine: &str, routes: &[Route]) -> Result<(), Fault> {
    let there =
        |tx: &mut Tx<'_>, number| tx.exists::<MachineVersion>(scope, &MachineVersion::id_of(machine, number));
    if routes.iter().all(|route| there(tx, route.version)) { Ok(()) } else { Err(faults::no_resource()) }
}

/// The routes of an answer.
pub(super) fn show(call: &StatesCall, alias: &MachineAlias) -> Vec<RoutingConfigurationListItem> {
    let machine = alias.id.split('/').next().unwrap_or_default();
    let show = |route: &Route| RoutingConfigurationListItem {
        state_machine_version_arn: Some(arn::qualified(call.scope(), machine, route.version)),
        weight: i32::try_from(route.weight).ok(),
    };
    alias.routes.iter().map(show).collect()
}
