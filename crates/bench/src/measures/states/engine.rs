//! The execution engine in this process, on the disk: transitions, sleepers, restart, timers, Map Runs.

use super::load::{Machine, World, log_bytes, now, open, start_many, sync_median, ten_passes, wait_for};
use crate::host::{Meter, resident_mib};
use crate::report::{Row, Target};
use crate::statistics::Times;
use crate::{Context, stop};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Executions started at once: a thousand per shard.
const LIVE: usize = 2_000;
const LENGTH: Duration = Duration::from_secs(5);
const SLEEPERS: u64 = 1_000_000;
const TIMERS: u64 = 100_000;
const ITEMS: u64 = 1_000_000;
const WAIT: &str = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":31536000,"End":true}}}"#;
const UNTIL: &str = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","TimestampPath":"$","End":true}}}"#;
const MAP: &str = r#"{"StartAt":"M","States":{"M":{"Type":"Map","Label":"m","End":true,
    "ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{"InputType":"JSONL"},
        "Parameters":{"Bucket":"b","Key":"k"}},
    "ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"b","Prefix":"p"}},
    "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},
        "StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}}}"#;

/// Runs a measure on one thread, as the shards have the others.
fn on_a_thread<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, work)
}

fn meter() -> Meter {
    Meter::start(std::process::id(), None)
}

#[expect(clippy::cast_precision_loss, reason = "counts below 2^52")]
fn float(count: u64) -> f64 {
    count as f64
}

/// Durable transitions a second: executions of ten Pass states.
pub(super) fn transitions(context: &Context) -> anyhow::Result<Row> {
    let folder = TempDir::with_prefix_in("allod-bench-states-", &context.folder)?;
    let world = Arc::new(World::default());
    let engine = open(folder.path(), &world)?;
    let machine = Arc::new(Machine::new("ten", &ten_passes()));
    let input: Arc<str> = "{\"order\":4711}".into();
    let (meter, begun) = (meter(), Instant::now());
    let name = move |number: u64| (format!("e{number:08}"), input.clone());
    let enough = move |_| begun.elapsed() >= LENGTH || stop::asked();
    let started = on_a_thread(start_many(&engine, &machine, LIVE, name, enough))?;
    let (seconds, cpu) = (begun.elapsed().as_secs_f64(), meter.used());
    engine.close();
    let transitions = float(started) * 10.0;
    Ok(Row::new("durable transitions in the engine, 10 Pass states", transitions / seconds, "/s")
        .target(Target::AtLeast(500_000.0))
        .cpu(cpu)
        .note(format!(
            "{:.0} executions/s, {:.1} µs CPU each, with those who start them; fsync p50 {:.2} ms",
            float(started) / seconds,
            cpu.server * 1e6 / float(started).max(1.0),
            sync_median(folder.path())?
        )))
}

/// A million executions asleep: memory and log of each, and the restart with them.
pub(super) fn sleepers(context: &Context) -> anyhow::Result<Vec<Row>> {
    let folder = TempDir::with_prefix_in("allod-bench-states-", &context.folder)?;
    let world = Arc::new(World::default());
    let machine = Arc::new(Machine::new("sleep", WAIT));
    let input: Arc<str> = format!("{{\"filler\":\"{}\"}}", "x".repeat(51)).into();
    let engine = open(folder.path(), &world)?;
    let name = {
        let input = input.clone();
        move |number: u64| (format!("{number:08x}-4f2a-4c1b-9d3e-{number:012x}"), input.clone())
    };
    let enough = |number| number >= SLEEPERS || stop::asked();
    let begun = Instant::now();
    let started = on_a_thread(start_many(&engine, &machine, LIVE, name.clone(), enough))?;
    let seconds = begun.elapsed().as_secs_f64();
    anyhow::ensure!(started == SLEEPERS, "stopped on request");
    engine.close();
    let log = float(log_bytes(folder.path())?) / float(started);

    let before = resident_mib(std::process::id()).unwrap_or_default();
    let (meter, begun) = (meter(), Instant::now());
    let engine = open(folder.path(), &world)?;
    let input: Arc<str> = "1".into();
    let first = engine.start(machine.execution("first", &input));
    on_a_thread(async { Ok(first.await?) })?;
    let (restart, cpu) = (begun.elapsed().as_secs_f64(), meter.used());
    let memory = (resident_mib(std::process::id()).unwrap_or_default() - before) * 1024.0 * 1024.0;
    engine.close();
    Ok(vec![
        Row::new("log of an execution asleep, input 64 bytes", log, "B")
            .target(Target::AtMost(256.0))
            .note(format!("{started} of them, begun at {:.0}/s", float(started) / seconds)),
        Row::new("memory of an execution asleep", memory / float(started), "B")
            .target(Target::AtMost(256.0))
            .note(
                "resident after a restart with a million open, what the restart itself left over counted too",
            ),
        Row::new("restart with a million open, to the first acknowledged start", restart, "s")
            .target(Target::AtMost(1.5))
            .cpu(cpu),
    ])
}

