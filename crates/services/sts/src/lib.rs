//! Meaning of the sts operations.
