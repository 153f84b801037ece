//! An instance together with the records it is shown with.

use crate::Ec2;
use records::{Instance, NetworkInterface, SecurityGroup, Tags, Vpc};
use state_store::Record;
use state_store::typed::{Scope, Store};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Puts the records of instances together, for one request.
pub(in crate::instances) struct Viewer<'a> {
    store: &'a Store,
    scope: &'a Scope,
}

/// An instance with every record its description is made of: what is shown is computed from a view and nothing else,
/// so a view of the very same records shows the same (`shown` relies on it).
pub(in crate::instances) struct View {
    /// Account and region.
    pub(in crate::instances) scope: Scope,
    /// The record itself.
    pub(in crate::instances) instance: Arc<Instance>,
    /// By device index.
    pub(in crate::instances) interfaces: Vec<Arc<NetworkInterface>>,
    /// Tags of the instance, not of its interfaces or volumes.
    tags: Option<Arc<Tags>>,
    /// The groups of all interfaces, each once.
    groups: Vec<Arc<SecurityGroup>>,
    /// The VPCs the interfaces are in: one, as long as none was attached across VPCs.
    vpcs: Vec<Arc<Vpc>>,
}

static NO_TAGS: BTreeMap<String, String> = BTreeMap::new();

impl<'a> Viewer<'a> {
    /// For one request; nothing is kept between requests.
    pub(in crate::instances) fn new(ec2: &'a Ec2, scope: &'a Scope) -> Viewer<'a> {
        Viewer { store: ec2.store(), scope }
    }

    /// Puts the records of one instance together. Groups and VPCs that are gone are left out.
    pub(in crate::instances) fn view(&self, instance: Arc<Instance>) -> View {
        let mut interfaces: Vec<Arc<NetworkInterface>> =
            instance.network_interfaces.iter().filter_map(|id| self.store.get(self.scope, id)).collect();
        interfaces.sort_by_key(|i| i.attachment.as_ref().map_or(i32::MAX, |a| a.device_index));
        let tags = self.store.get(self.scope, &instance.id);
        let (mut groups, mut vpcs) = (Vec::new(), Vec::new());
        for interface in &interfaces {
            interface.groups.iter().for_each(|id| self.add(&mut groups, id));
            self.add(&mut vpcs, &interface.vpc_id);
        }
        View { scope: self.scope.clone(), instance, interfaces, tags, groups, vpcs }
    }

    /// Adds a record that is there and not yet among them.
    fn add<R: Record>(&self, records: &mut Vec<Arc<R>>, id: &str) {
        if !records.iter().any(|record| record.id() == id) {
            records.extend(self.store.get::<R>(self.scope, id));
        }
    }
}

impl View {
    /// The interface at device index 0.
    pub(in crate::instances) fn primary(&self) -> Option<&NetworkInterface> {
        self.interfaces.first().map(Arc::as_ref)
    }

    /// Tags of the instance.
    pub(in crate::instances) fn tags(&self) -> &BTreeMap<String, String> {
        self.tags.as_ref().map_or(&NO_TAGS, |record| &record.tags)
    }

    /// Name of a security group; empty when it is gone.
    pub(super) fn group_name(&self, id: &str) -> &str {
        self.groups.iter().find(|group| group.id == id).map_or("", |group| &group.name)
    }

    /// Whether machines of a VPC have public DNS names.
    pub(super) fn has_public_names(&self, vpc_id: &str) -> bool {
        let vpc = self.vpcs.iter().find(|vpc| vpc.id == vpc_id);
        vpc.is_some_and(|vpc| vpc.enable_dns_hostnames && vpc.enable_dns_support)
    }

    /// Sorts instances so that those of a reservation stand together, in launch order.
    pub(in crate::instances) fn sort_key(&self) -> String {
        let Instance { reservation_id, launch_index, id, .. } = &*self.instance;
        format!("{reservation_id}/{launch_index:08}/{id}")
    }

    /// Whether the other is of the very same records. A record is never changed in place and both views hold theirs, so
    /// the same address is the same content.
    pub(super) fn is_same(&self, other: &View) -> bool {
        let View { scope, instance, interfaces, tags, groups, vpcs } = other;
        let same_tags = match (&self.tags, tags) {
            (Some(mine), Some(theirs)) => Arc::ptr_eq(mine, theirs),
            (None, None) => true,
            _ => false,
        };
        same_tags
            && Arc::ptr_eq(&self.instance, instance)
            && same(&self.interfaces, interfaces)
            && same(&self.groups, groups)
            && same(&self.vpcs, vpcs)
            && self.scope == *scope
    }
}

fn same<R>(mine: &[Arc<R>], theirs: &[Arc<R>]) -> bool {
    mine.len() == theirs.len() && mine.iter().zip(theirs).all(|(a, b)| Arc::ptr_eq(a, b))
}
