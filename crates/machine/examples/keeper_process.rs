//! A keeper on its own, for tests: `keeper_process <socket> <state directory> <cgroup parent>`.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [socket, state_dir, cgroup_parent] = arguments.as_slice() else {
        eprintln!("usage: keeper_process <socket> <state directory> <cgroup parent>");
        return ExitCode::from(2);
    };
    let config = keeper::KeeperConfig {
        socket: PathBuf::from(socket),
        state_dir: PathBuf::from(state_dir),
        cgroup_parent: cgroup_parent.clone(),
    };
    match keeper::run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("keeper: {error}");
            ExitCode::FAILURE
        }
    }
}
