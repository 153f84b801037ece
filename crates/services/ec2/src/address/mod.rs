//! Elastic IP addresses.

mod allocate;
mod associate;
mod describe;
mod find;
mod reverse_name;

pub(crate) use find::{is_forwarding, refuse_forwarding};

use crate::Ec2;
use crate::resource_kind::ResourceKind;
use api_ec2::ops;
use contracts::ServiceTable;
use records::address::{PublicAddressClaim, pool_scope};
use records::{Address, NetworkInterface};
use state_store::typed::{Scope, Tx};
use std::sync::Arc;

/// Adds the operations on elastic addresses.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    network_operations!(table, service, {
        AllocateAddress => allocate::allocate_address,
        ReleaseAddress => allocate::release_address,
        AssociateAddress => associate::associate_address,
        DisassociateAddress => associate::disassociate_address,
        DescribeAddresses => describe::describe_addresses,
        DescribeAddressesAttribute => reverse_name::describe_addresses_attribute,
        ModifyAddressAttribute => reverse_name::modify_address_attribute,
        ResetAddressAttribute => reverse_name::reset_address_attribute,
    });
}

/// Maps an elastic address to the `at`-th private address of an interface, which must have nothing mapped to it; answers the
/// association's id. The caller writes the interface.
pub(crate) fn map(
    tx: &mut Tx<'_>,
    scope: &Scope,
    interface: &mut NetworkInterface,
    at: usize,
    mut address: Address,
) -> String {
    let association = ResourceKind::AddressAssociation.new_id();
    if let Some(private) = interface.private_addresses.get_mut(at) {
        private.public = Some(address.public_ip);
        private.allocation_id = Some(address.id.clone());
        private.association_id = Some(association.clone());
        address.network_interface_id = Some(interface.id.clone());
        address.private_ip = Some(private.address);
        address.association_id = Some(association.clone());
        tx.put(scope, address);
    }
    association
}

/// Takes the public address from the `at`-th private address of an interface: an elastic one is free again, an automatic
/// one goes back to the pool. The caller writes the interface.
pub(crate) fn unmap(tx: &mut Tx<'_>, scope: &Scope, interface: &mut NetworkInterface, at: usize) {
    let Some(private) = interface.private_addresses.get_mut(at) else { return };
    private.association_id = None;
    let Some(public) = private.public.take() else { return };
    match private.allocation_id.take() {
        Some(allocation) => {
            if let Some(address) = tx.get::<Address>(scope, &allocation) {
                let mut address = Address::clone(&address);
                address.free();
                tx.put(scope, address);
            }
        }
        None => {
            tx.delete::<PublicAddressClaim>(&pool_scope(), &public.to_string());
        }
    }
}
