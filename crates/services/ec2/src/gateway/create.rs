//! CreateInternetGateway and DeleteInternetGateway.

use super::describe::show;
use crate::resource_kind::ResourceKind;
use crate::tags::{self, TagSpecifications};
use crate::{Ec2, faults, limits, lookup};
use api_ec2::{CreateInternetGatewayRequest, CreateInternetGatewayResult, DeleteInternetGatewayRequest};
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::InternetGateway;

/// CreateInternetGateway: attached to nothing yet.
///
/// # Errors
/// `InternetGatewayLimitExceeded`.
pub(super) async fn create_internet_gateway(
    call: Call<Ec2>,
    input: CreateInternetGatewayRequest,
) -> Reply<CreateInternetGatewayResult> {
    let kind = ResourceKind::InternetGateway;
    let specified = TagSpecifications::parse(input.tag_specifications, &[kind])?;
    let scope = call.scope();
    let made = call.platform.transact(|tx| {
        if tx.count::<InternetGateway>(scope) >= limits::INTERNET_GATEWAYS {
            let message = "The maximum number of internet gateways has been reached.";
            return Err(Fault::sender("InternetGatewayLimitExceeded", message));
        }
        let gateway = InternetGateway { id: kind.new_id(), vpc_id: None };
        tags::put(tx, scope, kind, &gateway.id, &specified.of(kind));
        tx.put(scope, gateway.clone());
        Ok(gateway)
    });
    let gateway = made.await?.value;
    Ok(CreateInternetGatewayResult { internet_gateway: Some(show(call.store(), scope, &gateway)) })
}

/// DeleteInternetGateway: refused while attached.
///
/// # Errors
/// `DependencyViolation`, `InvalidInternetGatewayID.NotFound`.
pub(super) async fn delete_internet_gateway(
    call: Call<Ec2>,
    input: DeleteInternetGatewayRequest,
) -> Reply<Unit> {
    let id = faults::required(input.internet_gateway_id, "internetGatewayId")?;
    let scope = call.scope();
    let deleted = call.platform.transact(|tx| {
        let gateway = lookup::find::<InternetGateway>(tx, scope, ResourceKind::InternetGateway, &id)?;
        if gateway.vpc_id.is_some() {
            return Err(faults::dependency_violation(format!(
                "The internetGateway '{id}' has dependencies and cannot be deleted."
            )));
        }
        tags::delete(tx, scope, &id);
        tx.delete::<InternetGateway>(scope, &id);
        Ok(())
    });
    deleted.await?;
    Ok(Unit)
}
