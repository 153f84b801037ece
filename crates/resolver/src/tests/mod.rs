//! The resolver as machines and upstream servers see it.

#![allow(clippy::disallowed_methods)] // real sockets are waited for by the real clock

mod chains;
mod floods;
mod instances;
mod protocol;
mod public;
mod reverse;
mod server;
mod upstream;
mod world;
