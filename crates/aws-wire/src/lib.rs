//! The seven AWS protocols, both ways, over the shapes and traits of `aws-schema`.
//!
//! A server decodes with [`decode_request`] (or [`decode_form`], if it parsed the form already to learn the action),
//! validates, and encodes with [`encode_response`] or [`encode_fault`]. REST services are routed by a
//! [`Router`]. A client (the tour, tests) uses [`encode_request`] and [`decode_response`].
//!
//! | protocol | request | response | fault |
//! | --- | --- | --- | --- |
//! | awsJson 1.0, 1.1 | JSON body, `X-Amz-Target` | JSON body | `__type`, `message` |
//! | restJson1 | path, query, headers, JSON body or payload | headers, JSON body or payload | `x-amzn-ErrorType` |
//! | restXml | path, query, headers, XML body or payload | headers, XML body or payload | `ErrorResponse` (S3: `Error`) |
//! | awsQuery | form, `Action` | `OpResponse/OpResult` | `ErrorResponse` |
//! | ec2Query | form, `Action` | `OpResponse` | `Response/Errors` |
//! | rpcv2Cbor | `/service/S/operation/O`, CBOR body | CBOR body | `__type`, `message` |
//!
//! # Invariants
//!
//! - One reader and one writer per syntax; what differs between protocols is a parameter of them.
//! - Nothing is built between text and value but the small trees of XML and of forms, whose order is not the model's.
//! - No input panics, and none costs more stack than [`MAX_DEPTH`] levels or more memory than [`MAX_COST`] units.
//! - What a value cannot say in a protocol is left out by the writer, never written as something else.
//! - Names are compared, never addresses: the constant of one member may stand at several.
//!
//! The tests hold all this against botocore's protocol vectors, against botocore itself, and against hostile bytes.
#![forbid(unsafe_code)]

mod budget;
mod cbor;
mod client;
mod error;
mod fault;
mod form;
mod json;
mod message;
mod query;
mod rest;
mod route;
mod server;
mod text;
mod validation;
mod xml;

pub use budget::{MAX_COST, MAX_DEPTH};
pub use client::{ResponseView, decode_response, encode_request};
pub use error::WireError;
pub use form::{MAX_PARAMETERS, QueryForm};
pub use message::{Headers, RequestOut, RequestParts, ResponseParts};
pub use route::{Label, RouteMatch, RouteMiss, Router};
pub use server::{decode_form, decode_request, encode_fault, encode_modelled_fault, encode_response};
pub use validation::validation_fault;
