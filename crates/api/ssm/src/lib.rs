//! Generated types of ssm.
