//! Carrying out user-data steps.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{files, log, users};
use crate::boot::BootStep;
use crate::init::status::{Field, StatusFile};
use crate::process;

/// Where scripts are kept, as cloud-init keeps them.
const SCRIPTS: &str = "/var/lib/cloud/instance/scripts";
/// The search path of login shells.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Package managers: program, its database, arguments to refresh and to install.
const MANAGERS: [(&str, &str, &[&str], &[&str]); 5] = [
    (
        "/usr/bin/apt-get",
        "/var/lib/dpkg/status",
        &["update", "-q"],
        &["install", "-q", "-y", "--no-install-recommends"],
    ),
    ("/usr/bin/dnf", "/var/lib/rpm", &["makecache"], &["install", "-y"]),
    ("/usr/bin/yum", "/var/lib/rpm", &["makecache"], &["install", "-y"]),
    ("/usr/bin/zypper", "/var/lib/rpm", &["--non-interactive", "refresh"], &["--non-interactive", "install"]),
    ("/sbin/apk", "/lib/apk/db/installed", &["update"], &["add"]),
];

/// Runs steps and notes when the first command started.
pub(super) struct Runner<'a> {
    instance_id: &'a str,
    status: &'a StatusFile,
    started: bool,
}

/// What to call a step in the log.
pub(super) fn title(step: &BootStep) -> String {
    match step {
        BootStep::Note(_) => "note".into(),
        BootStep::Hostname(_) => "hostname".into(),
        BootStep::User(user) => format!("user {}", user.name),
        BootStep::AuthorizedKeys { user, .. } => format!("authorized keys of {user}"),
        BootStep::WriteFile(file) => format!("write {}", file.path),
        BootStep::Run { argv } => format!("run {}", argv.first().map_or("nothing", String::as_str)),
        BootStep::Script { name, .. } => format!("script {name}"),
        BootStep::Packages { .. } => "packages".into(),
    }
}

impl<'a> Runner<'a> {
    pub(super) fn new(instance_id: &'a str, status: &'a StatusFile) -> Self {
        Self { instance_id, status, started: false }
    }

    /// Carries out one step; the next one runs whether it failed or not, as with cloud-init.
    pub(super) fn run(&mut self, step: &BootStep) -> io::Result<()> {
        match step {
            BootStep::Note(text) => {
                log(text);
                Ok(())
            }
            BootStep::Hostname(name) => {
                crate::init::set_hostname(name).map_err(io::Error::other)?;
                files::write_all("/etc/hostname", format!("{name}\n").as_bytes(), 0o644)
            }
            BootStep::User(user) => users::create(user),
            BootStep::AuthorizedKeys { user, keys } => users::authorize(user, keys),
            BootStep::WriteFile(file) => files::write_file(file),
            BootStep::Run { argv } => self.command(argv),
            BootStep::Script { name, content } => {
                let path = format!("{SCRIPTS}/{}", name.replace('/', "_"));
                files::write_all(&path, content, 0o700)?;
                self.command(&[path])
            }
            BootStep::Packages { update, names } => self.packages(*update, names),
        }
    }

    /// Notes the end of user-data; without any command this is also when "the first one" started.
    pub(super) fn finish(&mut self) {
        self.note_start();
    }

    fn note_start(&mut self) {
        if !self.started {
            self.started = true;
            self.status.set(Field::Started, process::monotonic_ns());
        }
    }

    fn command(&mut self, argv: &[String]) -> io::Result<()> {
        let Some((program, arguments)) = argv.split_first() else { return Ok(()) };
        self.note_start();
        let status = Command::new(program)
            .args(arguments)
            .current_dir("/")
            .env_clear()
            .env("PATH", PATH)
            .env("HOME", "/root")
            .env("USER", "root")
            .env("LANG", "C.UTF-8")
            .env("INSTANCE_ID", self.instance_id)
            .stdin(Stdio::null())
            .status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(status.to_string())) }
    }

    fn packages(&mut self, update: bool, names: &[String]) -> io::Result<()> {
        let found = MANAGERS
            .iter()
            .find(|(program, database, ..)| Path::new(program).exists() && fs::metadata(database).is_ok());
        let Some((program, _, refresh, install)) = found else {
            return Err(io::Error::other(format!(
                "this image has no package manager with a database; not installed: {}",
                names.join(" ")
            )));
        };
        let line = |arguments: &[&str], names: &[String]| {
            let mut argv = vec![(*program).to_owned()];
            argv.extend(arguments.iter().map(|&argument| argument.to_owned()));
            argv.extend(names.iter().cloned());
            argv
        };
        if update {
            self.command(&line(refresh, &[]))?;
        }
        if names.is_empty() { Ok(()) } else { self.command(&line(install, names)) }
    }
}
