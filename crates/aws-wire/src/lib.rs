//! The seven AWS protocols, both ways, over the shapes and traits of `aws-schema`.
//!
//! A server decodes with [`decode_request`] (or [`decode_form`], if it parsed the form already to learn the action),
//! validates, and encodes with [`encode_response`] or [`encode_fault`]. REST services are routed by a [`Router`].
#![forbid(unsafe_code)]

mod budget;
mod error;
mod fault;
mod form;
mod json;
mod message;
mod route;
mod server;
mod text;
mod validation;

pub use budget::{MAX_COST, MAX_DEPTH};
pub use error::WireError;
pub use form::{MAX_PARAMETERS, QueryForm};
pub use message::{Headers, RequestOut, RequestParts, ResponseParts};
pub use route::{Label, RouteMatch, RouteMiss, Router};
pub use server::{decode_form, decode_request, encode_fault, encode_modelled_fault, encode_response};
pub use validation::validation_fault;
