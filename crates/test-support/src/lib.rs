//! What tests and measures of several crates share: the tools they compare with, and waiting that no signal breaks off.
#![allow(clippy::disallowed_methods, reason = "fetches and runs the tools that tests compare with")]

mod botocore;
mod unbroken;

pub use botocore::{BOTOCORE_VERSION, botocore_python, botocore_source, test_cache};
pub use unbroken::unbroken;
