//! Finding elastic addresses by allocation, association or public address.

use crate::resource_kind::ResourceKind;
use crate::{cidr, faults};
use aws_schema::Fault;
use records::Address;
use state_store::typed::{Scope, Tx};

/// `InvalidAddress.NotFound`.
pub(super) fn no_address(public: &str) -> Fault {
    let shown: String = public.chars().take(100).collect();
    Fault::sender("InvalidAddress.NotFound", format!("Address '{shown}' not found."))
}

/// By allocation id or public address, of which exactly one must be given.
pub(super) fn allocated(
    tx: &mut Tx<'_>,
    scope: &Scope,
    allocation: Option<&str>,
    public: Option<&str>,
) -> Result<Address, Fault> {
    let kind = ResourceKind::ElasticIp;
    let found = match (allocation, public) {
        (Some(_), Some(_)) => {
            return Err(faults::invalid_combination(
                "You may specify public IP or allocation id, but not both in the same call",
            ));
        }
        (Some(id), None) => {
            kind.check(id)?;
            tx.get::<Address>(scope, id).ok_or_else(|| kind.not_found(id))?
        }
        (None, Some(text)) => {
            let public = cidr::address_v4("publicIp", text)?.to_string();
            tx.by_index::<Address>(scope, "public", &public)
                .into_iter()
                .next()
                .ok_or_else(|| no_address(text))?
        }
        (None, None) => {
            return Err(Fault::sender(
                "MissingParameter",
                "Either public IP or allocation id must be specified",
            ));
        }
    };
    Ok(Address::clone(&found))
}

/// Whether ports of the address are forwarded (see `docs/extensions.md`).
pub(crate) fn is_forwarding(tx: &mut Tx<'_>, scope: &Scope, allocation: &str) -> bool {
    records::transitions::forwarding_of_address(tx, scope, allocation).is_some()
}

/// Refuses an address whose ports are forwarded: it stands for no interface.
///
/// # Errors
/// `Resource.AlreadyAssociated`.
pub(crate) fn refuse_forwarding(tx: &mut Tx<'_>, scope: &Scope, allocation: &str) -> Result<(), Fault> {
    match records::transitions::forwarding_of_address(tx, scope, allocation) {
        None => Ok(()),
        Some(forwarding) => Err(Fault::sender(
            "Resource.AlreadyAssociated",
            format!("resource {allocation} is already associated with associate-id {forwarding}"),
        )),
    }
}

/// By association id or public address.
pub(super) fn associated(
    tx: &mut Tx<'_>,
    scope: &Scope,
    association: Option<&str>,
    public: Option<&str>,
) -> Result<Address, Fault> {
    let Some(id) = association else {
        let address = match public {
            Some(_) => allocated(tx, scope, None, public)?,
            None => {
                return Err(Fault::sender(
                    "MissingParameter",
                    "Either public IP or association id must be specified",
                ));
            }
        };
        return match address.association_id {
            Some(_) => Ok(address),
            None => Err(Fault::sender(
                "InvalidAssociationID.NotFound",
                format!("The address '{}' is not associated", address.public_ip),
            )),
        };
    };
    let kind = ResourceKind::AddressAssociation;
    kind.check(id)?;
    let found = tx.by_index::<Address>(scope, "association", id).into_iter().next();
    found.map(|address| Address::clone(&address)).ok_or_else(|| kind.not_found(id))
}
