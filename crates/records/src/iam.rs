//! Users, groups, roles, instance profiles, policies, access keys and sessions (owner: services/iam and services/sts).
