//! The seven AWS protocols, both ways, over the shapes and traits of `aws-schema`.
//!
//! A server decodes with [`decode_request`] (or [`decode_form`], if it parsed the form already to learn the action),
//! validates, and encodes with [`encode_response`] or [`encode_fault`]. REST services are routed by a [`Router`].
//! A client (the tour, tests) uses [`encode_request`] and [`decode_response`].
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
