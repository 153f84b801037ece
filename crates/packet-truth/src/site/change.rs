//! Changes of a standing network: made through the API, and on the topology.

use super::Site;
use super::build::authorize;
use super::parameters::{
    Parameters, acl_entry, acl_entry_key, call, permission, put, route_key, route_target,
};
use reachability::topology::{AclEntry, GroupRule, PortForwarding, Route, Topology};
use reachability::{Direction, Id};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// One call that changes what packets meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// A rule of a group is revoked.
    Revoke(Id, GroupRule),
    /// A rule is added to a group.
    Authorize(Id, GroupRule),
    /// An entry of an ACL goes.
    DeleteEntry(Id, AclEntry),
    /// An entry of an ACL comes.
    CreateEntry(Id, AclEntry),
    /// A route of a table goes.
    DeleteRoute(Id, Route),
    /// A route of a table comes.
    CreateRoute(Id, Route),
    /// An interface gets these groups.
    SetGroups(Id, Vec<Id>),
    /// The source/destination check of an interface.
    SetCheck(Id, bool),
    /// A forwarded port is taken back.
    DeleteForwarding(PortForwarding),
    /// A port is forwarded.
    CreateForwarding(PortForwarding),
}

impl Change {
    /// Makes it on a topology.
    pub fn apply(&self, topology: &mut Topology) {
        match self {
            Self::Revoke(id, rule) => {
                if let Some(group) = topology.security_groups.iter_mut().find(|g| g.id == *id) {
                    group.rules.retain(|r| r != rule);
                }
            }
            Self::Authorize(id, rule) => {
                if let Some(group) = topology.security_groups.iter_mut().find(|g| g.id == *id) {
                    group.rules.push(rule.clone());
                }
            }
            Self::DeleteEntry(id, entry) => {
                if let Some(acl) = topology.network_acls.iter_mut().find(|a| a.id == *id) {
                    acl.entries.retain(|e| e != entry);
                }
            }
            Self::CreateEntry(id, entry) => {
                if let Some(acl) = topology.network_acls.iter_mut().find(|a| a.id == *id) {
                    acl.entries.push(entry.clone());
                }
            }
            Self::DeleteRoute(id, route) => {
                if let Some(table) = topology.route_tables.iter_mut().find(|t| t.id == *id) {
                    table.routes.retain(|r| r != route);
                }
            }
            Self::CreateRoute(id, route) => {
                if let Some(table) = topology.route_tables.iter_mut().find(|t| t.id == *id) {
                    table.routes.push(route.clone());
                }
            }
            Self::SetGroups(id, groups) => {
                if let Some(eni) = topology.network_interfaces.iter_mut().find(|i| i.id == *id) {
                    eni.groups.clone_from(groups);
                }
            }
            Self::SetCheck(id, check) => {
                if let Some(eni) = topology.network_interfaces.iter_mut().find(|i| i.id == *id) {
                    eni.source_dest_check = *check;
                }
            }
            Self::DeleteForwarding(one) => topology.port_forwardings.retain(|f| f.id != one.id),
            Self::CreateForwarding(one) => topology.port_forwardings.push(one.clone()),
        }
    }

    /// What takes it back, on the topology that it is made on.
    pub fn inverse(&self, topology: &Topology) -> Option<Self> {
        let interface = |id: &Id| topology.network_interfaces.iter().find(|i| i.id == *id);
        Some(match self {
            Self::Revoke(id, rule) => Self::Authorize(id.clone(), rule.clone()),
            Self::Authorize(id, rule) => Self::Revoke(id.clone(), rule.clone()),
            Self::DeleteEntry(id, entry) => Self::CreateEntry(id.clone(), entry.clone()),
            Self::CreateEntry(id, entry) => Self::DeleteEntry(id.clone(), entry.clone()),
            Self::DeleteRoute(id, route) => Self::CreateRoute(id.clone(), route.clone()),
            Self::CreateRoute(id, route) => Self::DeleteRoute(id.clone(), route.clone()),
            Self::DeleteForwarding(one) => Self::CreateForwarding(one.clone()),
            Self::CreateForwarding(one) => Self::DeleteForwarding(one.clone()),
            Self::SetGroups(id, _) => Self::SetGroups(id.clone(), interface(id)?.groups.clone()),
            Self::SetCheck(id, _) => Self::SetCheck(id.clone(), interface(id)?.source_dest_check),
        })
    }
}

impl Site {
    /// Makes a change through the API; when this returns, the next packet meets it.
    ///
    /// # Errors
    /// When the call is refused.
    pub fn change(&mut self, change: &Change) -> anyhow::Result<()> {
        match change {
            Change::CreateForwarding(forwarding) => return self.forward(forwarding),
            Change::DeleteForwarding(forwarding) => {
                let id = self.translator.real(&forwarding.id)?;
                let input = json!({ "PortForwardingId": id });
                return self.ec2.extension("DeletePortForwarding", &input).map(drop);
            }
            _ => {}
        }
        let (operation, parameters) = self.request(change)?;
        call(&mut self.ec2, operation, &parameters).map(drop)
    }

    fn request(&self, change: &Change) -> anyhow::Result<(&'static str, Parameters)> {
        let names = &self.translator;
        Ok(match change {
            Change::Revoke(id, rule) => {
                let operation = match rule.direction {
                    Direction::Ingress => "RevokeSecurityGroupIngress",
                    Direction::Egress => "RevokeSecurityGroupEgress",
                };
                (operation, permission(names, id, rule)?)
            }
            Change::Authorize(id, rule) => (authorize(rule.direction), permission(names, id, rule)?),
            Change::DeleteEntry(id, entry) => ("DeleteNetworkAclEntry", acl_entry_key(names, id, entry)?),
            Change::CreateEntry(id, entry) => ("CreateNetworkAclEntry", acl_entry(names, id, entry)?),
            Change::DeleteRoute(id, route) => ("DeleteRoute", route_key(names, id, route)?),
            Change::CreateRoute(id, route) => {
                let mut all = route_key(names, id, route)?;
                all.extend(route_target(names, &route.target)?);
                ("CreateRoute", all)
            }
            Change::SetGroups(id, groups) => {
                let mut all = Parameters::new();
                put(&mut all, "NetworkInterfaceId", names.real(id)?);
                for (n, group) in groups.iter().enumerate() {
                    put(&mut all, &format!("SecurityGroupId.{}", n + 1), names.real(group)?);
                }
                ("ModifyNetworkInterfaceAttribute", all)
            }
            Change::SetCheck(id, check) => {
                let mut all = Parameters::new();
                put(&mut all, "NetworkInterfaceId", names.real(id)?);
                put(&mut all, "SourceDestCheck.Value", check);
                ("ModifyNetworkInterfaceAttribute", all)
            }
            Change::DeleteForwarding(_) | Change::CreateForwarding(_) => {
                anyhow::bail!("a port is no call of EC2")
            }
        })
    }
}
