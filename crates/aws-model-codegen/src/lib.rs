//! API facts to Rust text, at build time.
