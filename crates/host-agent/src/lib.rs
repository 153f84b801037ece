//! Makes this host's kernel equal to the records.
