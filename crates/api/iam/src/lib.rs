//! Generated types of iam.
