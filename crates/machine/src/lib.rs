//! Instance life cycle: images, cgroups, user-data, the keeper's client.
