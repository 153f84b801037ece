//! CreateEgressOnlyInternetGateway.

use super::describe::show;
use crate::client_token::{self, Idempotent};
use crate::resource_kind::ResourceKind;
use crate::tags::{self, TagSpecifications};
use crate::{Ec2, faults, limits, lookup};
use api_ec2::{CreateEgressOnlyInternetGatewayRequest, CreateEgressOnlyInternetGatewayResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{EgressOnlyInternetGateway, Vpc};

/// CreateEgressOnlyInternetGateway: attached to its VPC for life, one for each VPC.
///
/// # Errors
/// `InvalidVpcID.NotFound`, `EgressOnlyInternetGatewayLimitExceeded`, `IdempotentParameterMismatch`.
pub(super) async fn create_egress_only_internet_gateway(
    call: Call<Ec2>,
    input: CreateEgressOnlyInternetGatewayRequest,
) -> Reply<CreateEgressOnlyInternetGatewayResult> {
    let once = Idempotent::of("CreateEgressOnlyInternetGateway", input.client_token.as_deref(), &input)?;
    let vpc_id = faults::required(input.vpc_id, "vpcId")?;
    let kind = ResourceKind::EgressOnlyInternetGateway;
    let specified = TagSpecifications::parse(input.tag_specifications, &[kind])?;
    let (scope, now) = (call.scope(), call.now());
    let made = call.platform.transact(|tx| {
        if let Some(id) = client_token::earlier(tx, scope, &once, now)? {
            return lookup::find_mut::<EgressOnlyInternetGateway>(tx, scope, kind, &id);
        }
        lookup::find::<Vpc>(tx, scope, ResourceKind::Vpc, &vpc_id)?;
        let limit = |message: String| Err(Fault::sender("EgressOnlyInternetGatewayLimitExceeded", message));
        if !tx.by_index::<EgressOnlyInternetGateway>(scope, "vpc", &vpc_id).is_empty() {
            return limit(format!("Network {vpc_id} already has an egress-only internet gateway attached"));
        }
        if tx.count::<EgressOnlyInternetGateway>(scope) >= limits::INTERNET_GATEWAYS {
            return limit("The maximum number of egress-only internet gateways has been reached.".to_owned());
        }
        let gateway = EgressOnlyInternetGateway { id: kind.new_id(), vpc_id: vpc_id.clone() };
        tags::put(tx, scope, kind, &gateway.id, &specified.of(kind));
        client_token::remember(tx, scope, &once, &gateway.id, now);
        tx.put(scope, gateway.clone());
        Ok(gateway)
    });
    let done = made.await?;
    call.settled(scope, &done.value.vpc_id, done.revision).await?;
    Ok(CreateEgressOnlyInternetGatewayResult {
        client_token: input.client_token,
        egress_only_internet_gateway: Some(show(call.store(), scope, &done.value)),
    })
}
