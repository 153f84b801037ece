//! What a machine costs: time from launch to its first user-data command, launches a second, memory while idle,
//! CPU time, and the time of a command. `launch_bench [machines] [launchers]`, as root.
//!
//! Prints the load of the host beside every figure, since wall-clock times of a busy host say little.
#![allow(clippy::disallowed_methods, reason = "measures with the clock of the host")]

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use machine::{
    BootAction, BootStep, Event, ExecSpec, LaunchSpec, MachineLimits, Machines, MachinesConfig, OutputFile,
};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Commands timed.
const COMMANDS: usize = 200;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, socket, state_dir, cgroup_parent] = arguments.as_slice()
        && word == "keeper"
    {
        let config = keeper::KeeperConfig {
            socket: socket.into(),
            state_dir: state_dir.into(),
            cgroup_parent: cgroup_parent.clone(),
        };
        return Ok(keeper::run(config)?);
    }
    let number = |at: usize, default| arguments.get(at).map_or(Ok(default), |text| text.parse::<usize>());
    let (machines, launchers) = (number(0, 200)?, number(1, 2)?);
    let name = format!("allod-bench-{}", std::process::id());
    let directory = std::env::temp_dir().join(&name);
    let outcome = bench(&directory, &name, machines, launchers);
    for group in ["cpu", "memory", "pids", "unified", "."] {
        let _ = std::fs::remove_dir(PathBuf::from("/sys/fs/cgroup").join(group).join(&name));
    }
    std::fs::remove_dir_all(&directory)?;
    outcome
}

