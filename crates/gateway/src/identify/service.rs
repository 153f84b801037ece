//! Which service is meant.

use aws_schema::{Protocol, ServiceSpec};
use aws_wire::QueryForm;

use super::{cbor_path, says_cbor, target};
use crate::catalogue::{Catalogue, Service};
use crate::head::Head;

/// Stands in for the service in answers to requests that name none we have.
pub(crate) static UNKNOWN_SERVICE: ServiceSpec = ServiceSpec {
    id: "unknown",
    signing_name: "unknown",
    target_prefix: None,
    api_version: "",
    service_id: "Unknown",
    xml_namespace: None,
    protocols: &[],
    query_compatible: false,
    global: false,
    operations: &[],
    all_operations: &[],
};

/// The service of a request; `signing_name` is that of its credential scope, if it is signed.
///
/// The scope decides, for it is what the signature proves. Where several services share a signing
/// name, and for unsigned requests, the target, the CBOR path or action and version decide.
pub(crate) fn service<'c>(
    catalogue: &'c Catalogue,
    head: &Head,
    signing_name: Option<&str>,
    form: Option<&QueryForm<'_>>,
) -> Option<&'c Service> {
    let named = || named_in_request(catalogue, head, form);
    let Some(signing_name) = signing_name else { return named() };
    let mut candidates = catalogue.signing_as(signing_name);
    let first = candidates.next()?;
    if candidates.next().is_none() {
        return Some(first);
    }
    let same_name = |service: &&Service| service.spec().signing_name == signing_name;
    let routed = |service: &&Service| {
        service.router().find(head.method(), head.path(), head.query(), &head.headers()).is_ok()
    };
    named().filter(same_name).or_else(|| catalogue.signing_as(signing_name).find(routed)).or(Some(first))
}

fn named_in_request<'c>(
    catalogue: &'c Catalogue,
    head: &Head,
    form: Option<&QueryForm<'_>>,
) -> Option<&'c Service> {
    if says_cbor(head) {
        return catalogue.targeted_as(cbor_path(head.path())?.0);
    }
    if let Some((prefix, _)) = target(head) {
        return catalogue.targeted_as(prefix);
    }
    let form = form?;
    let (action, version) = (form.action()?, form.version()?);
    let speaks_query = |service: &Service| service.speaks(Protocol::Query) || service.speaks(Protocol::Ec2);
    catalogue.services().iter().find(|service| {
        speaks_query(service) && service.spec().api_version == version && service.knows(action)
    })
}

/// The signing name a request seems to be signed with, without checking anything: enough to choose
/// a size limit before the body is read.
pub(crate) fn signing_name_hint(head: &Head) -> Option<&str> {
    let header = head.header(http::header::AUTHORIZATION)?;
    header.split_once("Credential=")?.1.split('/').nth(3)
}
