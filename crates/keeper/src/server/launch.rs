//! Forking a machine: control groups, namespaces, id maps, idmapped layers.

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::event::epoll::EventFlags;

use super::machines::{Alive, Machine};
use super::{Keeper, Target};
use crate::error::{KeeperError, Refusal, Result};
use crate::init;
use crate::journal::{MachineRecord, Record};
use crate::process::{self, Forked, ProcessHandle};
use crate::protocol::{LaunchSpec, MachineState, MachineStatus, Mode, Progress, Reply};
use crate::seqpacket;

/// Ids per machine.
const IDS: u32 = 65_536;
/// First id of the first machine: above the ranges that distributions and systemd-nspawn hand out (below
/// 0x7000_0000), so that no two tools give one id to two containers.
const FIRST_ID: u32 = 0x7000_0000;
/// Ranges up to the end of the signed half and beyond; the last ones are left alone (-1 and -2 have meanings).
const RANGES: u32 = 36_000;
/// Machines known at a time, dead ones not yet forgotten included.
const MAX_MACHINES: usize = 20_000;
/// Layers of one machine, which have to fit into one message with the other descriptors.
const MAX_LAYERS: usize = seqpacket::MAX_FDS - 4;

const NAMESPACES: i32 = libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC;

impl Keeper {
    /// Forks a machine that waits for its release. On failure nothing is left.
    pub(super) fn launch(&mut self, client: u64, spec: LaunchSpec) -> Result<(Reply, Vec<OwnedFd>)> {
        check(&spec)?;
        self.journal.check()?;
        match self.machines.get(&spec.id) {
            Some(machine) if machine.alive.is_some() => return Err(Refusal::InUse(spec.id).into()),
            None if self.machines.len() >= MAX_MACHINES => {
                return Err(Refusal::Limit(format!("{MAX_MACHINES} machines")).into());
            }
            _ => {}
        }
        let id_base = self.free_ids()?;
        // The groups of an earlier life may still wait to be removed; they are taken over instead.
        self.leftovers.retain(|(id, _)| *id != spec.id);
        self.cgroups.create(&spec.id, &spec.limits)?;
        let started = self.start_machine(&spec, id_base);
        if started.is_err() {
            self.remove_groups(spec.id.clone(), None);
        }
        let (pid, pidfd, control) = started?;
        self.enter(client, &spec, id_base, pid, pidfd, control).inspect_err(|_| {
            self.remove_groups(spec.id.clone(), None);
        })
    }

    fn start_machine(&mut self, spec: &LaunchSpec, id_base: u32) -> Result<(i32, OwnedFd, OwnedFd)> {
        let files = open_files(spec)?;
        let (ours, theirs) = seqpacket::pair()?;
        let group = self.cgroups.open_v2(&spec.id)?;
        let namespaces = u64::try_from(NAMESPACES).unwrap_or(0);
        let forked = process::fork(namespaces, group.as_ref().map(|fd| fd.as_fd()), false)
            .map_err(|error| KeeperError::system("fork a machine", error))?;
        let (pid, pidfd) = match forked {
            Forked::Child => {
                let mode = self.mode;
                process::child_main(|| init::main(theirs, spec, mode))
            }
            Forked::Parent(pid, pidfd) => (pid, pidfd),
        };
        drop(theirs);
        match self.furnish(spec, pid, id_base, &files, &ours) {
            Ok(()) => Ok((pid, pidfd, ours)),
            Err(error) => {
                discard(&pidfd);
                Err(error)
            }
        }
    }

    /// Gives the fresh process its ids, limits, layers and files.
    fn furnish(
        &self,
        spec: &LaunchSpec,
        pid: i32,
        id_base: u32,
        files: &[OwnedFd; 3],
        control: &OwnedFd,
    ) -> Result<()> {
        self.map_ids(pid, id_base)?;
        self.cgroups.join_v1(&spec.id, pid)?;
        let mut layers = Vec::new();
        if self.mode == Mode::Full {
            let path = format!("/proc/{pid}/ns/user");
            let user =
                File::open(&path).map_err(|error| KeeperError::system(format!("open {path}"), error))?;
            layers.push(idmapped(&spec.root_dir, &user, false)?);
            for lower in spec.overlays.iter().flat_map(|overlay| &overlay.lower) {
                layers.push(idmapped(lower, &user, true)?);
            }
        }
        let fds: Vec<_> = files.iter().chain(&layers).map(|fd| fd.as_fd()).collect();
        seqpacket::send(control, b"go", &fds)
            .map_err(|error| KeeperError::system("furnish the machine", error))
    }

