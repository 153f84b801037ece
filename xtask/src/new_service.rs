//! `cargo xtask new-service NAME`: the two crates of a service, ready for its first operation.

use anyhow::ensure;
use std::fs;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Name of the service's folder in botocore's data, such as `sqs`.
    name: String,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let name = arguments.name.as_str();
    ensure!(
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
        "{name} is no service name: lower-case letters, digits and hyphens"
    );
    let (api, service) =
        (crate::root().join("crates/api").join(name), crate::root().join("crates/services").join(name));
    for folder in [&api, &service] {
        ensure!(!folder.exists(), "{} is there already", folder.display());
    }
    let head = |name: &str, text: &str| {
        format!(
            "[package]\nname = \"{name}\"\ndescription = \"{text}\"\nversion.workspace = true\nedition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n\n[lints]\nworkspace = true\n\n"
        )
    };
    fs::create_dir_all(api.join("src"))?;
    fs::create_dir_all(service.join("src"))?;
    let build = fs::read_to_string(crate::root().join("crates/api/sts/build.rs"))?;
    let library = fs::read_to_string(crate::root().join("crates/api/sts/src/lib.rs"))?;
    fs::write(api.join("build.rs"), build.replace("sts", name))?;
    fs::write(api.join("src/lib.rs"), library.replace("sts", name))?;
    fs::write(
        api.join("Cargo.toml"),
        head(&format!("api-{name}"), &format!("Generated types of {name}"))
            + "[dependencies]\naws-schema.workspace = true\n\n[build-dependencies]\naws-model-codegen.workspace = true\n",
    )?;
    fs::write(
        service.join("Cargo.toml"),
        head(&format!("service-{name}"), &format!("Meaning of the {name} operations"))
            + &format!(
                "[dependencies]\napi-{name}.workspace = true\naws-schema.workspace = true\ncontracts.workspace = true\nrecords.workspace = true\nstate-store.workspace = true\n"
            ),
    )?;
    let crate_name = name.replace('-', "_");
    fs::write(
        service.join("src/lib.rs"),
        format!(
            "//! Meaning of the {name} operations.\n#![forbid(unsafe_code)]\n\nuse contracts::{{Platform, ServiceTable}};\n\n/// The built operations.\npub fn table(_platform: Platform) -> ServiceTable {{\n    ServiceTable::new(&api_{crate_name}::SERVICE)\n}}\n"
        ),
    )?;
    println!("Made crates/api/{name} and crates/services/{name}. Next:");
    println!(
        "  1. models/operations.toml: a [{name}] section, then `cargo xtask models --botocore DIR {name}`"
    );
    println!("  2. Cargo.toml: api-{name} and service-{name} under [workspace.dependencies]");
    println!("  3. xtask/src/layering.rs: their layers; crates/allod/src/services.rs: the table");
    println!("  4. docs/adding-an-operation.md");
    Ok(())
}
