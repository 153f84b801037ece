//! API facts to Rust text, at build time.
//!
//! A `build.rs` calls [`generate_from_build_script`]; the text holds plain structs, enumerations, constant shapes and one
//! marker type per operation. The facts are `models/<service>.json`, written by `cargo xtask models`.
#![forbid(unsafe_code)]

mod emit;
mod model;
mod names;
#[cfg(test)]
mod tests;

pub use emit::generate;
pub use model::{Facts, FactsError};
pub use names::{constant_name, field_name};

use std::path::PathBuf;

/// Reads `models/<service>.json` of the workspace (with its errata) and writes `$OUT_DIR/api.rs`.
///
/// # Errors
/// A missing or malformed facts file, or an output folder that cannot be written.
pub fn generate_from_build_script(service: &str) -> Result<(), FactsError> {
    let manifest =
        std::env::var("CARGO_MANIFEST_DIR").map_err(|_| FactsError::Environment("CARGO_MANIFEST_DIR"))?;
    let out = std::env::var("OUT_DIR").map_err(|_| FactsError::Environment("OUT_DIR"))?;
    let root = PathBuf::from(manifest).join("../../..");
    let path = root.join("models").join(format!("{service}.json"));
    println!("cargo::rerun-if-changed={}", path.display());
    let errata = root.join("models/errata").join(format!("{service}.json"));
    // The folder, not the file: cargo takes a watched file that does not exist for changed, at every build.
    println!("cargo::rerun-if-changed={}", root.join("models/errata").display());
    let facts = Facts::read(&path, errata.exists().then_some(errata.as_path()))?;
    let target = PathBuf::from(out).join("api.rs");
    std::fs::write(&target, generate(service, &facts)?)
        .map_err(|source| FactsError::File { path: target, source })
}
