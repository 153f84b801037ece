//! Constant descriptions of operations and services.

use crate::shape::Shape;
use crate::value::Structure;

/// A wire protocol of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// awsJson1_0.
    Json10,
    /// awsJson1_1.
    Json11,
    /// restJson1.
    RestJson,
    /// restXml.
    RestXml,
    /// awsQuery.
    Query,
    /// ec2Query.
    Ec2,
    /// rpcv2Cbor.
    Cbor,
}

/// A modelled error.
#[derive(Debug, PartialEq, Eq)]
pub struct ErrorSpec {
    /// Shape name.
    pub name: &'static str,
    /// Code on the wire where it differs from the name (query protocols).
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// The fault lies with the caller.
    pub sender: bool,
}

/// One operation of a service.
#[derive(Debug)]
pub struct OperationSpec {
    /// Name, as in `Action` and `X-Amz-Target`.
    pub name: &'static str,
    /// HTTP method.
    pub method: &'static str,
    /// URI template.
    pub uri: &'static str,
    /// HTTP status of success.
    pub status: u16,
    /// Input shape.
    pub input: &'static Shape,
    /// Output shape.
    pub output: &'static Shape,
    /// Element around the result (awsQuery).
    pub result_wrapper: Option<&'static str>,
    /// Modelled errors.
    pub errors: &'static [ErrorSpec],
    /// The operation is called without a signature.
    pub unsigned: bool,
    /// Host name prefix the SDKs put before the endpoint.
    pub host_prefix: Option<&'static str>,
}

/// One service.
#[derive(Debug)]
pub struct ServiceSpec {
    /// Our name and the name of its folder in `models/`.
    pub id: &'static str,
    /// Name in the credential scope.
    pub signing_name: &'static str,
    /// Prefix of `X-Amz-Target`, without the dot.
    pub target_prefix: Option<&'static str>,
    /// `Version` of the query protocols.
    pub api_version: &'static str,
    /// Service id as SDKs show it.
    pub service_id: &'static str,
    /// XML namespace of responses.
    pub xml_namespace: Option<&'static str>,
    /// Protocols the service answers in, most usual first.
    pub protocols: &'static [Protocol],
    /// Old query error codes must be sent beside JSON ones.
    pub query_compatible: bool,
    /// One endpoint for all regions.
    pub global: bool,
    /// Modelled operations, by name.
    pub operations: &'static [&'static OperationSpec],
    /// Names of all operations AWS has, also those not modelled here; sorted.
    pub all_operations: &'static [&'static str],
}

impl ServiceSpec {
    /// The modelled operation of this name.
    pub fn operation(&self, name: &str) -> Option<&'static OperationSpec> {
        self.operations.binary_search_by(|o| o.name.cmp(name)).ok().map(|at| self.operations[at])
    }
}

/// The type of an operation; a handler with other types does not compile.
pub trait Operation: 'static {
    /// What the caller sends.
    type Input: Structure;
    /// What the caller gets.
    type Output: Structure;
    /// The constant part.
    const SPEC: &'static OperationSpec;
    /// Value of the input's `DryRun`, where it has one.
    fn dry_run(_input: &Self::Input) -> bool {
        false
    }
}
