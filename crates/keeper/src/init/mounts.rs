//! The file systems of a machine, from an empty staging area to `pivot_root`.

use std::ffi::CString;
use std::fs;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode as FileMode, mknodat};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MountPropagationFlags, MoveMountFlags,
    UnmountFlags,
};

use crate::error::{KeeperError, Result};
use crate::protocol::{LaunchSpec, Mode};

/// Device nodes taken from the host. None of them reaches hardware or another machine.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
/// Links every program expects in `/dev`.
const LINKS: [(&str, &str); 5] = [
    ("/proc/self/fd", "fd"),
    ("/proc/self/fd/0", "stdin"),
    ("/proc/self/fd/1", "stdout"),
    ("/proc/self/fd/2", "stderr"),
    ("pts/ptmx", "ptmx"),
];
/// Kernel files hidden behind `/dev/null`, the list of the usual container profiles. The user namespace already
/// denies most of them; this is the second lock.
const HIDDEN_FILES: [&str; 7] = [
    "proc/kcore",
    "proc/keys",
    "proc/latency_stats",
    "proc/timer_list",
    "proc/sched_debug",
    "proc/interrupts",
    "proc/sysrq-trigger",
];
/// Kernel directories hidden behind an empty one.
const HIDDEN_DIRECTORIES: [&str; 5] =
    ["proc/acpi", "proc/asound", "proc/scsi", "sys/firmware", "sys/devices/virtual/powercap"];
/// Kernel directories that may be read but not written.
const READ_ONLY: [&str; 4] = ["proc/bus", "proc/fs", "proc/irq", "proc/sys"];

/// Builds the root of the machine and moves into it. The working directory on entry is the keeper's staging
/// directory, which this mount namespace sees as its own copy.
pub(super) fn build_root(spec: &LaunchSpec, mode: Mode, layers: Vec<OwnedFd>) -> Result<()> {
    rustix::mount::mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE)
        .map_err(|error| KeeperError::system("make mounts private", error))?;
    enter_stage()?;
    let sources = match mode {
        Mode::Full => attach_layers(spec, layers)?,
        Mode::SingleUid => Sources::from_paths(spec),
    };
    for (overlay, lower) in spec.overlays.iter().zip(&sources.lower) {
        let target = Path::new("root").join(overlay.target.strip_prefix("/").unwrap_or(&overlay.target));
        mount_overlay(&target, lower, &sources.store.join(&overlay.name), spec.volatile)?;
    }
    kernel_file_systems(spec, mode)?;
    devices()?;
    protect()?;
    enter_root()
}

/// Host paths or staged mount points of the layers.
struct Sources {
    store: PathBuf,
    lower: Vec<Vec<PathBuf>>,
}

impl Sources {
    fn from_paths(spec: &LaunchSpec) -> Self {
        Self {
            store: spec.root_dir.clone(),
            lower: spec.overlays.iter().map(|overlay| overlay.lower.clone()).collect(),
        }
    }
}

/// An empty file system of our own, so that mount points exist that no host directory has to provide.
fn enter_stage() -> Result<()> {
    let fail = |error: rustix::io::Errno| KeeperError::system("mount the staging area", error);
    let context = rustix::mount::fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC).map_err(fail)?;
    rustix::mount::fsconfig_set_string(context.as_fd(), "mode", "755").map_err(fail)?;
    rustix::mount::fsconfig_set_string(context.as_fd(), "size", "64k").map_err(fail)?;
    rustix::mount::fsconfig_create(context.as_fd()).map_err(fail)?;
    let stage =
        rustix::mount::fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty())
            .map_err(fail)?;
    rustix::mount::move_mount(stage.as_fd(), c"", CWD, c".", MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
        .map_err(fail)?;
    rustix::process::fchdir(&stage).map_err(fail)?;
    for name in ["root", "empty"] {
        directory(Path::new(name))?;
    }
    Ok(())
}

