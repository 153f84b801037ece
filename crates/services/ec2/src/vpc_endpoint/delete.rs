//! DeleteVpcEndpoints.

use crate::flow_log::unsuccessful;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults};
use api_ec2::{DeleteVpcEndpointsRequest, DeleteVpcEndpointsResult};
use contracts::{Call, Reply};
use records::VpcEndpoint;

/// DeleteVpcEndpoints: they are `deleting` until the host has taken their interfaces away.
///
/// # Errors
/// `InvalidVpcEndpointId.Malformed`, `MissingParameter`; unknown endpoints are listed in the answer.
pub(super) async fn delete_vpc_endpoints(
    call: Call<Ec2>,
    input: DeleteVpcEndpointsRequest,
) -> Reply<DeleteVpcEndpointsResult> {
    let kind = ResourceKind::VpcEndpoint;
    let ids = faults::required(input.vpc_endpoint_ids.filter(|ids| !ids.is_empty()), "VpcEndpointId")?;
    kind.check_all(&ids)?;
    let scope = call.scope();
    let deleted = call.platform.transact(|tx| {
        let mut unknown = Vec::new();
        for id in &ids {
            match tx.get::<VpcEndpoint>(scope, id) {
                Some(found) if found.state == "deleting" => {}
                Some(found) => {
                    tx.put(scope, VpcEndpoint { state: "deleting".to_owned(), ..VpcEndpoint::clone(&found) });
                }
                None => unknown.push(unsuccessful(id, &kind.not_found(id))),
            }
        }
        Ok(unknown)
    });
    Ok(DeleteVpcEndpointsResult { unsuccessful: Some(deleted.await?.value) })
}
