//! A whole private cloud in one call, for tests.

mod botocore;

pub use botocore::{BOTOCORE_VERSION, botocore_python, botocore_source, test_cache};
