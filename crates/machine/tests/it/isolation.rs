//! What a machine must not be able to do, and what its neighbours must not feel.

use std::time::Instant;

use machine::{CommandEnd, MachineLimits};

use crate::world::{PATIENCE, World, is_root};

/// Runs a script that must fail; returns what it said.
fn must_fail(world: &World, script: &str) -> String {
    let (outcome, out, err) = world.run("i-1", script);
    assert!(!matches!(outcome.end, CommandEnd::Exited(0)), "{script} succeeded: {out}{err}");
    format!("{out}{err}")
}

#[test]
fn files_of_the_host_and_of_other_machines_are_out_of_reach() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let secret = world.directory.join("secret");
    std::fs::write(&secret, "host secret").unwrap();
    world.boot(world.spec("i-1"));
    world.boot(world.spec("i-2"));
    world.sh("i-2", "echo neighbour > /root/private");
    must_fail(&world, &format!("cat {}", secret.display()));
    must_fail(&world, "cat /root/private");
    must_fail(&world, &format!("ls {}", world.directory.display()));
    // PID 1 shares memory with the keeper; neither it nor its links may be looked through.
    must_fail(&world, "cat /proc/1/mem");
    must_fail(&world, "ls /proc/1/root/");
    must_fail(&world, "cat /proc/1/environ");
    assert_eq!(world.sh("i-1", "tr '\\0' ' ' < /proc/1/cmdline").trim(), "/sbin/init");
    let host = std::fs::read_to_string("/etc/shadow").unwrap();
    assert_ne!(world.sh("i-1", "cat /etc/shadow"), host);
    let mounts = world.sh("i-1", "cat /proc/self/mountinfo");
    assert!(!mounts.contains(world.directory.to_str().unwrap()), "{mounts}");
    for place in ["/home", "/var/lib", "/opt", "/srv"] {
        let listing = world.sh("i-1", &format!("ls {place}"));
        assert!(["", "ec2-user\n", "cloud\nmisc\n"].contains(&listing.as_str()), "{place}: {listing}");
    }
    // Processes of the host have no number here.
    assert!(world.sh("i-1", "ls -d /proc/[0-9]* | wc -l").trim().parse::<u32>().unwrap() < 10);
}

#[test]
fn the_kernel_is_out_of_reach() {
    if !is_root() {
        return;
    }
    let world = World::new();
    world.boot(world.spec("i-1"));
    for script in [
        "mknod /root/disk b 254 0",
        "mkdir -p /mnt/x && mount -t tmpfs none /mnt/x",
        "umount /proc/sys",
        "mount -o remount,rw /sys",
        "echo 1 > /proc/sys/kernel/panic",
        "echo core > /proc/sys/kernel/core_pattern",
        "echo 1 > /proc/sys/net/ipv4/ip_forward",
        "echo b > /proc/sysrq-trigger && test -s /proc/sysrq-trigger",
        "unshare -m true",
        "unshare -U true",
        "nsenter -t 1 -m true",
        "dmesg",
        "date -s 2020-01-01",
        "ip link set lo down",
        "cat /dev/vda",
        "cat /dev/mem",
        "swapon -a /root/x",
    ] {
        must_fail(&world, script);
    }
    let python = "import ctypes,os\nc=ctypes.CDLL(None,use_errno=True)\nr=c.syscall(313,-1,b'',0)\nprint(r,ctypes.get_errno())";
    let told = world.sh("i-1", &format!("python3 -c \"{python}\""));
    assert_eq!(told, "-1 1\n", "finit_module must be refused by the filter");
    assert_eq!(world.sh("i-1", "wc -c < /proc/kcore || echo 0").trim(), "0");
    let caps = world.sh("i-1", "grep CapBnd /proc/self/status");
    let caps = u64::from_str_radix(caps.split_whitespace().nth(1).unwrap(), 16).unwrap();
    assert_eq!(
        caps & (1 << 21 | 1 << 16 | 1 << 12 | 1 << 17),
        0,
        "SYS_ADMIN, SYS_MODULE, NET_ADMIN, SYS_RAWIO"
    );
}

