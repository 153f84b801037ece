//! Finding a document: the account's own, one another account shares, or AWS's.

use super::builtin::{BUILTINS, Builtin};
use crate::faults;
use crate::service::SsmCall;
use aws_schema::Fault;
use records::ssm::{Document, DocumentVersion};
use state_store::typed::{Scope, Tx};
use std::sync::Arc;

/// Which document and version a caller wants.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted<'a> {
    /// Name or ARN.
    pub(crate) name: &'a str,
    /// `$DEFAULT`, `$LATEST` or a number.
    pub(crate) version: Option<&'a str>,
    /// Name of the version.
    pub(crate) version_name: Option<&'a str>,
}

/// A document and one version of it.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// AWS's, version 1.
    Amazon(&'static Builtin),
    /// An account's; `owner` is that account.
    Account { owner: Arc<str>, document: Arc<Document>, version: Arc<DocumentVersion> },
}

impl Found {
    /// Its content and the content's format.
    pub(crate) fn content(&self) -> (&str, &str) {
        match self {
            Found::Amazon(builtin) => (builtin.content, "JSON"),
            Found::Account { version, .. } => (&version.content, &version.format),
        }
    }

    /// Its name as the caller of this account writes it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Found::Amazon(builtin) => builtin.name,
            Found::Account { document, .. } => &document.id,
        }
    }

    /// Number of the version.
    pub(crate) fn version(&self) -> u32 {
        match self {
            Found::Amazon(_) => 1,
            Found::Account { version, .. } => version.version,
        }
    }
}

/// Id of the record of one version.
pub(crate) fn version_id(document: &Document, version: u32) -> String {
    format!("{}{version:010}", version_prefix(document))
}

/// What the ids of all versions begin with.
pub(crate) fn version_prefix(document: &Document) -> String {
    format!("{}:{}:", document.id, document.created)
}

/// The AWS-owned document of this name.
pub(crate) fn builtin(name: &str) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|b| b.name == name)
}

/// Account and name out of a name or an ARN; the account of AWS's own documents is empty.
fn owner_and_name<'a>(call: &'a SsmCall, name: &'a str) -> Option<(&'a str, &'a str)> {
    let Some(rest) = name.strip_prefix("arn:aws:ssm:") else { return Some((call.caller.account(), name)) };
    let (region, rest) = rest.split_once(':')?;
    let (account, rest) = rest.split_once(':')?;
    let name = rest.strip_prefix("document/")?;
    (region == call.caller.region()).then_some((account, name))
}

/// Finds a document and the wanted version.
pub(crate) fn find(call: &SsmCall, wanted: &Wanted<'_>) -> Result<Found, Fault> {
    let missing = || faults::invalid_document(wanted.name);
    let (owner, name) = owner_and_name(call, wanted.name).ok_or_else(missing)?;
    if let Some(builtin) = builtin(name) {
        let first = matches!(wanted.version, None | Some("1" | "$DEFAULT" | "$LATEST"))
            && wanted.version_name.is_none();
        return if first { Ok(Found::Amazon(builtin)) } else { Err(faults::invalid_document_version()) };
    }
    let store = &call.platform.store;
    let scope = Scope::new(owner, &*call.scope().region);
    let document = store.get::<Document>(&scope, name).ok_or_else(missing)?;
    let mut version = wanted.version;
    if owner != call.caller.account() {
        let shared =
            document.shared_with.get(call.caller.account()).or_else(|| document.shared_with.get("all"));
        let shared = shared.ok_or_else(missing)?;
        // Whoever shares says which versions others may see: $DEFAULT, $LATEST, $ALL or one number.
        if shared != "$ALL" {
            if version.is_some_and(|v| v != shared) {
                return Err(faults::invalid_document_version());
            }
            version = Some(shared);
        }
        let version = pick(
            store.list_prefix(&scope, &version_prefix(&document)),
            &document,
            version,
            wanted.version_name,
        )?;
        return Ok(Found::Account { owner: scope.account, document, version });
    }
    let version =
        pick(store.list_prefix(&scope, &version_prefix(&document)), &document, version, wanted.version_name)?;
    Ok(Found::Account { owner: scope.account, document, version })
}

/// The wanted one of a document's versions.
fn pick(
    versions: Vec<Arc<DocumentVersion>>,
    document: &Document,
    version: Option<&str>,
    version_name: Option<&str>,
) -> Result<Arc<DocumentVersion>, Fault> {
    let number = match version {
        None if version_name.is_some() => None,
        None | Some("$DEFAULT") => Some(document.default_version),
        Some("$LATEST") => versions.last().map(|v| v.version),
        Some(text) => Some(text.parse().map_err(|_| faults::invalid_document_version())?),
    };
    let mut versions = versions.into_iter();
    let right = |v: &Arc<DocumentVersion>| {
        number.is_none_or(|n| v.version == n)
            && version_name.is_none_or(|n| v.version_name.as_deref() == Some(n))
    };
    versions.find(right).ok_or_else(faults::invalid_document_version)
}

/// The account's own document, inside a transaction; AWS's documents cannot be changed.
pub(super) fn own(call: &SsmCall, tx: &mut Tx<'_>, name: &str) -> Result<Arc<Document>, Fault> {
    let (owner, bare) = owner_and_name(call, name).ok_or_else(|| faults::invalid_document(name))?;
    if builtin(bare).is_some() || owner != call.caller.account() {
        return Err(faults::invalid_document_operation(format!("You don't own the document {name}.")));
    }
    tx.get::<Document>(call.scope(), bare).ok_or_else(|| faults::invalid_document(name))
}
