//! The same ten steps on other engines, in the same run, with the same client: stepfunctions-local, Restate, DBOS on
//! PostgreSQL.
//!
//! One after the other, so that each has the two cores to itself and the client. Every request starts one execution of
//! ten steps that do nothing; an execution counts when it has ended well.

mod answering;
mod dbos;
mod postgres;
mod process;
mod restate;
mod stepfunctions_local;

use super::load::{sync_median, ten_passes};
use super::service::{INPUT, machine, role, start, start_to_end};
use crate::cloud::{Cloud, Options};
use crate::host::{Cpu, tree_cpu_seconds};
use crate::load::replay;
use crate::measures::signed;
use crate::report::Row;
use crate::statistics::Times;
use crate::{Context, stop};
use anyhow::ensure;
use api_stepfunctions::{self as api, ops};
use aws_client::Client;
use std::time::Duration;

/// Executions under way at once while the rate is taken.
const CONNECTIONS: usize = 32;
/// Interpreters have compiled what is hot after this.
const WARM_UP: Duration = Duration::from_secs(1);
/// Executions one after the other, and how long they may take.
const ROUNDS: usize = 300;
const PATIENCE: Duration = Duration::from_secs(6);
/// Of the load on a peer, whatever `--seconds` says: with warm-up and rounds each is measured for less than 30 s.
const LONGEST: Duration = Duration::from_secs(20);
const RATE: &str = "10 steps, executions that ended";
const TIME: &str = "10 steps, start → result, p50";

/// An engine that runs, with a workflow of ten steps. What it started ends when it is dropped.
trait Running {
    /// Executions that ended well, a second, [`CONNECTIONS`] at once.
    fn rate(&mut self, length: Duration) -> anyhow::Result<f64>;
    /// Start to result of executions one after the other, in milliseconds.
    fn times(&mut self) -> anyhow::Result<Times>;
    /// CPU-seconds its processes have used so far.
    fn cpu(&self) -> f64;
}

/// Starts an engine.
type Starter = fn(&Context) -> anyhow::Result<Box<dyn Running>>;

/// The rivals: name, what to know about them, how they are started.
const RIVALS: [(&str, &str, Starter); 3] = [
    (
        "stepfunctions-local",
        "in memory: an execution does not survive the process; no signature is verified",
        stepfunctions_local::start,
    ),
    (
        "Restate",
        "durable, its defaults; each step journaled by `ctx.run` of its Node SDK; CPU of server and service",
        restate::start,
    ),
    ("DBOS", "durable, PostgreSQL with fsync; each step a row; CPU of Python and PostgreSQL", dbos::start),
];

/// What was measured of one engine.
struct Figures {
    rate: f64,
    time: f64,
    rows: [Row; 2],
}

pub(super) fn run(context: &Context) -> anyhow::Result<Vec<Row>> {
    let ours = figures(context, "allod", "durable, every signature verified", own)?;
    let ([mut rate, mut time], mut rows) = (ours.rows, Vec::new());
    for (name, remark, starter) in RIVALS {
        ensure!(!stop::asked(), "stopped on request");
        match figures(context, name, remark, starter) {
            Ok(theirs) => {
                rate = rate.peer(name, theirs.rate);
                time = time.peer(name, theirs.time);
                let [their_rate, their_time] = theirs.rows;
                rows.push(their_rate.note(format!("ours is {:.1} times that", ours.rate / theirs.rate)));
                rows.push(their_time.note(format!("{:.1} times ours", theirs.time / ours.time)));
            }
            Err(error) if stop::asked() => return Err(error),
            Err(error) => rows.push(Row::absent(name, format!("{error:#}"))),
        }
    }
    Ok([rate, time].into_iter().chain(rows).collect())
}

/// Starts an engine, measures it and ends it.
fn figures(context: &Context, name: &str, remark: &str, starter: Starter) -> anyhow::Result<Figures> {
    let sync = format!("fsync p50 {:.2} ms", sync_median(&context.folder)?);
    let length = Duration::from_secs(context.seconds).min(LONGEST);
    let mut engine = starter(context)?;
    engine.rate(WARM_UP)?;
    let before = engine.cpu();
    let times = engine.times()?;
    let cpu = Cpu { server: engine.cpu() - before, keeper: None };
    let time = Row::new(format!("{TIME}: {name}"), times.median(), "ms").cpu(cpu).note(format!(
        "{} rounds, p99 {:.2} ms; {sync}",
        times.len(),
        times.percentile(99)
    ));
    let before = engine.cpu();
    let rate = engine.rate(length)?;
    let cpu = Cpu { server: engine.cpu() - before, keeper: None };
    let row = Row::new(format!("{RATE}: {name}"), rate, "/s")
        .cpu(cpu)
        .note(format!("{remark}; {CONNECTIONS} connections; {sync}"));
    Ok(Figures { rate, time: times.median(), rows: [row, time] })
}

/// Our cloud under the same client.
struct Own {
    cloud: Cloud,
    client: Client,
    machine: String,
}

fn own(context: &Context) -> anyhow::Result<Box<dyn Running>> {
    let options = Options { enforce: true, durable: true, ..Options::default() };
    let cloud = Cloud::start(&context.allod, &context.folder, options)?;
    let mut client = cloud.client();
    role(&mut client)?;
    let machine = machine(&mut client, "ten", &ten_passes(), false)?;
    Ok(Box::new(Own { cloud, client, machine }))
}

impl Running for Own {
    /// A start is answered when the execution has ended durably.
    fn rate(&mut self, length: Duration) -> anyhow::Result<f64> {
        let input = start(&self.machine, INPUT);
        let request = signed::<ops::StartExecution>(&mut self.client, &api::SERVICE, &input);
        let count = replay(self.cloud.endpoint(), &request, CONNECTIONS, length)?;
        Ok(f64::from(count.requests) / count.seconds)
    }

    fn times(&mut self) -> anyhow::Result<Times> {
        start_to_end(&mut self.client, &self.machine, ROUNDS, PATIENCE)
    }

    fn cpu(&self) -> f64 {
        tree_cpu_seconds(&[self.cloud.pid()])
    }
}