#[test]
fn a_machine_sees_only_its_own_network() {
    if !is_root() {
        return;
    }
    let world = World::new();
    world.boot(world.spec("i-1"));
    assert_eq!(world.sh("i-1", "ls /sys/class/net"), "lo\n");
    assert_eq!(
        world
            .sh(
                "i-1",
                "ping -c 1 -W 5 127.0.0.1 >/dev/null 2>&1 || cat /sys/class/net/lo/operstate; echo done"
            )
            .lines()
            .last(),
        Some("done")
    );
    // A raw socket is allowed and reaches nothing but the own namespace.
    let python = "import socket; s=socket.socket(socket.AF_PACKET, socket.SOCK_RAW); print([n for _,n in socket.if_nameindex()])";
    assert_eq!(world.sh("i-1", &format!("python3 -c '{python}'")), "['lo']\n");
}

/// Sets off fork bombs in `i-1` until something holds; the commands. A shell that cannot fork ends, so a bomb whose
/// shells all meet the limit at once burns out, and nobody may have looked just then: the next one is lit.
fn bomb_until(world: &World, holds: impl Fn() -> bool) -> Vec<String> {
    let mut lit: Vec<String> = Vec::new();
    let begun = Instant::now();
    while !holds() {
        assert!(
            begun.elapsed() < PATIENCE,
            "{} bombs did nothing: {:?}",
            lit.len(),
            world.machines.usage("i-1")
        );
        if lit.last().is_none_or(|id| world.machines.exec_status(id).unwrap().outcome.is_some()) {
            let bomb = world.script("i-1", "bomb() { bomb | bomb & }; while :; do bomb; sleep 0.2; done");
            let id = bomb.id.clone();
            // Refused while the one before still holds all places.
            if world.machines.exec(bomb).is_ok() {
                lit.push(id);
            }
        }
        std::thread::yield_now();
    }
    lit
}

#[test]
fn a_fork_bomb_stays_inside() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let mut spec = world.spec("i-1");
    spec.limits = MachineLimits { pids: 100, cpu_millis: 500, ..MachineLimits::default() };
    world.boot(spec);
    world.boot(world.spec("i-2"));
    bomb_until(&world, || world.machines.usage("i-1").unwrap().pids >= 90);
    assert_eq!(world.sh("i-2", "echo alive"), "alive\n");
    assert!(world.machines.usage("i-1").unwrap().pids <= 100);
    world.machines.terminate("i-1").unwrap();
}

#[test]
fn a_memory_hog_dies_alone() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let mut spec = world.spec("i-1");
    spec.limits = MachineLimits { memory_mib: 64, ..MachineLimits::default() };
    world.boot(spec);
    world.boot(world.spec("i-2"));
    let (outcome, ..) = world.run("i-1", "exec python3 -c 'x = bytearray(300 << 20)'");
    assert_eq!(outcome.end, CommandEnd::Signaled(9), "killed by the kernel for memory");
    assert_eq!(world.sh("i-1", "echo alive"), "alive\n");
    assert_eq!(world.sh("i-2", "echo alive"), "alive\n");
    assert!(world.machines.usage("i-1").unwrap().memory_bytes <= 64 << 20);
}

#[test]
fn a_bomb_of_small_processes_takes_its_memory_but_not_its_first_process() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let mut spec = world.spec("i-1");
    // Far more processes allowed than memory for them: the kernel must choose victims, again and again, among
    // processes that are each smaller than PID 1.
    spec.limits = MachineLimits { memory_mib: 48, pids: 4_000, ..MachineLimits::default() };
    world.boot(spec);
    let standing = "for p in 1 self; do cat /proc/$p/oom_score_adj; done";
    let numbers: Vec<i32> = world.sh("i-1", standing).lines().map(|line| line.parse().unwrap()).collect();
    assert!(numbers[0] < numbers[1], "PID 1 must be the last choice: {numbers:?}");
    for round in 1..=3 {
        let before = world.oom_kills("i-1");
        let bombs = bomb_until(&world, || world.oom_kills("i-1") > before);
        // Its shell may be among the killed, and then the command is over; its tree must be gone either way.
        for id in bombs {
            world.machines.kill_exec(&id).unwrap();
            world.wait_command(&id);
        }
        world.wait_machine("i-1", |_| world.machines.usage("i-1").unwrap().pids < 10);
        assert_eq!(world.sh("i-1", "echo alive"), "alive\n", "round {round}");
    }
    assert!(!world.console("i-1").contains("ended"), "{}", world.console("i-1"));
}

