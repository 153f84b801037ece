//! All services, indexed by everything a request can name them with.

use std::collections::HashMap;

use aws_schema::{OperationSpec, Protocol, ServiceSpec};
use aws_wire::Router;
use contracts::ServiceTable;
use contracts::audit::Effect;

use crate::metrics::OperationCounters;

/// One service as the chain needs it.
pub(crate) struct Service {
    table: ServiceTable,
    /// Paths of a REST service; empty for the others.
    router: Router,
    /// Beside each of the specification's operations.
    entries: Vec<OperationEntry>,
}

/// What the gateway keeps per operation.
pub(crate) struct OperationEntry {
    /// Its name in policies: `ec2:RunInstances`.
    pub(crate) action: String,
    pub(crate) counters: OperationCounters,
    /// What its name says about its effect.
    pub(crate) effect: Effect,
}

impl Service {
    fn new(table: ServiceTable) -> Self {
        let spec = table.spec;
        let is_rest =
            spec.protocols.iter().any(|protocol| matches!(protocol, Protocol::RestJson | Protocol::RestXml));
        let entry = |operation: &&'static OperationSpec| OperationEntry {
            action: format!("{}:{}", spec.signing_name, operation.name),
            counters: OperationCounters::default(),
            effect: Effect::of(operation.name),
        };
        Self {
            router: if is_rest { Router::new(spec.operations) } else { Router::default() },
            entries: spec.operations.iter().map(entry).collect(),
            table,
        }
    }

    pub(crate) fn spec(&self) -> &'static ServiceSpec {
        self.table.spec
    }

    pub(crate) fn table(&self) -> &ServiceTable {
        &self.table
    }

    pub(crate) fn router(&self) -> &Router {
        &self.router
    }

    /// What is kept about an operation of this service.
    pub(crate) fn entry(&self, operation: &OperationSpec) -> Option<&OperationEntry> {
        let at = self.spec().operations.binary_search_by(|known| known.name.cmp(operation.name)).ok()?;
        self.entries.get(at)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'static OperationSpec, &OperationEntry)> {
        self.spec().operations.iter().copied().zip(&self.entries)
    }

    /// Whether AWS has an operation of this name, modelled here or not.
    pub(crate) fn knows(&self, operation: &str) -> bool {
        self.spec().all_operations.binary_search(&operation).is_ok()
    }

    pub(crate) fn speaks(&self, protocol: Protocol) -> bool {
        self.spec().protocols.contains(&protocol)
    }
}

/// All services.
pub(crate) struct Catalogue {
    services: Vec<Service>,
    by_signing_name: HashMap<&'static str, Vec<usize>>,
    by_target_prefix: HashMap<&'static str, usize>,
}

impl Catalogue {
    pub(crate) fn new(tables: Vec<ServiceTable>) -> Self {
        let services: Vec<Service> = tables.into_iter().map(Service::new).collect();
        let mut by_signing_name: HashMap<&'static str, Vec<usize>> = HashMap::new();
        let mut by_target_prefix = HashMap::new();
        for (index, service) in services.iter().enumerate() {
            by_signing_name.entry(service.spec().signing_name).or_default().push(index);
            if let Some(prefix) = service.spec().target_prefix {
                by_target_prefix.insert(prefix, index);
            }
        }
        Self { services, by_signing_name, by_target_prefix }
    }

    pub(crate) fn services(&self) -> &[Service] {
        &self.services
    }

    /// The services that sign with this name; mostly one, but some names are shared.
    pub(crate) fn signing_as(&self, name: &str) -> impl Iterator<Item = &Service> {
        let found = self.by_signing_name.get(name).map_or(&[][..], Vec::as_slice);
        found.iter().filter_map(|index| self.services.get(*index))
    }

    /// The service of an `X-Amz-Target` prefix, which also names it in CBOR paths.
    pub(crate) fn targeted_as(&self, prefix: &str) -> Option<&Service> {
        self.by_target_prefix.get(prefix).and_then(|index| self.services.get(*index))
    }
}
