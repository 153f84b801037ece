//! What the tests need beside Rust: Debian's packages by name, Python's by name into a folder of our own.

use crate::run::{exists, program, succeed, target};
use anyhow::{Context as _, ensure};
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// Programs the tests call, with the Debian package that holds each.
const PROGRAMS: &[(&str, &str)] = &[
    ("ip", "iproute2"),
    ("nft", "nftables"),
    ("ping", "iputils-ping"),
    ("sshd", "openssh-server"),
    ("ssh", "openssh-client"),
    ("curl", "curl"),
    ("python3", "python3"),
];

/// Programs without which a few suites are skipped and say so: where they cannot be had, the rest is tested all the same.
const OPTIONAL: &[(&str, &str)] = &[("node", "nodejs"), ("npm", "npm")];

/// Modules of Python that Debian ships apart from it, with the package that holds each.
const MODULES: &[(&str, &str)] = &[("ensurepip", "python3-venv"), ("pip", "python3-pip")];

/// Files the programs read, with the package that holds each: without names of protocols, nft prints numbers.
const FILES: &[(&str, &str)] = &[("/etc/protocols", "netbase")];

/// Python packages of the suites; versions are pinned so that a run tomorrow tests the same.
const PYTHON: &[&str] =
    &["boto3==1.44.5", "botocore==1.44.5", "awscli==1.46.2", "pytest==9.2.0", "pytest-xdist==3.8.0"];

/// Installs missing Debian packages when we are root; otherwise says which tests will be skipped.
pub(crate) fn programs() -> anyhow::Result<()> {
    let has_module = |name: &str| {
        let asked = program("python3").args(["-c", &format!("import {name}")]).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    let programs = PROGRAMS.iter().filter(|(name, _)| !exists(name));
    let modules = MODULES.iter().filter(|(name, _)| !has_module(name));
    let files = FILES.iter().filter(|(name, _)| !Path::new(name).exists());
    let missing: Vec<&str> = programs.chain(modules).chain(files).map(|(_, package)| *package).collect();
    let optional: Vec<&str> =
        OPTIONAL.iter().filter(|(name, _)| !exists(name)).map(|(_, package)| *package).collect();
    if missing.is_empty() && optional.is_empty() {
        return Ok(());
    }
    let root = std::fs::read_to_string("/proc/self/status")
        .is_ok_and(|s| s.lines().any(|l| l.starts_with("Uid:") && l.split_whitespace().nth(2) == Some("0")));
    if !root || !exists("apt-get") {
        let missing = [missing, optional].concat().join(", ");
        eprintln!("note: {missing} missing; tests that need them are skipped");
        return Ok(());
    }
    let lists = succeed(program("apt-get").args(["update", "-q"]));
    if !missing.is_empty() {
        lists?;
        install(&missing)?;
    }
    if let Err(error) = install(&optional) {
        eprintln!("note: {}: {error:#}; tests that need them are skipped", optional.join(", "));
    }
    Ok(())
}

fn install(packages: &[&str]) -> anyhow::Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    succeed(
        program("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["install", "-y", "-q", "--no-install-recommends"])
            .args(packages),
    )
}

/// The Python of a virtual environment below the target folder, made and filled on first use.
pub(crate) fn python(packages: &[&str], name: &str) -> anyhow::Result<PathBuf> {
    let folder = std::path::absolute(target().join(name)).context("the target folder has no path")?;
    let python = folder.join("bin/python");
    let stamp = folder.join("packages");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(python);
    }
    if !python.exists() {
        let made = succeed(program("python3").args(["-m", "venv"]).arg(&folder));
        if made.is_err() && exists("apt-get") {
            succeed(program("apt-get").args(["install", "-y", "-q", "python3-venv"]))?;
            succeed(program("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        } else {
            made?;
        }
    }
    succeed(
        program(&python).args(["-m", "pip", "install", "-q", "--disable-pip-version-check"]).args(packages),
    )?;
    std::fs::write(&stamp, wanted)?;
    Ok(python)
}

/// A folder below the target folder in whose `node_modules` these packages are, filled on first use. Their scripts are
/// not run: what we call needs none.
pub(crate) fn node_modules(packages: &[&str], name: &str) -> anyhow::Result<PathBuf> {
    for program in ["node", "npm"] {
        ensure!(exists(program), "{program} is not installed");
    }
    let folder = std::path::absolute(target().join(name)).context("the target folder has no path")?;
    let stamp = folder.join("packages");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(folder);
    }
    std::fs::create_dir_all(&folder)?;
    succeed(
        program("npm")
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"])
            .args(["--loglevel", "error", "--prefix"])
            .arg(&folder)
            .args(packages),
    )?;
    std::fs::write(&stamp, wanted)?;
    Ok(folder)
}

/// The environment of the real-client suites.
pub(crate) fn suite_python() -> anyhow::Result<PathBuf> {
    python(PYTHON, "test-python")
}