#[test]
fn a_disk_filler_is_ended_and_its_neighbour_goes_on() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let mut spec = world.spec("i-1");
    spec.limits = MachineLimits { disk_mib: 20, ..MachineLimits::default() };
    world.boot(spec.clone());
    world.boot(world.spec("i-2"));
    let filler = world.script("i-1", "dd if=/dev/zero of=/var/tmp/fill bs=1M count=60; sleep 1000");
    world.machines.exec(filler).unwrap();
    assert_eq!(world.wait_exit("i-1"), machine::ExitCause::DiskLimit);
    assert!(world.console("i-1").contains("beyond the limit of 20 MiB"), "{}", world.console("i-1"));
    assert_eq!(world.sh("i-2", "echo alive > /var/tmp/x; cat /var/tmp/x"), "alive\n");
}

/// Output and complaints of an ssh from the machine to itself. Some versions of sshd do not survive being stopped and
/// continued before the login (their system call filter lacks `restart_syscall`), so an end without a word about the
/// login is tried again; the network around a machine is not this crate's business.
fn ssh(world: &World, words: &str) -> (String, String) {
    let ssh = "ssh -o StrictHostKeyChecking=no -o BatchMode=yes -o ConnectTimeout=15 -o UserKnownHostsFile=/root/known";
    let mut told = (String::new(), String::new());
    for _ in 0..30 {
        let (_, out, err) = world.run("i-1", &format!("{ssh} {words}"));
        told = (out, err);
        if !["Connection closed", "Connection reset"].iter().any(|end| told.1.contains(end)) {
            break;
        }
    }
    told
}

#[test]
fn ssh_lets_the_key_pair_in_and_nobody_else() {
    if !is_root() || !std::path::Path::new("/usr/sbin/sshd").exists() {
        return;
    }
    let world = World::new();
    let key = |name: &str| {
        let path = world.directory.join(name);
        let made = std::process::Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(&path)
            .status()
            .unwrap();
        assert!(made.success());
        (
            std::fs::read_to_string(&path).unwrap(),
            std::fs::read_to_string(path.with_extension("pub")).unwrap(),
        )
    };
    let ((good, public), (bad, _)) = (key("good"), key("bad"));
    let mut spec = world.spec("i-1");
    spec.authorized_keys = vec![public];
    spec.start_sshd = true;
    world.boot(spec);
    for (name, text) in [("good", good), ("bad", bad)] {
        let mut put = world.script("i-1", &format!("umask 077; cat > /root/{name}"));
        let file = world.directory.join("key");
        std::fs::write(&file, text).unwrap();
        put.stdin = Some(file);
        assert_eq!(world.run_spec(put).0.end, CommandEnd::Exited(0));
    }
    let ssh = |words: &str| ssh(&world, words);
    assert_eq!(ssh("-i /root/good ec2-user@127.0.0.1 'id -un; hostname'").0, "ec2-user\nhost-i-1\n");
    assert_eq!(ssh("-i /root/good root@127.0.0.1 id -un").0, "root\n");
    let (out, err) = ssh("-i /root/bad -o IdentitiesOnly=yes ec2-user@127.0.0.1 id -un");
    assert!(out.is_empty() && err.contains("Permission denied"), "{out}{err}");
    world.boot(world.spec("i-2"));
    assert_ne!(
        world.sh("i-2", "ls /etc/ssh"),
        world.sh("i-1", "ls /etc/ssh"),
        "no host key without a connection"
    );
}
