//! What it takes to come back: after the control plane's restart (the kernel still has everything), after the host's
//! (it has nothing), and what one more machine costs among many.

use super::facts::{Facts, eni};
use super::ground::{Ground, Namespace, on_own_host};
use crate::Context;
use crate::host::{Meter, kernel_mib};
use crate::report::{Row, Target};
use crate::statistics::Times;
use crate::stop;
use anyhow::ensure;
use std::time::Instant;

/// Machines beside which the last ones are attached.
const MACHINES: u32 = 1_000;
/// How many of them count as the last ones.
const LAST: usize = 100;
/// 1,700 groups of 50 rules: with the elements of the machines about 100,000.
const FACTS: Facts = Facts { number: 1, machines: MACHINES, groups: 1_700, rules: 50, denials: 1 };
/// Fewer groups and rules: what counts here are the links.
const MACHINES_FACTS: Facts = Facts { number: 2, machines: MACHINES, groups: 200, rules: 10, denials: 1 };

pub(in crate::measures) fn run(context: &Context) -> anyhow::Result<Vec<Row>> {
    on_own_host(|| {
        let mut ground = Ground::open(&context.folder)?;
        let mut rows = elements(&mut ground)?;
        rows.push(machines(&mut ground)?);
        Ok(rows)
    })
}

/// Milliseconds of some work.
fn timed<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(T, f64)> {
    let begun = Instant::now();
    let done = work()?;
    Ok((done, begun.elapsed().as_secs_f64() * 1e3))
}

fn elements(ground: &mut Ground) -> anyhow::Result<Vec<Row>> {
    let (input, memory) = (FACTS.input()?, kernel_mib());
    let (plan, planned) = timed(|| Ok(network_plan::plan(&input)?))?;
    let count: usize = plan.elements.values().map(Vec::len).sum();
    let meter = Meter::start(std::process::id(), None);
    let ((), filled) = timed(|| Ok(ground.network()?.apply(&plan)?))?;
    let (fill, memory) = (meter.used(), kernel_mib() - memory);
    let meter = Meter::start(std::process::id(), None);
    let mut adopted = Vec::new();
    for _ in 0..5 {
        ensure!(!stop::asked(), "stopped on request");
        ground.restart()?;
        adopted.push(timed(|| Ok(ground.network()?.apply(&plan)?))?.1);
    }
    let adopted = Times::new(adopted);
    let rows = vec![
        Row::new(format!("{count} set elements adopted by a new process"), adopted.median(), "ms")
            .target(Target::AtMost(300.0))
            .cpu(meter.used())
            .note(format!(
                "read back and found right, longest of {} {:.0} ms",
                adopted.len(),
                adopted.longest()
            )),
        Row::new(format!("{count} set elements into an empty kernel"), filled, "ms")
            .target(Target::AtMost(300.0))
            .cpu(fill)
            .note(format!("planned in {planned:.0} ms; kernel memory {memory:.0} MiB")),
    ];
    ground.network()?.remove_vpc(&plan.id)?;
    Ok(rows)
}

fn machines(ground: &mut Ground) -> anyhow::Result<Row> {
    let plan = ground.apply(&MACHINES_FACTS)?;
    // Those that are attached already stay up: a machine's end would take its link along.
    let waiting: Vec<Namespace> = (0..MACHINES).map(|_| Namespace::new()).collect::<anyhow::Result<_>>()?;
    let (mut meter, mut times) = (Meter::start(std::process::id(), None), Vec::new());
    for (number, namespace) in (0..).zip(&waiting) {
        ensure!(!stop::asked(), "stopped on request");
        if times.len() + LAST == waiting.len() {
            meter = Meter::start(std::process::id(), None);
        }
        times.push(timed(|| ground.attach(&plan, &eni(number), namespace))?.1);
    }
    let cpu = meter.used();
    let first = Times::new(times[..LAST].to_vec());
    let last = Times::new(times.split_off(times.len() - LAST));
    Ok(Row::new(format!("a machine's ENI at {MACHINES}, p50"), last.median(), "ms")
        .target(Target::AtMost(2.0))
        .cpu(cpu)
        .note(format!(
            "the last {LAST}: p99 {:.2} ms; the first {LAST}: p50 {:.2} ms; CPU of the last {LAST}; the namespaces \
             stand ready",
            last.percentile(99),
            first.median()
        )))
}