/// Overlay wants its layers attached to this mount namespace (kernels before 6.15 refuse detached ones).
fn attach_layers(spec: &LaunchSpec, layers: Vec<OwnedFd>) -> Result<Sources> {
    let mut layers = layers.into_iter();
    let mut attach = |name: String| -> Result<PathBuf> {
        let mount = layers.next().ok_or_else(|| KeeperError::Malformed("a layer is missing".into()))?;
        let point = PathBuf::from(name);
        directory(&point)?;
        rustix::mount::move_mount(mount.as_fd(), c"", CWD, &point, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
            .map_err(|error| KeeperError::system("attach a layer", error))?;
        Ok(point)
    };
    let store = attach("store".into())?;
    let mut lower = Vec::new();
    for (number, overlay) in spec.overlays.iter().enumerate() {
        let layers: Result<Vec<_>> =
            (0..overlay.lower.len()).map(|layer| attach(format!("l{number}.{layer}"))).collect();
        lower.push(layers?);
    }
    Ok(Sources { store, lower })
}

fn mount_overlay(target: &Path, lower: &[PathBuf], writable: &Path, volatile: bool) -> Result<()> {
    let mut options = b"userxattr,".to_vec();
    if volatile {
        options.extend_from_slice(b"volatile,");
    }
    options.extend_from_slice(b"lowerdir=");
    for (number, layer) in lower.iter().enumerate() {
        if number > 0 {
            options.push(b':');
        }
        push_escaped(&mut options, layer);
    }
    for (name, half) in [("upperdir", "upper"), ("workdir", "work")] {
        options.extend_from_slice(format!(",{name}=").as_bytes());
        push_escaped(&mut options, &writable.join(half));
    }
    let options =
        CString::new(options).map_err(|_| KeeperError::Malformed("zero byte in a layer path".into()))?;
    rustix::mount::mount("overlay", target, "overlay", MountFlags::NODEV, Some(options.as_c_str())).map_err(
        |error| {
            KeeperError::system(
                format!("mount overlay at {} ({})", target.display(), options.to_string_lossy()),
                error,
            )
        },
    )
}

/// Overlay reads `:` as separator and the mount call reads `,`; both understand a backslash before them.
fn push_escaped(options: &mut Vec<u8>, path: &Path) {
    for &byte in path.as_os_str().as_bytes() {
        if matches!(byte, b':' | b',' | b'\\') {
            options.push(b'\\');
        }
        options.push(byte);
    }
}

fn kernel_file_systems(spec: &LaunchSpec, mode: Mode) -> Result<()> {
    let quiet = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let data = MountFlags::NOSUID | MountFlags::NODEV;
    let size = spec.limits.tmpfs_bytes;
    let tmp = format!("mode=1777,size={size}");
    let run = format!("mode=755,size={size}");
    // Group 5 is tty in every distribution; a single-uid namespace has no group but 0.
    let pts = match mode {
        Mode::Full => "newinstance,ptmxmode=0666,mode=0620,gid=5",
        Mode::SingleUid => "newinstance,ptmxmode=0666,mode=0620",
    };
    let table: [(&str, &str, MountFlags, &str); 8] = [
        ("proc", "proc", quiet, ""),
        ("sysfs", "sys", quiet | MountFlags::RDONLY, ""),
        ("tmpfs", "dev", MountFlags::NOSUID | MountFlags::NOEXEC, "mode=755,size=64k"),
        ("devpts", "dev/pts", MountFlags::NOSUID | MountFlags::NOEXEC, pts),
        ("tmpfs", "dev/shm", quiet, &tmp),
        ("mqueue", "dev/mqueue", quiet, ""),
        ("tmpfs", "run", data, &run),
        ("tmpfs", "tmp", data, &tmp),
    ];
    for (kind, place, flags, options) in table {
        let point = Path::new("root").join(place);
        directory(&point)?;
        let options = CString::new(options).unwrap_or_default();
        rustix::mount::mount(kind, &point, kind, flags, Some(options.as_c_str()))
            .map_err(|error| KeeperError::system(format!("mount {kind} at /{place}"), error))?;
    }
    Ok(())
}

fn devices() -> Result<()> {
    let dev = Path::new("root/dev");
    for name in DEVICES {
        let point = dev.join(name);
        fs::write(&point, b"").map_err(|error| KeeperError::system(format!("make /dev/{name}"), error))?;
        bind(&Path::new("/dev").join(name), &point)?;
    }
    for (target, name) in LINKS {
        symlink(target, dev.join(name))
            .map_err(|error| KeeperError::system(format!("link /dev/{name}"), error))?;
    }
    // The console is a pipe that PID 1 reads: `echo hello > /dev/console` ends in GetConsoleOutput.
    let console = dev.join("console");
    mknodat(CWD, &console, FileType::Fifo, FileMode::from_raw_mode(0o600), 0)
        .map_err(|error| KeeperError::system("make /dev/console", error))?;
    fs::set_permissions(&console, fs::Permissions::from_mode(0o622))
        .map_err(|error| KeeperError::system("make /dev/console writable", error))
}

fn protect() -> Result<()> {
    for name in HIDDEN_FILES {
        let point = Path::new("root").join(name);
        if point.exists() {
            bind(Path::new("/dev/null"), &point)?;
        }
    }
    for name in HIDDEN_DIRECTORIES {
        let point = Path::new("root").join(name);
        if point.is_dir() {
            bind(Path::new("empty"), &point)?;
            read_only(&point)?;
        }
    }
    for name in READ_ONLY {
        let point = Path::new("root").join(name);
        if point.is_dir() {
            bind(&point, &point)?;
            read_only(&point)?;
        }
    }
    Ok(())
}

fn bind(source: &Path, point: &Path) -> Result<()> {
    rustix::mount::mount_bind(source, point).map_err(|error| {
        KeeperError::system(format!("bind {} at {}", source.display(), point.display()), error)
    })
}

fn read_only(point: &Path) -> Result<()> {
    rustix::mount::mount_remount(
        point,
        MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC,
        c"",
    )
    .map_err(|error| KeeperError::system(format!("make {} read-only", point.display()), error))
}

/// `pivot_root(".", ".")` stacks the old root on the new one; detaching it there needs no directory for it
/// (pivot_root(2), "Notes").
fn enter_root() -> Result<()> {
    let fail = |error: rustix::io::Errno| KeeperError::system("enter the new root", error);
    rustix::process::chdir("root").map_err(fail)?;
    rustix::process::pivot_root(".", ".").map_err(fail)?;
    rustix::mount::unmount(".", UnmountFlags::DETACH).map_err(fail)?;
    rustix::process::chdir("/").map_err(fail)
}

fn directory(path: &Path) -> Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(KeeperError::system(format!("make {}", path.display()), error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::push_escaped;

    #[test]
    fn separators_in_paths_are_escaped() {
        let mut options = Vec::new();
        push_escaped(&mut options, "/a:b,c\\d".as_ref());
        assert_eq!(options, br"/a\:b\,c\\d");
    }
}
