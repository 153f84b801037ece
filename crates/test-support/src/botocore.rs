//! The pinned botocore: its source archive (protocol vectors, signature suite, models) and a Python
//! that can run it. Fetched with pip when a test first asks, never committed.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version all tests and models speak of.
pub const BOTOCORE_VERSION: &str = "1.44.5";

/// Where fetched test material is kept: `$ALLOD_TEST_CACHE`, or `test-cache` in the target folder.
pub fn test_cache() -> PathBuf {
    if let Some(chosen) = env::var_os("ALLOD_TEST_CACHE") {
        return chosen.into();
    }
    let target = env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from);
    target.join("test-cache")
}

/// The folder `botocore-<version>` unpacked from the source archive, with its tests.
///
/// # Errors
/// What pip or tar said, if the archive could not be fetched or unpacked.
pub fn botocore_source() -> Result<PathBuf, String> {
    let name = format!("botocore-{BOTOCORE_VERSION}");
    prepared(&name, |folder| {
        run(Command::new("python3")
            .args(["-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"])
            .arg(format!("botocore=={BOTOCORE_VERSION}"))
            .arg("--dest")
            .arg(folder))?;
        let archive = folder.join(format!("{name}.tar.gz"));
        run(Command::new("tar").arg("xzf").arg(&archive).arg("--strip-components=1").arg("-C").arg(folder))?;
        fs::remove_file(&archive).map_err(|error| format!("{}: {error}", archive.display()))
    })
}

/// The Python interpreter of a virtual environment in which the pinned botocore is installed.
///
/// # Errors
/// What venv or pip said, if the environment could not be made.
pub fn botocore_python() -> Result<PathBuf, String> {
    // Environments hold absolute paths and cannot be moved: made in place, marked when complete.
    let folder = test_cache().join(format!("python-botocore-{BOTOCORE_VERSION}"));
    let interpreter = folder.join("bin/python");
    let mark = folder.join("complete");
    let _lock = lock()?;
    if !mark.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        run(Command::new(&interpreter)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .arg(format!("botocore=={BOTOCORE_VERSION}")))?;
        fs::write(&mark, "").map_err(|error| format!("{}: {error}", mark.display()))?;
    }
    Ok(interpreter)
}

/// The folder `name` of the cache; made by `fill` in a scratch folder and moved into place, so that
/// a killed test run leaves nothing half-done behind.
fn prepared(name: &str, fill: impl FnOnce(&Path) -> Result<(), String>) -> Result<PathBuf, String> {
    let place = test_cache().join(name);
    let _lock = lock()?;
    if place.exists() {
        return Ok(place);
    }
    let scratch = tempfile::tempdir_in(test_cache()).map_err(|error| format!("scratch folder: {error}"))?;
    let filled = scratch.path().join(name);
    fs::create_dir(&filled).map_err(|error| format!("{}: {error}", filled.display()))?;
    fill(&filled)?;
    fs::rename(&filled, &place).map_err(|error| format!("{}: {error}", place.display()))?;
    Ok(place)
}

/// Keeps test binaries that start at the same time from fetching twice; released when dropped.
fn lock() -> Result<File, String> {
    let folder = test_cache();
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let path = folder.join(".lock");
    let file = File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    file.lock().map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(file)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)))
}
