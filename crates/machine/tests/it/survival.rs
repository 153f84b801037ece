//! Death of the keeper and of its clients.

use machine::{CommandEnd, ExitCause, MachineState};
use rustix::process::{Pid, Signal, kill_process};

use crate::world::{World, group_directories, is_root};

fn kill_keeper(world: &World) {
    let pid = Pid::from_raw(world.keeper_pid()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    while kill_process(pid, Signal::CONT).is_ok() && !is_zombie(pid) {
        std::thread::yield_now();
    }
}

fn is_zombie(pid: Pid) -> bool {
    let path = format!("/proc/{}/stat", pid.as_raw_nonzero());
    std::fs::read_to_string(path).is_ok_and(|text| text.contains(") Z "))
}

#[test]
fn machines_and_commands_outlive_the_keeper_and_are_found_again() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let pid = world.boot(world.spec("i-1")).pid;
    world.boot(world.spec("i-2"));
    let script = "echo before; while [ ! -e /root/go ]; do sleep 0.01; done; echo after; exit 9";
    let spec = world.script("i-1", script);
    let (id, out) = (spec.id.clone(), spec.stdout.path.clone());
    world.machines.exec(spec).unwrap();
    while std::fs::read_to_string(&out).unwrap() != "before\n" {
        std::thread::yield_now();
    }
    kill_keeper(&world);
    let machines = world.reconnect();
    let known: Vec<_> =
        machines.adopt().unwrap().into_iter().map(|status| (status.id, status.state)).collect();
    assert_eq!(known, [("i-1".to_owned(), MachineState::Running), ("i-2".to_owned(), MachineState::Running)]);
    assert_eq!(machines.status("i-1").unwrap().unwrap().pid, pid);
    assert_eq!(world.sh("i-1", "touch /root/go; echo still here"), "still here\n");
    let outcome = world.wait_command(&id);
    assert_eq!(outcome.end, CommandEnd::Exited(9), "the exit code of a process the new keeper did not start");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "before\nafter\n");
    world.machines.stop("i-1", machine::StopMode::Orderly { grace_ms: 20_000 }).unwrap();
    assert_eq!(world.wait_exit("i-1"), ExitCause::PowerOff);
    world.machines.stop("i-2", machine::StopMode::Force).unwrap();
    assert_eq!(world.wait_exit("i-2"), ExitCause::Killed);
}

#[test]
fn what_ended_while_no_keeper_looked_is_told_as_ended() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let pid = world.boot(world.spec("i-1")).pid;
    world.machines.shut_down_keeper().unwrap();
    let pid = Pid::from_raw(pid).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    while kill_process(pid, Signal::CONT).is_ok() && !is_zombie(pid) {
        std::thread::yield_now();
    }
    let machines = world.reconnect();
    let status = machines.status("i-1").unwrap().unwrap();
    assert!(matches!(status.state, MachineState::Exited(_)), "{status:?}");
    machines.terminate("i-1").unwrap();
    machines.shut_down_keeper().unwrap();
}

#[test]
fn exits_are_known_after_a_restart_of_the_keeper() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let pid = world.boot(world.spec("i-1")).pid;
    let spec = world.script("i-1", "echo out; exit 4");
    let id = spec.id.clone();
    let (before, ..) = world.run_spec(spec);
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    assert_eq!(world.wait_exit("i-1"), ExitCause::Signaled(9));
    kill_keeper(&world);
    assert_eq!(world.wait_exit("i-1"), ExitCause::Signaled(9));
    assert_eq!(world.machines.exec_status(&id).unwrap().outcome, Some(before));
}

#[test]
fn groups_that_nobody_knows_are_removed_by_the_next_keeper() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let left: Vec<_> =
        group_directories(&world.group).into_iter().map(|group| group.join("i-left")).collect();
    assert!(!left.is_empty());
    for path in &left {
        std::fs::create_dir(path).unwrap();
    }
    kill_keeper(&world);
    world.reconnect();
    assert_eq!(left.iter().find(|path| path.exists()), None);
}

#[test]
fn an_unreleased_machine_does_not_outlive_its_keeper() {
    if !is_root() {
        return;
    }
    let world = World::new();
    world.machines.launch(world.spec("i-1")).unwrap();
    kill_keeper(&world);
    assert_eq!(world.wait_exit("i-1"), ExitCause::Abandoned);
}
