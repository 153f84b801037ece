//! An instance together with the records it is shown with.

use crate::{Ec2, tags};
use records::{Instance, NetworkInterface, SecurityGroup, Vpc};
use state_store::typed::{Scope, Store};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Reads what instances have in common once per request.
pub(in crate::instances) struct Viewer<'a> {
    store: &'a Store,
    pub(in crate::instances) scope: &'a Scope,
    /// Names of groups met so far; machines of a launch share theirs.
    group_names: RefCell<HashMap<String, String>>,
    /// Whether VPCs met so far give public names.
    dns_hostnames: RefCell<HashMap<String, bool>>,
}

/// An instance with its interfaces and tags.
pub(in crate::instances) struct View {
    /// The record itself.
    pub(in crate::instances) instance: Arc<Instance>,
    /// By device index.
    pub(in crate::instances) interfaces: Vec<Arc<NetworkInterface>>,
    /// Tags of the instance, not of its interfaces or volumes.
    pub(in crate::instances) tags: BTreeMap<String, String>,
}

impl<'a> Viewer<'a> {
    /// For one request; nothing is kept between requests.
    pub(in crate::instances) fn new(ec2: &'a Ec2, scope: &'a Scope) -> Viewer<'a> {
        Viewer {
            store: ec2.store(),
            scope,
            group_names: RefCell::default(),
            dns_hostnames: RefCell::default(),
        }
    }

    /// Puts the records of one instance together.
    pub(in crate::instances) fn view(&self, instance: Arc<Instance>) -> View {
        let mut interfaces: Vec<Arc<NetworkInterface>> =
            instance.network_interfaces.iter().filter_map(|id| self.store.get(self.scope, id)).collect();
        interfaces.sort_by_key(|i| i.attachment.as_ref().map_or(i32::MAX, |a| a.device_index));
        let tags = tags::of(self.store, self.scope, &instance.id);
        View { instance, interfaces, tags }
    }

    /// Name of a security group; empty when it is gone.
    pub(super) fn group_name(&self, id: &str) -> String {
        let mut known = self.group_names.borrow_mut();
        if let Some(name) = known.get(id) {
            return name.clone();
        }
        let name =
            self.store.get::<SecurityGroup>(self.scope, id).map(|g| g.name.clone()).unwrap_or_default();
        known.insert(id.to_owned(), name.clone());
        name
    }

    /// Whether machines of a VPC have public DNS names.
    pub(super) fn has_public_names(&self, vpc_id: &str) -> bool {
        let mut known = self.dns_hostnames.borrow_mut();
        if let Some(has) = known.get(vpc_id) {
            return *has;
        }
        let has = self
            .store
            .get::<Vpc>(self.scope, vpc_id)
            .is_some_and(|vpc| vpc.enable_dns_hostnames && vpc.enable_dns_support);
        known.insert(vpc_id.to_owned(), has);
        has
    }
}

impl View {
    /// The interface at device index 0.
    pub(in crate::instances) fn primary(&self) -> Option<&NetworkInterface> {
        self.interfaces.first().map(Arc::as_ref)
    }

    /// Sorts instances so that those of a reservation stand together, in launch order.
    pub(in crate::instances) fn sort_key(&self) -> String {
        let Instance { reservation_id, launch_index, id, .. } = &*self.instance;
        format!("{reservation_id}/{launch_index:08}/{id}")
    }
}
