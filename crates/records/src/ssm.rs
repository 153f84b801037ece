//! Commands, invocations, documents and parameters (owner: services/ssm).
