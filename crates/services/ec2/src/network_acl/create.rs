//! CreateNetworkAcl.

use super::show;
use crate::client_token::{self, Idempotent};
use crate::resource_kind::ResourceKind;
use crate::tags::{self, TagSpecifications};
use crate::{Ec2, faults, limits, lookup};
use api_ec2::{CreateNetworkAclRequest, CreateNetworkAclResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{NetworkAcl, Vpc};

/// CreateNetworkAcl: an ACL without entries, which denies everything, and without subnets.
///
/// # Errors
/// `InvalidVpcID.NotFound`, `NetworkAclLimitExceeded`, `IdempotentParameterMismatch` for a token used otherwise.
pub(super) async fn create_network_acl(
    call: Call<Ec2>,
    input: CreateNetworkAclRequest,
) -> Reply<CreateNetworkAclResult> {
    let once = Idempotent::of("CreateNetworkAcl", input.client_token.as_deref(), &input)?;
    let vpc_id = faults::required(input.vpc_id, "vpcId")?;
    let kind = ResourceKind::NetworkAcl;
    let specified = TagSpecifications::parse(input.tag_specifications, &[kind])?;
    let (scope, now) = (call.scope(), call.now());
    let made = call.platform.transact(|tx| {
        if let Some(id) = client_token::earlier(tx, scope, &once, now)? {
            return lookup::find_mut::<NetworkAcl>(tx, scope, kind, &id);
        }
        lookup::find::<Vpc>(tx, scope, ResourceKind::Vpc, &vpc_id)?;
        if tx.by_index::<NetworkAcl>(scope, "vpc", &vpc_id).len() >= limits::ACLS_PER_VPC {
            let message = "The maximum number of network ACLs has been reached.";
            return Err(Fault::sender("NetworkAclLimitExceeded", message));
        }
        let acl = NetworkAcl {
            id: kind.new_id(),
            vpc_id: vpc_id.clone(),
            is_default: false,
            entries: Vec::new(),
            associations: Vec::new(),
        };
        tags::put(tx, scope, kind, &acl.id, &specified.of(kind));
        client_token::remember(tx, scope, &once, &acl.id, now);
        tx.put(scope, acl.clone());
        Ok(acl)
    });
    let acl = made.await?.value;
    Ok(CreateNetworkAclResult {
        network_acl: Some(show::acl(call.store(), scope, &acl)),
        client_token: input.client_token,
    })
}
