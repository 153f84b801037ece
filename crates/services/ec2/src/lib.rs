//! Meaning of the ec2 operations.
