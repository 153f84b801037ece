//! A whole private cloud in one call, for tests.
#![allow(clippy::disallowed_methods, reason = "fetches and runs the tools that tests compare with")]

mod botocore;

pub use botocore::{BOTOCORE_VERSION, botocore_python, botocore_source, test_cache};
