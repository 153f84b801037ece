//! Meaning of the iam operations.
