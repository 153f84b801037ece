//! Generated types of ec2.
