//! Meaning of the ssm operations.
