//! `allod tour`: the main job on real resources, told step by step. Exit status 0 only if every step was seen to hold.

mod act;
mod picture;
mod stage;

use crate::arguments::{Tour, Up};
use crate::cloud::Cloud;
use crate::doctor;
use crate::rootless::Ground;
use crate::up::{log_to_stderr, runtime};
use act::Act;
use anyhow::Context as _;
use aws_client::{Client, Credentials};
use stage::Stage;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

const STEPS: usize = 10;

/// Runs the tour.
pub(crate) fn run(options: &Tour) -> anyhow::Result<ExitCode> {
    log_to_stderr();
    // Everything of the tour, its own clients too, happens in one place; before the first thread.
    let ground = Ground::fresh()?;
    let missing: Vec<String> = doctor::findings()
        .into_iter()
        .filter(doctor::Finding::stops_everything)
        .map(|finding| format!("{}: {}", finding.name, finding.why))
        .collect();
    anyhow::ensure!(
        missing.is_empty(),
        "this machine lacks what the tour needs:\n  {}\n`allod doctor` tells more",
        missing.join("\n  ")
    );
    let mut stage = Stage::new(options.plain, STEPS);
    let runtime = runtime()?;
    stage.step("A cloud of its own");
    let up = Up {
        data_dir: None,
        ephemeral: true,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        account_id: "000000000000".to_owned(),
        enforce: false,
        allow_reset: false,
        host_names: Vec::new(),
        no_uplink: true,
        public_pool: None,
        network_set_limit: None,
        network_flow_memory: true,
        audit_log: None,
        dns_upstream: Vec::new(),
        dns_max_ttl: 86_400,
        ready_file: None,
    };
    let cloud = runtime.block_on(Cloud::start(&up, ground))?;
    stage.command(&format!("--endpoint-url http://{} sts get-caller-identity", cloud.address));
    let credentials = Credentials {
        access_key_id: "test".to_owned(),
        secret_access_key: "test".to_owned(),
        region: "us-east-1".to_owned(),
    };
    let client = Client::new(cloud.address, credentials);
    let mut act = Act::new(client, stage, cloud.agent.clone(), runtime.handle().clone());
    let told = act.tell();
    if let Err(error) = &told {
        act.stage.failed(&format!("{error:#}"));
        act.show_consoles();
    }
    act.stage.step("Everything is taken away");
    let swept = act.clean_up();
    let home = cloud.home.path().to_owned();
    let stopped = runtime.block_on(cloud.stop()).context("the cloud did not stop cleanly");
    let left = home.exists();
    for error in [swept.as_ref().err(), stopped.as_ref().err()].into_iter().flatten() {
        act.stage.failed(&format!("{error:#}"));
    }
    if left {
        act.stage.failed(&format!("{} is still there", home.display()));
    }
    if swept.is_ok() && stopped.is_ok() && !left {
        act.stage.seen("no machine, no namespace and no file is left");
    }
    let good = told.is_ok() && swept.is_ok() && stopped.is_ok() && !left;
    act.stage.close(good);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
