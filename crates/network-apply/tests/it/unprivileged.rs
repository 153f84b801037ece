//! The same in a user namespace, where root is nobody outside: small buffers, no
//! rights over the host.

use std::process::Command;

use crate::world::private_host;

#[test]
fn a_user_namespace_is_enough() {
    if private_host().is_none() {
        return;
    }
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--net", "--mount", "--propagation", "private"]);
    unshare.arg(std::env::current_exe().unwrap());
    unshare.args([
        "--exact",
        "groups::an_allowed_port_connects_and_its_neighbour_is_dropped_and_counted",
        "internet::the_host_reaches_a_public_address_if_the_group_lets_it",
        "adoption::a_restart_adopts_everything_and_connections_stay_up",
    ]);
    let Ok(output) = unshare.output() else {
        println!("skipped: no unshare program");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("3 passed"), "{text}");
    assert!(!text.contains("skipped"), "{text}");
}
