//! Commands inside machines: codes, output, limits, cancellation.

use machine::{CommandEnd, MachineError};

use crate::world::{World, is_root};

#[test]
fn exit_codes_and_signals_are_told() {
    if !is_root() {
        return;
    }
    let world = World::new();
    world.boot(world.spec("i-1"));
    assert_eq!(world.run("i-1", "exit 37").0.end, CommandEnd::Exited(37));
    assert_eq!(world.run("i-1", "kill -SEGV $$").0.end, CommandEnd::Signaled(11));
    assert_eq!(world.run("i-1", "kill -KILL $$").0.end, CommandEnd::Signaled(9));
    let mut spec = world.script("i-1", "");
    spec.argv = vec!["no-such-program".into()];
    let (outcome, _, err) = world.run_spec(spec);
    assert_eq!(outcome.end, CommandEnd::Exited(127));
    assert!(err.contains("no-such-program"), "{err}");
    let mut spec = world.script("i-1", "");
    spec.argv = vec!["/etc/passwd".into()];
    assert_eq!(world.run_spec(spec).0.end, CommandEnd::Exited(126));
}

#[test]
fn user_directory_environment_and_input_are_as_asked() {
    if !is_root() {
        return;
    }
    let world = World::new();
    world.boot(world.spec("i-1"));
    assert_eq!(world.sh("i-1", "id -u; pwd; echo $HOME"), "0\n/root\n/root\n");
    let mut spec =
        world.script("i-1", "id -un; id -Gn; pwd; echo $GREETING; cat; grep CapEff /proc/self/status");
    let input = world.directory.join("input");
    std::fs::write(&input, "from the host\n").unwrap();
    spec.user = Some("ec2-user".into());
    spec.env = vec![("GREETING".into(), "good day".into())];
    spec.stdin = Some(input);
    let (_, out, err) = world.run_spec(spec);
    let expected = "ec2-user\nec2-user adm wheel sudo\n/home/ec2-user\ngood day\nfrom the host\nCapEff:\t0000000000000000\n";
    assert_eq!(out, expected, "{err}");
    let mut spec = world.script("i-1", "pwd");
    spec.cwd = Some("/var/log".into());
    assert_eq!(world.run_spec(spec).1, "/var/log\n");
    let mut spec = world.script("i-1", "true");
    spec.user = Some("mallory".into());
    assert_eq!(world.run_spec(spec).0.end, CommandEnd::Exited(126));
}

#[test]
fn output_beyond_the_limit_is_counted_and_does_not_stop_the_command() {
    if !is_root() {
        return;
    }
    let world = World::new();
    world.boot(world.spec("i-1"));
    let mut spec = world.script("i-1", "head -c 3000000 /dev/zero; echo problem >&2; exit 5");
    spec.stdout.max_bytes = 1_000;
    let (outcome, out, err) = world.run_spec(spec);
    assert_eq!(outcome.end, CommandEnd::Exited(5));
    assert_eq!((outcome.stdout_bytes, outcome.stdout_dropped), (1_000, 2_999_000));
    assert_eq!((outcome.stderr_bytes, outcome.stderr_dropped), (8, 0));
    assert_eq!((out.len(), err.as_str()), (1_000, "problem\n"));
}

#[test]
fn cancelling_kills_what_left_the_session_too() {
    if !is_root() {
        return;
    }
    let world = World::new();
    world.boot(world.spec("i-1"));
    let script =
        "setsid sh -c 'sleep 1001 & sleep 1002 & wait' & (setsid sleep 1003 &) ; echo up; sleep 1004";
    let spec = world.script("i-1", script);
    let (id, out) = (spec.id.clone(), spec.stdout.path.clone());
    world.machines.exec(spec).unwrap();
    while std::fs::read_to_string(&out).unwrap() != "up\n" {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    while world.sh("i-1", "pgrep -c 'sleep' || true").trim() != "4" {}
    world.machines.kill_exec(&id).unwrap();
    assert_eq!(world.wait_command(&id).end, CommandEnd::Cancelled);
    while world.sh("i-1", "pgrep -c 'sleep' || true").trim() != "0" {}
}

#[test]
fn a_time_limit_ends_a_command() {
    if !is_root() {
        return;
    }
    let world = World::new();
    world.boot(world.spec("i-1"));
    let mut spec = world.script("i-1", "trap '' TERM; sleep 1000");
    spec.timeout_ms = Some(50);
    assert_eq!(world.run_spec(spec).0.end, CommandEnd::TimedOut);
}

#[test]
fn a_background_process_does_not_hold_the_result_back_and_lives_on() {
    if !is_root() {
        return;
    }
    let world = World::new();
    world.boot(world.spec("i-1"));
    assert_eq!(world.sh("i-1", "sleep 1000 & echo started"), "started\n");
    assert_eq!(world.sh("i-1", "pgrep -c sleep"), "1\n");
}

#[test]
fn commands_end_with_their_machine() {
    if !is_root() {
        return;
    }
    let world = World::new();
    world.boot(world.spec("i-1"));
    let spec = world.script("i-1", "sleep 1000");
    let id = spec.id.clone();
    world.machines.exec(spec).unwrap();
    world.machines.stop("i-1", machine::StopMode::Force).unwrap();
    assert_eq!(world.wait_command(&id).end, CommandEnd::MachineGone);
    assert_eq!(world.wait_exit("i-1"), machine::ExitCause::Killed);
}

#[test]
fn bad_commands_are_refused_and_records_can_be_dropped() {
    if !is_root() {
        return;
    }
    let world = World::new();
    world.boot(world.spec("i-1"));
    let refused = |spoil: fn(&mut machine::ExecSpec)| {
        let mut spec = world.script("i-1", "true");
        spoil(&mut spec);
        world.machines.exec(spec).unwrap_err()
    };
    assert!(matches!(refused(|spec| spec.machine = "i-none".into()), MachineError::NotFound(_)));
    for spoil in [
        (|spec| spec.id = "../up".into()) as fn(&mut machine::ExecSpec),
        |spec| spec.argv.clear(),
        |spec| spec.argv = vec!["a\0b".into()],
        |spec| spec.env = vec![("A=B".into(), "x".into())],
        |spec| spec.stdin = Some("/no/such/file".into()),
        |spec| spec.argv.push("x".repeat(200_000)),
    ] {
        assert!(matches!(refused(spoil), MachineError::Keeper(_)));
    }
    let spec = world.script("i-1", "true");
    let id = spec.id.clone();
    world.machines.exec(spec.clone()).unwrap();
    assert!(matches!(world.machines.exec(spec), Err(MachineError::Exists(_))));
    world.wait_command(&id);
    world.machines.forget_exec(&id).unwrap();
    assert!(matches!(world.machines.exec_status(&id), Err(MachineError::NotFound(_))));
}
