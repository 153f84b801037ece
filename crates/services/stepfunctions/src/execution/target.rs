//! What an execution is to run: a machine, a version, or what an alias leads to.

use crate::arn::{self, Resource};
use crate::faults;
use crate::service::States;
use aws_schema::Fault;
use contracts::hex_id;
use execution_engine::Kind;
use records::stepfunctions::{MachineAlias, MachineVersion, Revision, StateMachine};
use state_store::typed::Scope;
use std::sync::Arc;

/// A revision to run, and by what it was named.
pub(crate) struct Target {
    /// The machine.
    pub(crate) machine: Arc<StateMachine>,
    /// What it runs.
    pub(crate) revision: Arc<Revision>,
    /// ARN of the version, where one was named or chosen.
    pub(crate) version_arn: Option<Arc<str>>,
    /// ARN of the alias, where one was named.
    pub(crate) alias_arn: Option<Arc<str>>,
}

impl Target {
    /// Finds what `machine_arn` names.
    pub(crate) fn find(service: &States, scope: &Scope, machine_arn: &str) -> Result<Target, Fault> {
        let store = &service.platform.store;
        let missing = || faults::no_machine(machine_arn);
        let (name, qualifier) = match arn::parse_in(scope, machine_arn)? {
            Resource::Machine { name, qualifier } => (name, qualifier),
            other => return Err(other.unexpected()),
        };
        let machine = store.get::<StateMachine>(scope, name).ok_or_else(missing)?;
        if machine.deleting {
            return Err(faults::machine_deleting(machine_arn));
        }
        let mut revision = machine.revision.clone();
        let (mut version_arn, mut alias_arn) = (None, None);
        if let Some(qualifier) = qualifier {
            let number = if let Ok(number) = qualifier.parse::<u64>() {
                number
            } else {
                let alias = store.get::<MachineAlias>(scope, &format!("{name}/{qualifier}"));
                alias_arn = Some(machine_arn.into());
                choose(&*alias.ok_or_else(missing)?)
            };
            let version = store.get::<MachineVersion>(scope, &MachineVersion::id_of(name, number));
            revision.clone_from(&version.ok_or_else(missing)?.revision);
            version_arn = Some(arn::qualified(scope, name, number).into());
        }
        let revision = store.get::<Revision>(scope, &revision).ok_or_else(missing)?;
        Ok(Target { machine, revision, version_arn, alias_arn })
    }

    /// Standard or Express.
    pub(crate) fn kind(&self) -> Kind {
        if self.machine.express { Kind::Express } else { Kind::Standard }
    }

    /// The revision as the engine takes it.
    pub(crate) fn engine_revision(&self) -> Arc<execution_engine::Revision> {
        Arc::new(execution_engine::Revision {
            id: self.revision.id.as_str().into(),
            definition: self.revision.definition.0.clone(),
            kind: self.kind(),
            logged: !matches!(self.revision.logging.level.as_str(), "" | "OFF"),
        })
    }
}

/// The version of an alias by its weights.
fn choose(alias: &MachineAlias) -> u64 {
    let point = u32::from_str_radix(&hex_id(6), 16).unwrap_or(0) % 100;
    let mut passed = 0;
    for route in &alias.routes {
        passed += route.weight;
        if point < passed {
            return route.version;
        }
    }
    alias.routes.last().map_or(0, |route| route.version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use records::stepfunctions::Route;

    #[test]
    fn weights_of_aliases() {
        let alias = |weights: &[u32]| MachineAlias {
            id: "m/a".into(),
            description: None,
            routes: weights
                .iter()
                .zip(1..)
                .map(|(weight, version)| Route { version, weight: *weight })
                .collect(),
            created: 0,
            updated: 0,
        };
        assert_eq!((choose(&alias(&[100])), choose(&alias(&[100, 0])), choose(&alias(&[0, 100]))), (1, 1, 2));
        let chosen: std::collections::BTreeSet<u64> = (0..500).map(|_| choose(&alias(&[50, 50]))).collect();
        assert_eq!(chosen.len(), 2, "both of two equal versions are chosen in five hundred draws");
    }
}
