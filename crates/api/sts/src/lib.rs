//! Generated types of sts.