/// 100,000 timers due within one second.
pub(super) fn timers(context: &Context) -> anyhow::Result<Row> {
    let folder = TempDir::with_prefix_in("allod-bench-states-", &context.folder)?;
    let world = Arc::new(World { timed: true, ..World::default() });
    let engine = open(folder.path(), &world)?;
    let machine = Arc::new(Machine::new("until", UNTIL));
    let due = now() + 20_000;
    let name = move |number: u64| {
        let at = due + i64::try_from(number / (TIMERS / 1_000)).unwrap_or(0);
        (format!("e{number}-{at}"), Arc::from(format!("\"{}\"", iso(at))))
    };
    let enough = |number| number >= TIMERS || stop::asked();
    on_a_thread(start_many(&engine, &machine, LIVE, name, enough))?;
    anyhow::ensure!(now() < due, "starting them took longer than until the first is due");
    let meter = meter();
    on_a_thread(wait_for("every timer", || world.ended.load(Ordering::Relaxed) >= TIMERS))?;
    let cpu = meter.used();
    engine.close();
    let late = std::mem::take(&mut *world.late.lock().map_err(|_| anyhow::anyhow!("a thread panicked"))?);
    let late = Times::new(late);
    Ok(Row::new("100,000 timers due in one second: the latest", late.longest(), "ms")
        .target(Target::AtMost(250.0))
        .cpu(cpu)
        .note(format!(
            "late, durable end counted: p50 {:.0} ms, p99 {:.0} ms; fsync p50 {:.2} ms",
            late.median(),
            late.percentile(99),
            sync_median(folder.path())?
        )))
}

/// `2026-11-20T16:46:55.123Z`.
fn iso(at: i64) -> String {
    let days = at.div_euclid(86_400_000);
    let rest = at.rem_euclid(86_400_000);
    let (year, month, date) = calendar::date(days);
    let (hour, minute, second, milli) =
        (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60, rest % 1_000);
    format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// A distributed Map of a million items, Express children of one Pass state.
pub(super) fn map(context: &Context) -> anyhow::Result<Row> {
    let folder = TempDir::with_prefix_in("allod-bench-states-", &context.folder)?;
    let world = Arc::new(World { items: ITEMS, ..World::default() });
    let engine = open(folder.path(), &world)?;
    let machine = Machine::new("map", MAP);
    let input: Arc<str> = "{}".into();
    let (meter, begun) = (meter(), Instant::now());
    on_a_thread(async {
        engine.start(machine.execution("one", &input)).await?;
        wait_for("the end of the Map", || world.ended.load(Ordering::Relaxed) > ITEMS || stop::asked()).await
    })?;
    let (seconds, cpu) = (begun.elapsed().as_secs_f64(), meter.used());
    engine.close();
    let results = world.results.load(Ordering::Relaxed);
    anyhow::ensure!(results == ITEMS, "{results} results");
    Ok(Row::new("distributed Map of a million Pass items", seconds, "s")
        .target(Target::AtMost(15.0))
        .cpu(cpu)
        .note(format!("Express children, ends recorded; {:.1} µs CPU per item", cpu.server)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(super::iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(super::iso(1_795_193_215_123), "2026-11-20T16:46:55.123Z");
        assert_eq!(super::iso(951_782_400_000), "2000-02-29T00:00:00.000Z");
    }
}
