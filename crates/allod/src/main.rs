//! The binary: arguments, configuration, wiring.

mod arguments;
mod client;
mod cloud;
mod coverage;
mod doctor;
mod endpoints;
mod home;
mod model;
mod output;
mod pool;
mod reach;
mod rootless;
mod services;
mod states;
mod tour;
mod up;

use arguments::{Arguments, Command};
use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    // The keeper forks machines without exec: it must stay small, so nothing of the rest may start in it.
    if std::env::args_os().nth(1).is_some_and(|word| word == "keeper") {
        return keeper_main();
    }
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Up(options) => up::run(options),
        Command::Tour(options) => tour::run(&options),
        Command::Reach(options) => Ok(reach::run(&options)),
        Command::States(command) => states::run(&command),
        Command::Doctor(options) => doctor::run(options),
        Command::Env(options) => output::env(&options),
        Command::Coverage(options) => coverage::run(options),
        Command::Model(options) => model::run(&options),
        Command::Version(options) => output::version(options),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            output::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn keeper_main() -> ExitCode {
    let mut words = std::env::args_os().skip(2);
    let (Some(socket), Some(state), Some(parent), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        output::complain(&anyhow::anyhow!(
            "allod keeper is started by allod up\nUsage: allod keeper SOCKET STATE-DIRECTORY CGROUP"
        ));
        return ExitCode::from(2);
    };
    match keeper::run(keeper::KeeperConfig {
        socket: socket.into(),
        state_dir: state.into(),
        cgroup_parent: parent.to_string_lossy().into_owned(),
    }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&anyhow::Error::new(error).context("the keeper stopped"));
            ExitCode::FAILURE
        }
    }
}