fn bench(directory: &std::path::Path, name: &str, count: usize, launchers: usize) -> Outcome {
    let socket = directory.join("keeper.sock");
    let program = std::env::current_exe()?;
    let keeper_argv = vec![
        program.into(),
        "keeper".into(),
        socket.clone().into(),
        directory.join("keeper").into(),
        name.into(),
    ];
    let machines = Machines::connect(MachinesConfig {
        data_dir: directory.to_owned(),
        keeper_socket: socket,
        keeper_argv,
    })?
    .ephemeral();
    let pid = match keeper::client::Connection::open(&directory.join("keeper.sock"))?
        .call(keeper::protocol::Request::Hello)?
        .0
    {
        keeper::protocol::Reply::Hello { pid, .. } => pid,
        other => return Err(format!("{other:?}").into()),
    };
    let image = machines.host_image()?;
    let events = machines.events();

    println!("load {}", load());
    let mut alone = Vec::new();
    for number in 0..20.min(count) {
        let begun = keeper::process::monotonic_ns();
        start(&machines, &spec(&image, number))?;
        alone.push(ms(first_command(&events, &format!("i-{number}"))?.saturating_sub(begun)));
    }
    print_times("launch to first command, one at a time", &mut alone);

    let free_before = free_kib()?;
    let begun = Instant::now();
    let rest: Vec<usize> = (alone.len()..count).collect();
    let mut together = Vec::new();
    std::thread::scope(|scope| -> Outcome {
        let mut threads = Vec::new();
        for part in rest.chunks(rest.len().div_ceil(launchers).max(1)) {
            let (machines, image) = (machines.clone(), image.clone());
            threads.push(scope.spawn(move || -> Result<Vec<(String, u64)>, String> {
                part.iter()
                    .map(|&number| {
                        let begun = keeper::process::monotonic_ns();
                        start(&machines, &spec(&image, number)).map_err(|error| error.to_string())?;
                        Ok((format!("i-{number}"), begun))
                    })
                    .collect()
            }));
        }
        let mut started = Vec::new();
        for thread in threads {
            started.extend(thread.join().map_err(|_| "a launcher panicked")??);
        }
        for (id, begun) in started {
            let status = loop {
                let status = machines.status(&id)?.ok_or("a machine is gone")?;
                if status.progress.boot_finished_ns > 0 {
                    break status;
                }
                std::thread::sleep(Duration::from_millis(1));
            };
            together.push(ms(status.progress.user_data_started_ns.saturating_sub(begun)));
        }
        Ok(())
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    let launched = together.len();
    if launched > 0 {
        print_times(&format!("launch to first command, {launchers} launchers"), &mut together);
        println!("{:.0} launches/s to finished boot, load {}", to_f64(launched) / seconds, load());
        std::thread::sleep(Duration::from_secs(2));
        let used = to_f64(usize::try_from(free_before.saturating_sub(free_kib()?))?) / to_f64(launched);
        let mut charged = 0;
        for &number in &rest {
            charged += usize::try_from(machines.usage(&format!("i-{number}"))?.memory_bytes >> 10)?;
        }
        let charged = to_f64(charged) / to_f64(launched);
        println!(
            "per idle machine: {used:.0} KiB less MemAvailable (the whole host), {charged:.0} KiB charged to its cgroup"
        );
    }
    let begun = Instant::now();
    for status in machines.adopt()? {
        machines.stop(&status.id, machine::StopMode::Force)?;
    }
    for number in 0..count {
        machines.terminate(&format!("i-{number}"))?;
    }
    println!("{count} terminated in {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
    println!(
        "keeper and all that ran in the machines: {:.1} ms CPU per machine, load {}",
        keeper_cpu_ms(pid)? / to_f64(count),
        load()
    );
    start(&machines, &spec(&image, 0))?;
    commands(&machines, directory)?;
    machines.terminate("i-0")?;
    machines.shut_down_keeper()?;
    Ok(())
}

fn commands(machines: &Machines, directory: &std::path::Path) -> Outcome {
    let mut times = Vec::new();
    let events = machines.events();
    for number in 0..COMMANDS {
        let id = format!("c-{number}");
        let file = |kind: &str| OutputFile { path: directory.join(kind), max_bytes: 24_000 };
        let begun = Instant::now();
        machines.exec(ExecSpec {
            id: id.clone(),
            machine: "i-0".into(),
            argv: vec!["/bin/true".into()],
            env: Vec::new(),
            cwd: None,
            user: None,
            timeout_ms: None,
            stdin: None,
            stdout: file("out"),
            stderr: file("err"),
        })?;
        while !matches!(events.recv()?, Event::Command(status) if status.id == id) {}
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        machines.forget_exec(&id)?;
    }
    print_times("command `true`", &mut times);
    Ok(())
}

fn spec(image: &machine::Image, number: usize) -> LaunchSpec {
    let step = BootStep::Run { argv: vec!["/bin/true".into()] };
    LaunchSpec {
        id: format!("i-{number}"),
        image: image.clone(),
        hostname: format!("ip-10-0-0-{number}"),
        fqdn: None,
        address: None,
        limits: MachineLimits::default(),
        user_data: vec![BootAction { every_boot: false, step }],
        authorized_keys: vec!["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ bench".into()],
        dns_servers: Vec::new(),
        search_domains: Vec::new(),
        start_sshd: true,
    }
}

fn start(machines: &Machines, spec: &LaunchSpec) -> machine::Result<()> {
    machines.launch(spec.clone())?;
    machines.release(&spec.id)
}

/// Waits for the moment at which a machine started its first command.
fn first_command(events: &std::sync::mpsc::Receiver<Event>, id: &str) -> Outcome<u64> {
    loop {
        if let Event::Machine(status) = events.recv()?
            && status.id == id
            && status.progress.boot_finished_ns > 0
        {
            return Ok(status.progress.user_data_started_ns);
        }
    }
}

fn print_times(what: &str, times: &mut [f64]) {
    times.sort_by(f64::total_cmp);
    let at = |part: usize| {
        times.get((times.len() * part / 100).min(times.len().saturating_sub(1))).copied().unwrap_or(0.0)
    };
    println!("{what}: p10 {:.1} p50 {:.1} p99 {:.1} ms ({} times)", at(10), at(50), at(99), times.len());
}

fn ms(ns: u64) -> f64 {
    Duration::from_nanos(ns).as_secs_f64() * 1e3
}

fn to_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

fn free_kib() -> Outcome<u64> {
    let text = std::fs::read_to_string("/proc/meminfo")?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:")).ok_or("no MemAvailable")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// CPU time of a process and of its children that ended (proc_pid_stat(5), fields 14 to 17), in ms.
fn keeper_cpu_ms(pid: i32) -> Outcome<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let rest = text.rsplit(") ").next().ok_or("an odd stat file")?;
    let ticks = rest.split(' ').skip(11).take(4).map(str::parse::<f64>).sum::<Result<f64, _>>()?;
    Ok(ticks * 10.0)
}
