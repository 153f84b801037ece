//! A keeper and a data directory of its own for each test, gone at its end.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use machine::{
    BootAction, BootStep, CommandOutcome, CommandStatus, Event, ExecSpec, LaunchSpec, MachineLimits,
    MachineState, MachineStatus, Machines, MachinesConfig, OutputFile,
};

static NUMBER: AtomicU32 = AtomicU32::new(0);
/// Upper bound of every wait: reached only when something is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// True when the test may run; prints why not otherwise.
pub(crate) fn is_root() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let root = rustix::process::geteuid().is_root() && map.split_whitespace().eq(["0", "0", "4294967295"]);
    if !root {
        eprintln!("skipped: needs root of the host");
    }
    root
}

/// One keeper, its machines, and their directory.
pub(crate) struct World {
    pub(crate) machines: Machines,
    pub(crate) events: Receiver<Event>,
    pub(crate) directory: PathBuf,
    pub(crate) group: String,
    next: AtomicU32,
}

impl World {
    pub(crate) fn new() -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let group = format!("allod-test-{}-{number}", std::process::id());
        Self::at(std::env::temp_dir().join(&group), group)
    }

    /// A world in a directory of the caller's choice.
    pub(crate) fn at(directory: PathBuf, group: String) -> Self {
        let machines = connect(&directory, &group);
        let events = machines.events();
        Self { machines, events, directory, group, next: AtomicU32::new(1) }
    }

    /// A second view on the same keeper, as a restarted control plane would open it.
    pub(crate) fn reconnect(&self) -> Machines {
        connect(&self.directory, &self.group)
    }

    pub(crate) fn spec(&self, id: &str) -> LaunchSpec {
        LaunchSpec {
            id: id.into(),
            image: self.machines.host_image().unwrap(),
            hostname: format!("host-{id}"),
            fqdn: None,
            address: None,
            limits: MachineLimits::default(),
            user_data: Vec::new(),
            authorized_keys: Vec::new(),
            dns_servers: vec!["10.0.0.2".parse().unwrap()],
            search_domains: vec!["ec2.internal".into()],
            start_sshd: false,
        }
    }

    /// Launches, releases and waits until boot is finished.
    pub(crate) fn boot(&self, spec: LaunchSpec) -> MachineStatus {
        let id = spec.id.clone();
        self.machines.launch(spec).unwrap();
        self.machines.release(&id).unwrap();
        self.wait_machine(&id, |status| status.progress.boot_finished_ns > 0)
    }

    /// Polls the state of a machine until it is as wanted; panics with the console when it never is.
    pub(crate) fn wait_machine(&self, id: &str, wanted: impl Fn(&MachineStatus) -> bool) -> MachineStatus {
        let begun = Instant::now();
        loop {
            let status = self.machines.status(id).unwrap().expect("known machine");
            if wanted(&status) {
                return status;
            }
            let exited = matches!(status.state, MachineState::Exited(_));
            let story = || format!("{status:?}, {:?}\n{}", self.machines.usage(id).ok(), self.console(id));
            assert!(!exited && begun.elapsed() < PATIENCE, "{}", story());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for the end of a machine.
    pub(crate) fn wait_exit(&self, id: &str) -> machine::ExitCause {
        let begun = Instant::now();
        loop {
            let status = self.machines.status(id).unwrap().expect("known machine");
            if let MachineState::Exited(cause) = status.state {
                return cause;
            }
            assert!(begun.elapsed() < PATIENCE, "{status:?}\n{}", self.console(id));
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn console(&self, id: &str) -> String {
        String::from_utf8_lossy(&self.machines.console(id).unwrap()).into_owned()
    }

    /// How often the kernel has killed in this machine for lack of memory.
    pub(crate) fn oom_kills(&self, id: &str) -> u64 {
        group_directories(&self.group)
            .iter()
            .flat_map(|group| ["memory.oom_control", "memory.events"].map(|name| group.join(id).join(name)))
            .filter_map(|path| std::fs::read_to_string(path).ok())
            .flat_map(|text| {
                text.lines()
                    .filter_map(|line| line.strip_prefix("oom_kill ")?.parse().ok())
                    .collect::<Vec<u64>>()
            })
            .sum()
    }

    /// A request to run a shell script as root.
    pub(crate) fn script(&self, machine: &str, script: &str) -> ExecSpec {
        let id = format!("c-{}", self.next.fetch_add(1, Ordering::Relaxed));
        let file =
            |kind: &str| OutputFile { path: self.directory.join(format!("{id}.{kind}")), max_bytes: 24_000 };
        ExecSpec {
            machine: machine.into(),
            argv: vec!["/bin/sh".into(), "-c".into(), script.into()],
            env: Vec::new(),
            cwd: None,
            user: None,
            timeout_ms: None,
            stdin: None,
            stdout: file("out"),
            stderr: file("err"),
            id,
        }
    }

    pub(crate) fn wait_command(&self, id: &str) -> CommandOutcome {
        let begun = Instant::now();
        loop {
            let CommandStatus { outcome, .. } = self.machines.exec_status(id).unwrap();
            if let Some(outcome) = outcome {
                return outcome;
            }
            assert!(begun.elapsed() < PATIENCE, "command {id} never ends");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Runs a request to its end; returns the outcome, standard output and standard error.
    pub(crate) fn run_spec(&self, spec: ExecSpec) -> (CommandOutcome, String, String) {
        let (id, out, err) = (spec.id.clone(), spec.stdout.path.clone(), spec.stderr.path.clone());
        self.machines.exec(spec).unwrap();
        let outcome = self.wait_command(&id);
        let read = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        (outcome, read(&out), read(&err))
    }

    /// Runs a script to its end; returns the outcome, standard output and standard error.
    pub(crate) fn run(&self, machine: &str, script: &str) -> (CommandOutcome, String, String) {
        self.run_spec(self.script(machine, script))
    }

    /// Runs a script that must succeed; returns its output.
    pub(crate) fn sh(&self, machine: &str, script: &str) -> String {
        let (outcome, out, err) = self.run(machine, script);
        let console = || self.console(machine);
        assert_eq!(outcome.end, machine::CommandEnd::Exited(0), "{script}: {out}{err}\n{}", console());
        out
    }

    pub(crate) fn keeper_pid(&self) -> i32 {
        let mut connection = keeper::client::Connection::open(&self.directory.join("keeper.sock")).unwrap();
        match connection.call(keeper::protocol::Request::Hello).unwrap().0 {
            keeper::protocol::Reply::Hello { pid, .. } => pid,
            other => panic!("{other:?}"),
        }
    }
}

/// A first-boot step that runs a shell script.
pub(crate) fn first_boot(script: &str) -> BootAction {
    let argv = vec!["/bin/sh".into(), "-c".into(), script.into()];
    BootAction { every_boot: false, step: BootStep::Run { argv } }
}

fn connect(directory: &Path, group: &str) -> Machines {
    // Test binaries stand in `deps`, examples beside it.
    let program = std::env::current_exe().unwrap().parent().unwrap().join("../examples/keeper_process");
    let socket = directory.join("keeper.sock");
    let keeper_argv: Vec<OsString> =
        vec![program.into(), socket.clone().into(), directory.join("keeper").into(), group.into()];
    Machines::connect(MachinesConfig { data_dir: directory.to_owned(), keeper_socket: socket, keeper_argv })
        .unwrap()
        .ephemeral()
}

impl Drop for World {
    fn drop(&mut self) {
        for status in self.machines.adopt().unwrap_or_default() {
            let _ = self.machines.terminate(&status.id);
        }
        let log = std::fs::read_to_string(self.directory.join("keeper/log")).unwrap_or_default();
        if !log.is_empty() {
            eprintln!("keeper log: {log}");
        }
        let _ = self.machines.shut_down_keeper();
        let groups = group_directories(&self.group);
        for group in &groups {
            let _ = std::fs::remove_dir(group);
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Every directory of that name at the top of a cgroup hierarchy.
pub(crate) fn group_directories(group: &str) -> Vec<PathBuf> {
    let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    table
        .lines()
        .filter(|line| line.contains(" - cgroup"))
        .filter_map(|line| line.split(' ').nth(4))
        .map(|point| Path::new(point).join(group))
        .filter(|path| path.exists())
        .collect()
}
