//! DeleteVpc.

use super::build::release_ipv6;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup, network_acl, peering, security_group, tags};
use api_ec2::DeleteVpcRequest;
use aws_schema::Unit;
use contracts::{Call, Reply};
use records::{
    EgressOnlyInternetGateway, InternetGateway, NetworkInterface, NetworkSecurityGroup, RouteTable,
    SecurityGroup, Subnet, Vpc, VpcEndpoint, VpnGateway,
};

/// DeleteVpc: refused while anything but the main route table, the default group and the default network ACL lives in it.
///
/// # Errors
/// `InvalidVpcID.NotFound`; `DependencyViolation` while a subnet, gateway, interface, further table or group is left.
pub(super) async fn delete_vpc(call: Call<Ec2>, input: DeleteVpcRequest) -> Reply<Unit> {
    let id = faults::required(input.vpc_id, "vpcId")?;
    let (scope, now) = (call.scope(), call.now());
    let deleted = call.platform.transact(|tx| {
        let vpc = lookup::find::<Vpc>(tx, scope, ResourceKind::Vpc, &id)?;
        let tables = tx.by_index::<RouteTable>(scope, "vpc", &id);
        let groups = tx.by_index::<SecurityGroup>(scope, "vpc", &id);
        let in_use = !tx.by_index::<Subnet>(scope, "vpc", &id).is_empty()
            || !tx.by_index::<InternetGateway>(scope, "vpc", &id).is_empty()
            || !tx.by_index::<EgressOnlyInternetGateway>(scope, "vpc", &id).is_empty()
            || !tx.by_index::<VpnGateway>(scope, "vpc", &id).is_empty()
            || !tx.by_index::<NetworkInterface>(scope, "vpc", &id).is_empty()
            || !tx.by_index::<VpcEndpoint>(scope, "vpc", &id).is_empty()
            || !tx.by_index::<NetworkSecurityGroup>(scope, "vpc", &id).is_empty()
            || network_acl::has_custom(tx, scope, &id)
            || tables.iter().any(|table| !table.is_main())
            || groups.iter().any(|group| group.name != "default");
        if in_use {
            return Err(faults::dependency_violation(format!(
                "The vpc '{id}' has dependencies and cannot be deleted."
            )));
        }
        for table in tables {
            tags::delete(tx, scope, &table.id);
            tx.delete::<RouteTable>(scope, &table.id);
        }
        for group in groups {
            security_group::forget_rules(tx, scope, &group);
            tags::delete(tx, scope, &group.id);
            tx.delete::<SecurityGroup>(scope, &group.id);
        }
        network_acl::forget_all(tx, scope, &id);
        for block in vpc.ipv6_blocks() {
            release_ipv6(tx, &block);
        }
        let peers = peering::end_with_vpc(tx, scope, &id, now);
        records::transitions::forget_flow_logs(tx, scope, &id);
        tags::delete(tx, scope, &id);
        tx.delete::<Vpc>(scope, &id);
        Ok(peers)
    });
    let done = deleted.await?;
    for peer in done.value {
        call.settled(&peer.scope(), &peer.vpc_id, done.revision.clone()).await?;
    }
    Ok(Unit)
}
