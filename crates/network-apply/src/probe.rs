//! What this kernel offers: each feature is tried, never guessed from versions.
