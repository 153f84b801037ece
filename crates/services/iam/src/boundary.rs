//! Permissions boundaries of users and roles.

use crate::{Iam, faults, managed};
use api_iam::*;
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::iam;
use state_store::typed::{Scope, Tx};

/// A boundary must be a managed policy that exists.
pub(crate) fn check(tx: &mut Tx<'_>, scope: &Scope, arn: Option<&str>) -> Result<(), Fault> {
    match arn {
        Some(arn) if managed::find_in(tx, scope, arn)?.is_none() => {
            Err(faults::no_such_entity(format!("Scope ARN: {arn} does not exist or is not attachable.")))
        }
        _ => Ok(()),
    }
}

macro_rules! boundary_operations {
    ($record:ty, $name:ident, $word:literal, $put:ident($put_input:ty), $delete:ident($delete_input:ty)) => {
        #[doc = concat!("Sets the boundary of a ", $word, ".")]
        pub(crate) async fn $put(call: Call<Iam>, input: $put_input) -> Reply<Unit> {
            let scope = call.caller.global();
            let change = |tx: &mut Tx<'_>, record: &mut $record| {
                check(tx, &scope, input.permissions_boundary.as_deref())?;
                record.policies.boundary.clone_from(&input.permissions_boundary);
                Ok(())
            };
            call.edit::<$record>(&scope, input.$name(), change).await?;
            Ok(Unit)
        }

        #[doc = concat!("Takes the boundary of a ", $word, " away.")]
        pub(crate) async fn $delete(call: Call<Iam>, input: $delete_input) -> Reply<Unit> {
            let change = |_: &mut Tx<'_>, record: &mut $record| {
                let taken = record.policies.boundary.take();
                let name = input.$name();
                taken.map(|_| ()).ok_or_else(|| {
                    faults::no_such_entity(format!("{} {name} does not have a permission boundary.", $word))
                })
            };
            call.edit::<$record>(&call.caller.global(), input.$name(), change).await?;
            Ok(Unit)
        }
    };
}

boundary_operations!(
    iam::User,
    user_name,
    "User",
    put_user_permissions_boundary(PutUserPermissionsBoundaryRequest),
    delete_user_permissions_boundary(DeleteUserPermissionsBoundaryRequest)
);
boundary_operations!(
    iam::Role,
    role_name,
    "Role",
    put_role_permissions_boundary(PutRolePermissionsBoundaryRequest),
    delete_role_permissions_boundary(DeleteRolePermissionsBoundaryRequest)
);
