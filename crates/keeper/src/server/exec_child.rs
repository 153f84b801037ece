//! The way of a command from the keeper into a machine: join its control groups, enter its namespaces, fork
//! once more (a PID namespace takes in only children), give up privileges, exec.

use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::cgroup::Cgroups;
use crate::error::{KeeperError, Result};
use crate::init::accounts::Account;
use crate::init::{privileges, seccomp, standing};
use crate::process::{self, Forked};
use crate::protocol::{ExecSpec, Mode};

/// The search path of login shells.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Exit codes of shells for a program that is not there, and one that cannot be started.
const NOT_FOUND: i32 = 127;
const NOT_STARTED: i32 = 126;

/// What the forked process works with.
pub(super) struct Passage<'a> {
    pub(super) spec: &'a ExecSpec,
    pub(super) cgroups: &'a Cgroups,
    pub(super) mode: Mode,
    pub(super) machine: &'a OwnedFd,
    pub(super) open_files: u64,
    /// Standard input, output and error.
    pub(super) stdio: [OwnedFd; 3],
    /// Where the pid of the command, or the text of an error, is told.
    pub(super) report: OwnedFd,
}

/// First process: still the host's root, until it enters. Returns its exit status.
pub(super) fn enter(passage: &Passage<'_>) -> i32 {
    let told = match start(passage) {
        Ok(pid) => tell(&passage.report, &pid.to_ne_bytes()),
        Err(error) => tell(&passage.report, error.to_string().as_bytes()),
    };
    i32::from(told.is_err())
}

/// One write, which a signal may break off before anything is written.
fn tell(report: &OwnedFd, bytes: &[u8]) -> rustix::io::Result<usize> {
    rustix::io::retry_on_intr(|| rustix::io::write(report, bytes))
}

fn start(passage: &Passage<'_>) -> Result<i32> {
    standing::step_up();
    passage.cgroups.join_v1(&passage.spec.machine, 0)?;
    process::enter_namespaces(
        passage.machine,
        libc::CLONE_NEWUSER
            | libc::CLONE_NEWPID
            | libc::CLONE_NEWNS
            | libc::CLONE_NEWNET
            | libc::CLONE_NEWUTS
            | libc::CLONE_NEWIPC
            | libc::CLONE_NEWCGROUP,
    )?;
    // A sibling: the keeper is its parent and reaps it, although it was born inside.
    match process::fork(0, None, true) {
        Ok(Forked::Parent(pid, _)) => Ok(pid),
        Ok(Forked::Child) => process::child_main(|| become_command(passage)),
        Err(error) => Err(KeeperError::system("fork inside the machine", error)),
    }
}

/// Second process: inside; ends by exec.
fn become_command(passage: &Passage<'_>) -> i32 {
    for (fd, number) in passage.stdio.iter().zip(0..) {
        if process::place_fd(fd, number).is_err() {
            return NOT_STARTED;
        }
    }
    match run(passage) {
        Ok(never) => match never {},
        Err(Failure { text, code }) => {
            let _ = writeln!(io::stderr(), "allod: {text}");
            code
        }
    }
}

struct Failure {
    text: String,
    code: i32,
}

impl<E: std::fmt::Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { text: error.to_string(), code: NOT_STARTED }
    }
}

fn run(passage: &Passage<'_>) -> Result<std::convert::Infallible, Failure> {
    let spec = passage.spec;
    process::close_from(3)?;
    rustix::process::setsid()?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    privileges::take_inner_ids(passage.mode)?;
    privileges::set_limits(passage.open_files)?;
    seccomp::install()?;
    privileges::trim()?;
    let name = spec.user.as_deref().unwrap_or("root");
    let account = Account::find(name)
        .ok_or_else(|| Failure { text: format!("no user {name:?} in this machine"), code: NOT_STARTED })?;
    if account.uid != 0 {
        privileges::become_user(&account)?;
    }
    let home = spec.cwd.as_deref().unwrap_or(&account.home);
    if let Err(error) = std::env::set_current_dir(home) {
        if spec.cwd.is_some() {
            return Err(Failure { text: format!("{home}: {error}"), code: NOT_STARTED });
        }
        // A home that does not exist is no reason to fail; login(1) does the same.
        std::env::set_current_dir("/")?;
    }
    let Some((program, arguments)) = spec.argv.split_first() else {
        return Err(Failure { text: "no program".into(), code: NOT_FOUND });
    };
    let error = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs([("PATH", PATH), ("HOME", &account.home), ("USER", &account.name), ("LOGNAME", &account.name)])
        .env("SHELL", &account.shell)
        .env("LANG", "C.UTF-8")
        .envs(spec.env.iter().map(|(name, value)| (name, value)))
        .exec();
    let code = if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_STARTED };
    Err(Failure { text: format!("{program}: {error}"), code })
}
