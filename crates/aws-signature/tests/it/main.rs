//! Tests against what others computed: AWS's published suite, the documents, botocore.
#![allow(clippy::disallowed_methods, reason = "tests use real time, tasks and processes")]
#![allow(clippy::unwrap_used, reason = "this is a test")]

mod botocore_signs;
mod published_suite;
mod rejections;
mod s3_documents;
mod signer_round_trip;
