//! CreateManagedPrefixList.

use super::{entries, show};
use crate::client_token::{self, Idempotent};
use crate::resource_kind::ResourceKind;
use crate::tags::{self, TagSpecifications};
use crate::{Ec2, faults, limits, lookup};
use api_ec2::{CreateManagedPrefixListRequest, CreateManagedPrefixListResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::PrefixList;

/// Names a list may have.
pub(super) fn check_name(name: &str) -> Result<(), Fault> {
    if name.is_empty() || name.chars().count() > 255 || name.starts_with("com.amazonaws") {
        return Err(faults::invalid_value(
            "prefixListName",
            name,
            "A name has up to 255 characters and cannot start with com.amazonaws.",
        ));
    }
    Ok(())
}

/// The number of entries a list may have.
pub(super) fn check_max_entries(max: i32) -> Result<i32, Fault> {
    if !(1..=entries::MAX_ENTRIES).contains(&max) {
        return Err(faults::invalid_value(
            "maxEntries",
            &max.to_string(),
            &format!("It must be between 1 and {}.", entries::MAX_ENTRIES),
        ));
    }
    Ok(max)
}

/// CreateManagedPrefixList.
///
/// # Errors
/// `InvalidParameterValue` for names, sizes and entries out of their range, `PrefixListMaxEntriesExceeded`,
/// `IdempotentParameterMismatch`.
pub(super) async fn create_managed_prefix_list(
    call: Call<Ec2>,
    input: CreateManagedPrefixListRequest,
) -> Reply<CreateManagedPrefixListResult> {
    let kind = ResourceKind::PrefixList;
    let once = Idempotent::of("CreateManagedPrefixList", input.client_token.as_deref(), &input)?;
    let name = faults::required(input.prefix_list_name, "prefixListName")?;
    check_name(&name)?;
    let max_entries = check_max_entries(faults::required(input.max_entries, "maxEntries")?)?;
    let family = faults::required(input.address_family, "addressFamily")?;
    if !matches!(family.as_str(), "IPv4" | "IPv6") {
        return Err(faults::invalid_value("addressFamily", &family, "Expected IPv4 or IPv6."));
    }
    let specified = TagSpecifications::parse(input.tag_specifications, &[kind])?;
    let mut list = PrefixList {
        id: kind.new_id(),
        name,
        address_family: family,
        max_entries,
        version: 0,
        entries: Vec::new(),
        history: Vec::new(),
        state: "create-complete".to_owned(),
    };
    entries::add(&mut list, &input.entries.unwrap_or_default())?;
    entries::new_version(&mut list);
    let (scope, now) = (call.scope(), call.now());
    let made = call.platform.transact(|tx| {
        if let Some(id) = client_token::earlier(tx, scope, &once, now)? {
            return lookup::find_mut::<PrefixList>(tx, scope, kind, &id);
        }
        if tx.count::<PrefixList>(scope) >= limits::PREFIX_LISTS {
            let message = "The maximum number of prefix lists has been reached.";
            return Err(Fault::sender("PrefixListLimitExceeded", message));
        }
        tags::put(tx, scope, kind, &list.id, &specified.of(kind));
        client_token::remember(tx, scope, &once, &list.id, now);
        tx.put(scope, list.clone());
        Ok(list.clone())
    });
    let list = made.await?.value;
    let shown = show::list(call.store(), scope, &list, "create-in-progress");
    Ok(CreateManagedPrefixListResult { prefix_list: Some(shown) })
}
