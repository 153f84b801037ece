//! VPC records to a plan of kernel objects.
