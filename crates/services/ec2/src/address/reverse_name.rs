//! The reverse name of an elastic address: ModifyAddressAttribute, ResetAddressAttribute, DescribeAddressesAttribute. The
//! name servers of the VPCs answer with it (EC2 User Guide, "Use reverse DNS for email applications").

use crate::paging::Paging;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup};
use api_ec2::{
    AddressAttribute, AddressAttributeName, DescribeAddressesAttributeRequest,
    DescribeAddressesAttributeResult, ModifyAddressAttributeRequest, ModifyAddressAttributeResult,
    PtrUpdateStatus, ResetAddressAttributeRequest, ResetAddressAttributeResult,
};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::Address;

/// The only attribute there is.
const DOMAIN_NAME: &str = "domain-name";

/// A host name of the public DNS in lower case and with its final dot: at least two labels of letters, digits and hyphens
/// (RFC 1123), 253 characters at most.
fn domain_name(text: &str) -> Result<String, Fault> {
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() > 253 || !name.contains('.') || !name.split('.').all(label) {
        return Err(faults::invalid_value("domainName", text, "Invalid domain name."));
    }
    Ok(format!("{name}."))
}

/// `InvalidParameterValue` for an attribute that does not exist.
fn check_attribute(attribute: &AddressAttributeName) -> Result<(), Fault> {
    match attribute.as_str() {
        DOMAIN_NAME => Ok(()),
        other => Err(faults::invalid_value("attribute", other, "")),
    }
}

/// Writes another name, or none, and shows the update as AWS does: on its way.
async fn change(
    call: &Call<Ec2>,
    allocation_id: Option<String>,
    name: Option<String>,
) -> Result<AddressAttribute, Fault> {
    let id = faults::required(allocation_id, "allocationId")?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut address = lookup::find_mut::<Address>(tx, scope, ResourceKind::ElasticIp, &id)?;
        address.reverse_name.clone_from(&name);
        tx.put(scope, address.clone());
        Ok(address)
    });
    let address = changed.await?.value;
    Ok(AddressAttribute {
        ptr_record_update: Some(PtrUpdateStatus {
            value: name,
            status: Some("PENDING".to_owned()),
            reason: None,
        }),
        ..shown(&Address { reverse_name: None, ..address }, true)
    })
}

/// The address, with its reverse name where that was asked for.
fn shown(address: &Address, with_name: bool) -> AddressAttribute {
    AddressAttribute {
        public_ip: Some(address.public_ip.to_string()),
        allocation_id: Some(address.id.clone()),
        ptr_record: address.reverse_name.clone().filter(|_| with_name),
        ptr_record_update: None,
    }
}

/// ModifyAddressAttribute.
///
/// # Errors
/// `InvalidAllocationID.NotFound`, `InvalidParameterValue` for what is no domain name.
pub(super) async fn modify_address_attribute(
    call: Call<Ec2>,
    input: ModifyAddressAttributeRequest,
) -> Reply<ModifyAddressAttributeResult> {
    let name = domain_name(&faults::required(input.domain_name, "domainName")?)?;
    let address = change(&call, input.allocation_id, Some(name)).await?;
    Ok(ModifyAddressAttributeResult { address: Some(address) })
}

/// ResetAddressAttribute: the address has the name of all public addresses again.
///
/// # Errors
/// `InvalidAllocationID.NotFound`, `InvalidParameterValue` for an unknown attribute.
pub(super) async fn reset_address_attribute(
    call: Call<Ec2>,
    input: ResetAddressAttributeRequest,
) -> Reply<ResetAddressAttributeResult> {
    check_attribute(&faults::required(input.attribute, "attribute")?)?;
    let address = change(&call, input.allocation_id, None).await?;
    Ok(ResetAddressAttributeResult { address: Some(address) })
}

/// DescribeAddressesAttribute. Without `Attribute` only the addresses themselves are shown.
///
/// # Errors
/// `InvalidAllocationID.NotFound` with every unknown id, `InvalidParameterValue` for an unknown attribute,
/// `InvalidNextToken`.
pub(super) async fn describe_addresses_attribute(
    call: Call<Ec2>,
    input: DescribeAddressesAttributeRequest,
) -> Reply<DescribeAddressesAttributeResult> {
    let (scope, store) = (call.scope(), call.store());
    input.attribute.as_ref().map_or(Ok(()), check_attribute)?;
    let ids = input.allocation_ids.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeAddressesAttribute",
        scope,
        filters: String::new(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("allocationIds"),
    };
    paging.check(1..=1000)?;
    let found = lookup::select::<Address>(store, scope, ResourceKind::ElasticIp, &ids)?;
    let page = paging.page(&call, found, |address| address.id.clone())?;
    let addresses = page.items.iter().map(|address| shown(address, input.attribute.is_some())).collect();
    Ok(DescribeAddressesAttributeResult { addresses: Some(addresses), next_token: page.next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(domain_name("Mail.Example.com").unwrap(), "mail.example.com.");
        assert_eq!(domain_name("mail.example.com.").unwrap(), "mail.example.com.");
        let long = format!("{}.example.com", "a".repeat(64));
        let longer = vec!["abcdefgh"; 30].join(".");
        for bad in ["", ".", "com", "-a.com", "a-.com", "a..com", "a b.com", "ä.com", &long, &longer] {
            assert_eq!(domain_name(bad).unwrap_err().code, "InvalidParameterValue", "{bad}");
        }
    }
}
