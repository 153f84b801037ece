//! Without root: one uid, no limits, but a real machine.

use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use machine::{CommandEnd, ExitCause, Mode, StopMode};

use crate::world::{World, first_boot, is_root};

/// Any uid that is not root's; it needs no entry in /etc/passwd.
const SOMEONE: u32 = 12_345;
/// Set in the copy of this test binary that runs as someone.
const PLACE: &str = "ALLOD_TEST_ROOTLESS_PLACE";

/// As root: runs this very test again as someone else, from copies that someone may read. Otherwise runs it.
#[test]
fn a_user_without_root_can_run_a_machine() {
    if let Ok(place) = std::env::var(PLACE) {
        return run_as_user(Path::new(&place));
    }
    if !is_root() {
        return;
    }
    let place = std::env::temp_dir().join(format!("allod-test-rootless-{}", std::process::id()));
    let own = std::env::current_exe().unwrap();
    for (from, to) in [
        (own.clone(), "deps/it"),
        (own.parent().unwrap().join("../examples/keeper_process"), "examples/keeper_process"),
    ] {
        let to = place.join(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
    }
    chown(&place, Some(SOMEONE), Some(SOMEONE)).unwrap();
    let id = SOMEONE.to_string();
    let output = Command::new("setpriv")
        .args(["--reuid", &id, "--regid", &id, "--clear-groups", "--"])
        .arg(place.join("deps/it"))
        .args(["--exact", "rootless::a_user_without_root_can_run_a_machine", "--nocapture"])
        .env(PLACE, &place)
        .current_dir("/")
        .output()
        .unwrap();
    std::fs::remove_dir_all(&place).unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn run_as_user(place: &Path) {
    let namespaces = machine::probe::probe().into_iter().find(|feature| feature.name == "user namespaces");
    if namespaces.is_none_or(|feature| !feature.present) {
        eprintln!("skipped: this host lets no user make a user namespace");
        return;
    }
    let world = World::at(place.join("data"), "none".into());
    assert_eq!(world.machines.mode(), Mode::SingleUid);
    let mut spec = world.spec("i-1");
    spec.user_data = vec![first_boot("echo hello > /root/made")];
    let status = world.boot(spec);
    assert_eq!((status.progress.failed_steps, status.id_base), (0, 0), "{}", world.console("i-1"));
    assert_eq!(
        world.sh("i-1", "cat /root/made; hostname; id -u; ls /sys/class/net"),
        "hello\nhost-i-1\n0\nlo\n"
    );
    assert_ne!(world.run("i-1", &format!("ls {}", place.display())).0.end, CommandEnd::Exited(0));
    world.machines.stop("i-1", StopMode::Orderly { grace_ms: 20_000 }).unwrap();
    assert_eq!(world.wait_exit("i-1"), ExitCause::PowerOff);
    world.machines.terminate("i-1").unwrap();
    assert!(!place.join("data/machines/i-1").exists());
}
