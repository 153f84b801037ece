//! What port forwardings and network security groups lose when the thing they stand on goes away.

use crate::{NetworkSecurityGroup, PortForwarding};
use state_store::typed::{Scope, Tx};

/// No network security group guards this subnet or interface any more; for whoever deletes it.
pub fn forget_guarded(tx: &mut Tx<'_>, scope: &Scope, id: &str) {
    for group in tx.by_index::<NetworkSecurityGroup>(scope, "attached", id) {
        let mut group = NetworkSecurityGroup::clone(&group);
        group.subnet_ids.retain(|other| other != id);
        group.network_interface_ids.retain(|other| other != id);
        tx.put(scope, group);
    }
}

/// Drops the forwarded ports of a gateway, of which there are at most [`PortForwarding::MOST`].
pub fn forget_port_forwardings(tx: &mut Tx<'_>, scope: &Scope, gateway_id: &str) {
    for forwarding in tx.by_index::<PortForwarding>(scope, "gateway", gateway_id) {
        tx.delete::<PortForwarding>(scope, &forwarding.id);
    }
}

/// A port forwarding that uses an elastic address, by `eipalloc-…`. While there is one, the address can be neither
/// released nor associated.
pub fn forwarding_of_address(tx: &mut Tx<'_>, scope: &Scope, allocation_id: &str) -> Option<String> {
    let found = tx.by_index::<PortForwarding>(scope, "allocation", allocation_id);
    found.first().map(|forwarding| forwarding.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use state_store::StoreError;
    use state_store::typed::Store;

    fn forwarding(id: &str, gateway: &str, allocation: Option<&str>) -> PortForwarding {
        PortForwarding {
            id: id.into(),
            gateway_id: gateway.into(),
            vpc_id: "vpc-1".into(),
            protocol: 6,
            public_ip: [198, 18, 0, 1].into(),
            allocation_id: allocation.map(str::to_owned),
            port: 80,
            to_address: [10, 0, 0, 9].into(),
            to_port: 80,
            masquerade: false,
            created: 0,
        }
    }

    fn group(id: &str) -> NetworkSecurityGroup {
        NetworkSecurityGroup {
            id: id.into(),
            vpc_id: "vpc-1".into(),
            name: id.into(),
            rules: Vec::new(),
            subnet_ids: vec![format!("subnet-of-{id}"), "subnet-2".into()],
            network_interface_ids: vec![format!("eni-of-{id}")],
        }
    }

    #[tokio::test]
    async fn only_what_stood_on_it_goes() {
        let (store, here) = (Store::in_memory(), Scope::new("000000000000", "us-east-1"));
        let done = store.transact(|tx| {
            tx.put(&here, forwarding("pfw-1", "nat-1", None));
            tx.put(&here, forwarding("pfw-2", "nat-1", None));
            tx.put(&here, forwarding("pfw-3", "igw-1", Some("eipalloc-1")));
            tx.put(&here, group("nsg-1"));
            tx.put(&here, group("nsg-2"));
            forget_port_forwardings(tx, &here, "nat-1");
            for gone in ["subnet-of-nsg-1", "eni-of-nsg-2", "eni-of-nobody"] {
                forget_guarded(tx, &here, gone);
            }
            let users = ["eipalloc-1", "eipalloc-2"].map(|id| forwarding_of_address(tx, &here, id));
            Ok::<_, StoreError>(users)
        });
        assert_eq!(done.await.unwrap().value, [Some("pfw-3".to_owned()), None]);
        let left: Vec<String> = store.list::<PortForwarding>(&here).iter().map(|f| f.id.clone()).collect();
        assert_eq!(left, ["pfw-3"]);
        let guarded = |id: &str| {
            let group = store.get::<NetworkSecurityGroup>(&here, id).unwrap();
            (group.subnet_ids.clone(), group.network_interface_ids.clone())
        };
        assert_eq!(guarded("nsg-1"), (vec!["subnet-2".to_owned()], vec!["eni-of-nsg-1".to_owned()]));
        let both = vec!["subnet-of-nsg-2".to_owned(), "subnet-2".to_owned()];
        assert_eq!(guarded("nsg-2"), (both, Vec::new()));
    }
}
