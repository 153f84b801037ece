//! Wiping all accounts: with records only, and with five machines.

use crate::Context;
use crate::cloud::{Cloud, Options};
use crate::host::{Meter, is_root};
use crate::report::{Row, Target};
use crate::site::Site;
use crate::statistics::Times;
use crate::stop;
use anyhow::{Context as _, ensure};
use api_ssm::{self as ssm, ops};
use aws_client::Client;

const ROUNDS: usize = 20;
const MACHINE_ROUNDS: usize = 10;
const MACHINES: usize = 5;

pub(super) fn run(context: &Context) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (durable, kind) in [(false, "ephemeral"), (true, "durable")] {
        let options = Options { durable, machines: is_root(), ..Options::default() };
        let cloud = Cloud::start(&context.allod, &context.folder, options)?;
        rows.push(empty(&cloud, kind)?);
        if is_root() {
            rows.push(with_machines(&cloud, kind)?);
        }
        cloud.stop()?;
    }
    Ok(rows)
}

fn empty(cloud: &Cloud, kind: &str) -> anyhow::Result<Row> {
    let meter = Meter::start(cloud.pid(), cloud.keeper_pid());
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let mut client = cloud.client();
        ensure!(!stop::asked(), "stopped on request");
        let value = ssm::PutParameterRequest {
            name: Some("/bench".to_owned()),
            value: Some("1".to_owned()),
            type_: Some("String".into()),
            ..Default::default()
        };
        client.call::<ops::PutParameter>(&ssm::SERVICE, &value).context("ssm PutParameter")?;
        times.push(cloud.reset()?.as_secs_f64() * 1e3);
        ensure!(!has_parameter(&mut client)?, "a parameter has outlived a reset");
    }
    Ok(row(format!("reset, no machine, {kind}"), times, 5.0).cpu(meter.used()))
}

fn has_parameter(client: &mut Client) -> anyhow::Result<bool> {
    let request = ssm::GetParametersRequest { names: Some(vec!["/bench".to_owned()]), ..Default::default() };
    let found = client.call::<ops::GetParameters>(&ssm::SERVICE, &request).context("ssm GetParameters")?;
    Ok(found.parameters.is_some_and(|parameters| !parameters.is_empty()))
}

fn with_machines(cloud: &Cloud, kind: &str) -> anyhow::Result<Row> {
    let meter = Meter::start(cloud.pid(), cloud.keeper_pid());
    let mut times = Vec::new();
    for _ in 0..MACHINE_ROUNDS {
        ensure!(!stop::asked(), "stopped on request");
        let mut site = Site::build(cloud.client())?;
        let ids = site.launch(&site.launch_request(MACHINES, None, false))?;
        site.wait(&ids, "running")?;
        times.push(cloud.reset()?.as_secs_f64() * 1e3);
    }
    Ok(row(format!("reset, five machines, {kind}"), times, 60.0)
        .cpu(meter.used())
        .note("CPU with the launches"))
}

fn row(what: String, times: Vec<f64>, limit: f64) -> Row {
    let times = Times::new(times);
    let note = format!("median of {}, longest {:.1} ms", times.len(), times.longest());
    Row::new(what, times.median(), "ms").target(Target::AtMost(limit)).note(note)
}
