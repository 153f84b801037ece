//! What a packet pays for the rules: two machines with full policy, with few and with many rules, with long ACLs, and a
//! bare veth pair, all in turns in one run.

use super::facts::{Facts, eni};
use super::ground::{Ground, Machine, Namespace, on_own_host};
use super::traffic::{first_round_trip, round_trip, throughput};
use crate::Context;
use crate::host::Meter;
use crate::report::{Row, Target};
use crate::statistics::Times;
use crate::stop;
use anyhow::ensure;
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd as _;
use std::process::Command;

/// Each path has its turn so often.
const ROUNDS: usize = 15;
/// Questions per turn.
const QUESTIONS: usize = 4_000;
/// Questions per turn that are connections of their own: below the limit of open files.
const CONNECTIONS: usize = 400;
/// Bytes per turn.
const BYTES: usize = 192 << 20;
/// Ten rules in all, and ten thousand.
const FEW: Facts = Facts { number: 1, machines: 2, groups: 2, rules: 5, denials: 1 };
const MANY: Facts = Facts { number: 2, machines: 2, groups: 200, rules: 50, denials: 1 };
/// AWS's default quota of entries per ACL and direction.
const LONG_ACLS: Facts = Facts { number: 3, machines: 2, groups: 2, rules: 5, denials: 19 };

pub(in crate::measures) fn run(context: &Context) -> anyhow::Result<Vec<Row>> {
    on_own_host(|| {
        let mut ground = Ground::open(&context.folder)?;
        let bare = bare()?;
        let (few, many) = (pair(&mut ground, &FEW)?, pair(&mut ground, &MANY)?);
        let long = pair(&mut ground, &LONG_ACLS)?;
        measure([&bare, &few, &many, &long])
    })
}

/// The two machines of a VPC.
fn pair(ground: &mut Ground, facts: &Facts) -> anyhow::Result<[Machine; 2]> {
    let plan = ground.apply(facts)?;
    Ok([ground.boot(&plan, &eni(0))?, ground.boot(&plan, &eni(1))?])
}

/// Two namespaces with nothing between them but a veth pair of the same MTU.
fn bare() -> anyhow::Result<[Machine; 2]> {
    let [first, second] = [Namespace::new()?, Namespace::new()?];
    let peer = format!("/proc/{}/fd/{}", std::process::id(), second.file().as_raw_fd());
    first.inside(|| {
        ip(&[
            "link", "add", "eth0", "mtu", "9001", "type", "veth", "peer", "name", "eth0", "mtu", "9001",
            "netns", &peer,
        ])
    })?;
    let machine = |namespace: Namespace, last: u8| {
        let address = Ipv4Addr::new(192, 0, 2, last);
        namespace.inside(|| {
            ip(&["addr", "add", &format!("{address}/24"), "dev", "eth0"])?;
            ip(&["link", "set", "eth0", "up"])
        })?;
        anyhow::Ok(Machine { namespace, address })
    };
    Ok([machine(first, 1)?, machine(second, 2)?])
}

fn ip(words: &[&str]) -> anyhow::Result<()> {
    ensure!(Command::new("ip").args(words).status()?.success(), "ip {words:?} failed");
    Ok(())
}

const PATHS: usize = 4;
const BARE: usize = 0;
const TEN: usize = 1;
const TEN_THOUSAND: usize = 2;
const LONG: usize = 3;

/// One kind of load on all paths: what came of each, round by round.
#[derive(Default)]
struct Series([Vec<f64>; PATHS]);

impl Series {
    fn round(
        &mut self,
        paths: [&[Machine; 2]; PATHS],
        load: impl Fn(&Machine, &Machine) -> anyhow::Result<f64>,
    ) -> anyhow::Result<()> {
        for (series, [from, to]) in self.0.iter_mut().zip(paths) {
            series.push(load(from, to)?);
        }
        Ok(())
    }

    fn medians(&self) -> [f64; PATHS] {
        self.0.each_ref().map(|series| Times::new(series.clone()).median())
    }

    /// The median over the rounds of how one path compares with another.
    fn compared(&self, one: usize, other: usize, how: impl Fn(f64, f64) -> f64) -> f64 {
        Times::new(self.0[one].iter().zip(&self.0[other]).map(|(a, b)| how(*a, *b)).collect()).median()
    }
}

fn measure(paths: [&[Machine; 2]; PATHS]) -> anyhow::Result<Vec<Row>> {
    let meter = Meter::start(std::process::id(), None);
    let (mut trips, mut firsts, mut rates) = (Series::default(), Series::default(), Series::default());
    for _ in 0..ROUNDS {
        ensure!(!stop::asked(), "stopped on request");
        trips.round(paths, |from, to| round_trip(from, to, QUESTIONS))?;
        firsts.round(paths, |from, to| first_round_trip(from, to, CONNECTIONS))?;
        rates.round(paths, |from, to| throughput(from, to, BYTES))?;
    }
    let cpu = meter.used();
    let told = |series: &Series, unit: &str| {
        let [bare, ten, thousands, long] = series.medians();
        format!(
            "bare veth {bare:.2}, ten rules {ten:.2}, 10,000 rules {thousands:.2}, long ACLs {long:.2} {unit}; medians of {ROUNDS} rounds"
        )
    };
    let minus = |a: f64, b: f64| a - b;
    Ok(vec![
        Row::new("full policy, throughput against bare veth", rates.compared(TEN, BARE, |a, b| a / b), "×")
            .target(Target::AtLeast(0.85))
            .cpu(cpu)
            .note(told(&rates, "Gb/s"))
            .note("CPU of all these rounds, both ends and the kernel's part included"),
        Row::new("full policy, added round trip, p50", trips.compared(TEN, BARE, minus), "µs")
            .target(Target::AtMost(4.0))
            .note(told(&trips, "µs"))
            .note("both ends on one processor"),
        Row::new("10,000 rules against 10, round trip, p50", trips.compared(TEN_THOUSAND, TEN, minus), "µs")
            .target(Target::AtMost(1.0))
            .note("an established flow"),
        Row::new(
            "the same, first packet of a flow and its answer",
            firsts.compared(TEN_THOUSAND, TEN, minus),
            "µs",
        )
        .target(Target::AtMost(1.0))
        .note(told(&firsts, "µs")),
        Row::new(
            "two ACLs of 20 entries against two of 2, round trip, p50",
            trips.compared(LONG, TEN, minus),
            "µs",
        )
        .note("an established flow, which is remembered; the first packets meet them entry by entry"),
    ])
}

#[cfg(test)]
mod tests {
    use super::Series;

    #[test]
    fn paths_are_compared_round_by_round() {
        // A round in which everything was slow moves neither difference nor ratio.
        let series = Series([vec![10.0, 100.0, 11.0], vec![12.0, 103.0, 14.0], vec![0.0; 3], vec![0.0; 3]]);
        assert!((series.compared(1, 0, |a, b| a - b) - 3.0).abs() < 1e-9);
        assert!((series.compared(1, 0, |a, b| a / b) - 1.2).abs() < 1e-9);
        assert!((series.medians()[0] - 11.0).abs() < 1e-9);
    }
}
