//! Launch, stop, start, reboot, terminate.

use machine::{ExitCause, MachineError, StopMode};

use crate::world::{World, first_boot, group_directories, is_root};

#[test]
fn a_machine_boots_runs_its_user_data_and_has_its_own_identity() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let mut spec = world.spec("i-1");
    spec.user_data = vec![first_boot("echo hello > /root/made; echo on the console")];
    let status = world.boot(spec);
    assert_eq!(status.progress.failed_steps, 0, "{}", world.console("i-1"));
    assert_eq!(world.sh("i-1", "cat /root/made"), "hello\n");
    assert_eq!(world.sh("i-1", "hostname; cat /etc/hostname"), "host-i-1\nhost-i-1\n");
    assert_eq!(world.sh("i-1", "cat /etc/resolv.conf"), "search ec2.internal\nnameserver 10.0.0.2\n");
    let own = world.sh("i-1", "cat /etc/machine-id");
    assert_eq!(own.trim().len(), 32);
    assert_ne!(own, std::fs::read_to_string("/etc/machine-id").unwrap_or_default());
    assert!(world.console("i-1").contains("on the console"), "{}", world.console("i-1"));
    world.boot(world.spec("i-2"));
    assert_ne!(world.sh("i-2", "cat /etc/machine-id"), own);
}

#[test]
fn stop_and_start_keep_the_root_and_first_boot_steps_run_once() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let mut spec = world.spec("i-1");
    spec.user_data = vec![first_boot("echo once >> /root/count")];
    world.boot(spec.clone());
    let before = world.sh("i-1", "echo kept > /usr/share/kept; cat /etc/machine-id");
    world.machines.stop("i-1", StopMode::Orderly { grace_ms: 30_000 }).unwrap();
    assert_eq!(world.wait_exit("i-1"), ExitCause::PowerOff);
    world.boot(spec);
    assert_eq!(
        world.sh("i-1", "cat /etc/machine-id /usr/share/kept /root/count"),
        format!("{before}kept\nonce\n")
    );
}

#[test]
fn reboot_in_place_restarts_user_space_and_keeps_the_namespaces() {
    if !is_root() {
        return;
    }
    let world = World::new();
    world.boot(world.spec("i-1"));
    let before =
        world.sh("i-1", "echo x > /tmp/gone; sleep 1000 >/dev/null 2>&1 & readlink /proc/self/ns/net");
    world.machines.reboot("i-1").unwrap();
    world.wait_machine("i-1", |status| status.progress.boots == 2);
    let after = world.sh("i-1", "readlink /proc/self/ns/net; ls /tmp; pgrep sleep || true");
    assert_eq!(after, before, "volatile files and processes are gone, the network stays");
}

#[test]
fn power_off_and_reboot_from_inside_are_told_apart() {
    if !is_root() {
        return;
    }
    let world = World::new();
    world.boot(world.spec("i-1"));
    let spec = world.script("i-1", "shutdown -h now; sleep 60");
    world.machines.exec(spec).unwrap();
    assert_eq!(world.wait_exit("i-1"), ExitCause::PowerOff);
    world.boot(world.spec("i-2"));
    // The system call itself, as `reboot -f` makes it.
    let script = "python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x01234567)' || perl -e 'syscall(169, 0xfee1dead, 672274793, 0x01234567, 0)'";
    let spec = world.script("i-2", script);
    world.machines.exec(spec).unwrap();
    assert_eq!(world.wait_exit("i-2"), ExitCause::Reboot);
}

#[test]
fn terminate_leaves_nothing() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let pid = world.boot(world.spec("i-1")).pid;
    world.sh("i-1", "setsid sleep 1000 >/dev/null 2>&1 &");
    world.machines.terminate("i-1").unwrap();
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    assert!(!world.directory.join("machines/i-1").exists());
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(&world.group), "{mounts}");
    for group in group_directories(&world.group) {
        assert!(!group.join("i-1").exists(), "{} is left", group.display());
    }
    assert_eq!(world.machines.status("i-1").unwrap(), None);
    world.machines.terminate("i-1").unwrap();
}

#[test]
fn a_killed_init_is_an_event_and_the_id_can_be_launched_again() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let pid = world.boot(world.spec("i-1")).pid;
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let cause = loop {
        if let machine::Event::Machine(status) = world.events.recv().unwrap()
            && let machine::MachineState::Exited(cause) = status.state
        {
            break cause;
        }
    };
    assert_eq!(cause, ExitCause::Signaled(9));
    world.boot(world.spec("i-1"));
}

#[test]
fn bad_requests_are_refused_and_leave_nothing() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let mut spec = world.spec("i-1");
    spec.hostname = "two words".into();
    assert!(matches!(world.machines.launch(spec), Err(MachineError::Keeper(_))));
    assert!(!world.directory.join("machines/i-1").exists());
    assert!(matches!(world.machines.launch(world.spec("../x")), Err(MachineError::Invalid { .. })));
    let mut spec = world.spec("i-1");
    spec.image.overlays[0].lower[0] = "/nowhere".into();
    assert!(world.machines.launch(spec).is_err());
    assert!(!world.directory.join("machines/i-1").exists());
    assert!(matches!(world.machines.release("i-1"), Err(MachineError::NotFound(_))));
    world.boot(world.spec("i-1"));
    assert!(matches!(world.machines.launch(world.spec("i-1")), Err(MachineError::Exists(_))));
}

#[test]
fn an_unreleased_machine_does_not_run_user_data_and_can_be_stopped() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let mut spec = world.spec("i-1");
    spec.user_data = vec![first_boot("echo ran")];
    world.machines.launch(spec).unwrap();
    world.machines.stop("i-1", StopMode::Orderly { grace_ms: 1_000 }).unwrap();
    assert_eq!(world.wait_exit("i-1"), ExitCause::Killed);
    assert!(!world.console("i-1").contains("ran"));
}

#[test]
fn a_stop_right_after_the_release_is_not_lost() {
    if !is_root() {
        return;
    }
    let world = World::new();
    for round in 0..5 {
        world.machines.launch(world.spec("i-1")).unwrap();
        world.machines.release("i-1").unwrap();
        world.machines.stop("i-1", StopMode::Orderly { grace_ms: 60_000 }).unwrap();
        assert_eq!(world.wait_exit("i-1"), ExitCause::PowerOff, "round {round}");
    }
}

#[test]
fn a_frozen_machine_stands_still_and_can_still_be_ended() {
    if !is_root() {
        return;
    }
    let world = World::new();
    world.boot(world.spec("i-1"));
    world.machines.freeze("i-1", true).unwrap();
    let spec = world.script("i-1", "echo thawed");
    let (id, out) = (spec.id.clone(), spec.stdout.path.clone());
    let neighbour = world.boot(world.spec("i-2")).id;
    std::thread::scope(|scope| {
        let machines = world.machines.clone();
        let exec = scope.spawn(move || machines.exec(spec));
        // The command waits inside; the keeper serves everyone else.
        assert_eq!(world.sh(&neighbour, "echo alive"), "alive\n");
        assert!(std::fs::read(&out).map_or(0, |bytes| bytes.len()) == 0);
        world.machines.freeze("i-1", false).unwrap();
        exec.join().unwrap().unwrap();
    });
    assert_eq!(world.wait_command(&id).end, machine::CommandEnd::Exited(0));
    world.machines.freeze("i-1", true).unwrap();
    world.machines.stop("i-1", StopMode::Force).unwrap();
    assert_eq!(world.wait_exit("i-1"), ExitCause::Killed);
}
