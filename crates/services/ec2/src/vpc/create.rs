//! CreateVpc.

use super::build::{NewVpc, put_vpc};
use super::{rules, show};
use crate::resource_kind::ResourceKind;
use crate::tags::{self, TagSpecifications};
use crate::{Ec2, cidr, faults, limits};
use api_ec2::{CreateVpcRequest, CreateVpcResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::Vpc;

/// Parameters of address managers this cloud does not have.
fn refuse_unbuilt(input: &CreateVpcRequest) -> Result<(), Fault> {
    let given = [
        ("Ipv6Pool", input.ipv6_pool.is_some()),
        ("Ipv6CidrBlock", input.ipv6_cidr_block.is_some()),
        ("Ipv4IpamPoolId", input.ipv4_ipam_pool_id.is_some()),
        ("Ipv4NetmaskLength", input.ipv4_netmask_length.is_some()),
        ("Ipv6IpamPoolId", input.ipv6_ipam_pool_id.is_some()),
        ("Ipv6NetmaskLength", input.ipv6_netmask_length.is_some()),
        ("VpcEncryptionControl", input.vpc_encryption_control.is_some()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(faults::unsupported_parameter(name)),
        None => Ok(()),
    }
}

/// CreateVpc. Answers `pending` as AWS does; the next Describe shows `available`.
///
/// # Errors
/// `InvalidVpc.Range` for sizes outside of /16–/28 and ranges no machine can have, `VpcLimitExceeded`,
/// `InsufficientCidrBlocks` when an IPv6 block is wanted and none is free, `UnsupportedOperation` for address managers.
pub(super) async fn create_vpc(call: Call<Ec2>, input: CreateVpcRequest) -> Reply<CreateVpcResult> {
    refuse_unbuilt(&input)?;
    let cidr = cidr::v4("cidrBlock", &faults::required(input.cidr_block, "cidrBlock")?)?;
    rules::check_block(&cidr)?;
    let tenancy = input.instance_tenancy.map_or_else(|| "default".to_owned(), |t| t.as_str().to_owned());
    if !matches!(tenancy.as_str(), "default" | "dedicated") {
        return Err(faults::invalid_value("instanceTenancy", &tenancy, ""));
    }
    let specified = TagSpecifications::parse(input.tag_specifications, &[ResourceKind::Vpc])?;
    let (scope, now) = (call.scope(), call.now());
    let ipv6 = input.amazon_provided_ipv6_cidr_block == Some(true);
    let made = call.platform.transact(|tx| {
        if tx.count::<Vpc>(scope) >= limits::VPCS {
            return Err(Fault::sender("VpcLimitExceeded", "The maximum number of VPCs has been reached."));
        }
        let new = NewVpc { cidr, tenancy: tenancy.clone(), is_default: false, ipv6, now };
        let (vpc, _) = put_vpc(tx, scope, new)?;
        tags::put(tx, scope, ResourceKind::Vpc, &vpc.id, &specified.of(ResourceKind::Vpc));
        Ok(vpc)
    });
    let mut shown = show::vpc(call.store(), scope, &made.await?.value);
    shown.state = Some("pending".into());
    Ok(CreateVpcResult { vpc: Some(shown) })
}