    fn map_ids(&self, pid: i32, id_base: u32) -> Result<()> {
        let write = |name: &str, text: String| {
            fs::write(format!("/proc/{pid}/{name}"), &text)
                .map_err(|error| KeeperError::system(format!("write {text:?} to {name}"), error))
        };
        match self.mode {
            Mode::Full => {
                write("uid_map", format!("0 {id_base} {IDS}"))?;
                write("gid_map", format!("0 {id_base} {IDS}"))
            }
            Mode::SingleUid => {
                write("uid_map", format!("0 {} 1", rustix::process::geteuid().as_raw()))?;
                write("setgroups", "deny".into())?;
                write("gid_map", format!("0 {} 1", rustix::process::getegid().as_raw()))
            }
        }
    }

    /// Takes a started machine into the books.
    fn enter(
        &mut self,
        client: u64,
        spec: &LaunchSpec,
        id_base: u32,
        pid: i32,
        pidfd: OwnedFd,
        control: OwnedFd,
    ) -> Result<(Reply, Vec<OwnedFd>)> {
        let books = (|| {
            let path = format!("/proc/{pid}/ns/net");
            let netns =
                File::open(&path).map_err(|error| KeeperError::system(format!("open {path}"), error))?;
            let copy = pidfd.try_clone().map_err(|error| KeeperError::system("copy a pidfd", error))?;
            let token = self.watch(&pidfd, Target::Machine(spec.id.clone()), EventFlags::IN)?;
            let control_token = self.watch(&control, Target::Control(spec.id.clone()), EventFlags::IN)?;
            let record = MachineRecord {
                id: spec.id.clone(),
                process: ProcessHandle::of(&pidfd, pid),
                id_base,
                open_files: spec.limits.open_files,
                console_file: spec.console_file.clone(),
                status_file: spec.status_file.clone(),
            };
            self.journal.append(&Record::Machine(record.clone()))?;
            Ok((netns, copy, token, control_token, record))
        })();
        let (netns, copy, token, control_token, record) = match books {
            Ok(books) => books,
            Err(error) => {
                discard(&pidfd);
                return Err(error);
            }
        };
        let watch = self.watch_progress(&spec.id, &spec.status_file);
        let status = MachineStatus {
            id: spec.id.clone(),
            pid,
            state: MachineState::Held,
            id_base,
            progress: Progress::default(),
        };
        let alive = Alive {
            pidfd,
            token,
            control: Some((control, control_token)),
            owner: Some(client),
            unreleased_timeout_ms: spec.unreleased_timeout_ms,
            cause: None,
            watch,
            child: true,
        };
        self.machines.insert(spec.id.clone(), Machine { status, record, alive: Some(alive) });
        Ok((Reply::Launched { pid }, vec![copy, netns.into()]))
    }

    /// The lowest range that no live machine has. Files on disk carry plain ids (the layers are idmapped), so
    /// a machine may get another range at its next start.
    fn free_ids(&self) -> Result<u32> {
        if self.mode == Mode::SingleUid {
            return Ok(0);
        }
        let used: std::collections::HashSet<u32> = self
            .machines
            .values()
            .filter(|machine| machine.alive.is_some())
            .map(|machine| machine.status.id_base)
            .collect();
        (0..RANGES)
            .map(|number| FIRST_ID + number * IDS)
            .find(|base| !used.contains(base))
            .ok_or_else(|| Refusal::Limit("no id range is free".into()).into())
    }
}

/// Refuses what would be dangerous as a path or cgroup name, or cannot work.
fn check(spec: &LaunchSpec) -> Result<()> {
    let invalid = |why: &str| Err(Refusal::Invalid(why.to_owned()).into());
    let plain = |text: &str, most: usize| {
        !text.is_empty()
            && text.len() <= most
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if !plain(&spec.id, 64) {
        return invalid("a machine id is [a-z0-9-]{1,64}");
    }
    if spec.hostname.is_empty() || spec.hostname.len() > 64 || spec.hostname.bytes().any(|byte| byte <= b' ')
    {
        return invalid("a host name has 1 to 64 bytes and no blanks");
    }
    if spec.overlays.first().is_none_or(|root| root.target != Path::new("/")) {
        return invalid("the first overlay must be the root");
    }
    if spec.overlays.iter().any(|overlay| overlay.lower.is_empty() || !plain(&overlay.name, 16)) {
        return invalid("an overlay needs a lower layer and a name [a-z0-9-]{1,16}");
    }
    if spec.overlays.iter().map(|overlay| overlay.lower.len()).sum::<usize>() > MAX_LAYERS {
        return Err(Refusal::Limit(format!("{MAX_LAYERS} layers")).into());
    }
    let outside = |path: &Path| {
        !path.is_absolute() || path.components().any(|part| part == std::path::Component::ParentDir)
    };
    if spec.overlays.iter().any(|overlay| outside(&overlay.target)) {
        return invalid("overlay targets are absolute paths without ..");
    }
    if spec.limits.memory_bytes < 4 << 20 || spec.limits.cpu_millis == 0 || spec.limits.pids < 8 {
        return invalid("limits below 4 MiB, 8 processes or any CPU cannot boot");
    }
    Ok(())
}

/// Console (kept over launches), status (fresh) and boot plan, in the order PID 1 expects them.
fn open_files(spec: &LaunchSpec) -> Result<[OwnedFd; 3]> {
    let open = |path: &Path, options: &mut OpenOptions| {
        options
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(path)
            .map(OwnedFd::from)
            .map_err(|error| KeeperError::system(format!("open {}", path.display()), error))
    };
    let fresh = || {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true);
        options
    };
    Ok([
        open(&spec.console_file, fresh().truncate(false))?,
        open(&spec.status_file, fresh().truncate(true))?,
        open(&spec.boot_file, OpenOptions::new().read(true))?,
    ])
}

