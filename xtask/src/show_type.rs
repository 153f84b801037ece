//! `cargo xtask show-type`: a generated type as readable Rust.

use anyhow::Context as _;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Service, as in `models/<service>.json`.
    service: String,
    /// Shape, such as `RunInstancesRequest`.
    name: String,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let models = crate::root().join("models");
    let errata = models.join("errata").join(format!("{}.json", arguments.service));
    let facts = aws_model_codegen::Facts::read(
        &models.join(format!("{}.json", arguments.service)),
        errata.exists().then_some(errata.as_path()),
    )?;
    let text = aws_model_codegen::generate(&arguments.service, &facts)?;
    let marker = format!("pub struct {} {{", arguments.name);
    let line = text
        .lines()
        .find(|l| l.contains(&marker) || l.starts_with(&format!("string_enum!({} ", arguments.name)))
        .with_context(|| format!("{} has no type {}", arguments.service, arguments.name))?;
    println!(
        "{}",
        line.replace("{ ", "{\n    ")
            .replace(", pub ", ",\n    pub ")
            .replace(",  }", ",\n}")
            .replace(", }", ",\n}")
    );
    Ok(())
}