/// A detached copy of the mount at `path` on which the ids of the machine's user namespace stand for plain ids
/// on disk: what root inside owns is owned by 0 on disk, whatever range the machine has.
fn idmapped(path: &Path, user_namespace: &File, read_only: bool) -> Result<OwnedFd> {
    use rustix::mount::OpenTreeFlags;
    let fail = |what: &str, error: std::io::Error| {
        KeeperError::system(
            format!("{what} {} (a file system without idmapped mounts?)", path.display()),
            error,
        )
    };
    let name = CString::new(path.as_os_str().as_bytes())
        .map_err(|_| Refusal::Invalid("zero byte in a layer path".into()))?;
    let mount = rustix::mount::open_tree(
        rustix::fs::CWD,
        name.as_c_str(),
        OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC,
    )
    .map_err(|error| fail("copy the mount of", error.into()))?;
    let mut set = libc::MOUNT_ATTR_IDMAP | libc::MOUNT_ATTR_NODEV;
    if read_only {
        set |= libc::MOUNT_ATTR_RDONLY;
    }
    let attributes = libc::mount_attr {
        attr_set: set,
        attr_clr: 0,
        propagation: 0,
        userns_fd: u64::try_from(user_namespace.as_raw_fd()).unwrap_or(0),
    };
    // SAFETY: the empty path and the attributes live through the call; the size is that of the structure.
    let outcome = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH,
            &raw const attributes,
            std::mem::size_of::<libc::mount_attr>(),
        )
    };
    match outcome {
        0 => Ok(mount),
        _ => Err(fail("map the ids of", std::io::Error::last_os_error())),
    }
}

/// Kills and reaps a child that never came into the books.
pub(super) fn discard(pidfd: &OwnedFd) {
    let _ = process::signal(pidfd, libc::SIGKILL);
    process::wait(pidfd);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Limits, Overlay};

    fn spec() -> LaunchSpec {
        LaunchSpec {
            id: "i-1".into(),
            hostname: "web".into(),
            overlays: vec![Overlay { target: "/".into(), lower: vec!["/image".into()], name: "root".into() }],
            root_dir: "/data/i-1/root".into(),
            limits: Limits {
                cpu_millis: 1_000,
                memory_bytes: 64 << 20,
                pids: 100,
                tmpfs_bytes: 1 << 20,
                open_files: 1_024,
            },
            boot_file: "/b".into(),
            console_file: "/c".into(),
            status_file: "/s".into(),
            volatile: false,
            ssh: false,
            unreleased_timeout_ms: 1_000,
        }
    }

    #[test]
    fn a_sound_request_passes() {
        assert!(check(&spec()).is_ok());
    }

    #[test]
    fn requests_that_reach_outside_or_cannot_boot_are_refused() {
        let spoil: [fn(&mut LaunchSpec); 9] = [
            |spec| spec.id = "../x".into(),
            |spec| spec.id.clear(),
            |spec| spec.id = "a".repeat(65),
            |spec| spec.hostname = "a b".into(),
            |spec| spec.overlays.clear(),
            |spec| spec.overlays[0].target = "/usr".into(),
            |spec| spec.overlays[0].lower.clear(),
            |spec| spec.overlays[0].lower = vec!["/x".into(); 64],
            |spec| spec.limits.memory_bytes = 1,
        ];
        for (number, spoil) in spoil.into_iter().enumerate() {
            let mut spec = spec();
            spoil(&mut spec);
            assert!(check(&spec).is_err(), "case {number}");
        }
    }
}
