//! What can be asked of the program. Each task says whether the two sides agreed throughout.

use crate::{Changes, Common, Replay, Run};
use anyhow::Context as _;
use packet_truth::cloud::Cloud;
use packet_truth::generate;
use packet_truth::random::Random;
use packet_truth::run::{Experiment, Failure, Statistics, replay, shrink};
use packet_truth::verdict::Agreement;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

pub(crate) fn run(task: &Run) -> anyhow::Result<bool> {
    each(&task.common, false, |experiment, random, statistics| {
        experiment.probe(random, task.probes, statistics)
    })
}

pub(crate) fn changes(task: &Changes) -> anyhow::Result<bool> {
    each(&task.common, task.kill, |experiment, random, statistics| {
        experiment.change_under_traffic(random, task.count, task.kill, statistics)
    })
}

/// Builds topology after topology and does something in each.
fn each(
    common: &Common,
    durable: bool,
    work: impl Fn(&mut Experiment<'_>, &mut Random, &mut Statistics) -> anyhow::Result<Vec<Failure>>,
) -> anyhow::Result<bool> {
    let mut statistics = Statistics::default();
    let mut failed = 0;
    let mut cloud = Cloud::start(&common.allod, durable)?;
    for seed in common.seed..common.seed.saturating_add(common.topologies) {
        let begun = Instant::now();
        let endpoint = cloud.endpoint;
        cloud.ec2().own(endpoint, "POST", "/_allod/reset")?;
        let outcome = Experiment::begin(&mut cloud, generate::topology(seed)).and_then(|mut experiment| {
            statistics.building += begun.elapsed();
            statistics.topologies += 1;
            let failures = work(&mut experiment, &mut Random::new(!seed), &mut statistics);
            statistics.calls += experiment.site.ec2.calls;
            failures
        });
        let failures = outcome.with_context(|| format!("seed {seed}; the cloud says: {}", cloud.log()))?;
        eprintln!(
            "· seed {seed}: {} probes so far, {} failures here, {:.1} s",
            statistics.probes(),
            failures.len(),
            begun.elapsed().as_secs_f64()
        );
        if !failures.is_empty() {
            failed += 1;
            tell(&mut cloud, common, seed, &failures)?;
        }
        if failed >= common.most {
            break;
        }
    }
    println!("{statistics}");
    cloud.stop()?;
    Ok(failed == 0)
}

/// Prints disagreements, made small where they come again.
fn tell(cloud: &mut Cloud, common: &Common, seed: u64, failures: &[Failure]) -> anyhow::Result<()> {
    for (n, failure) in failures.iter().enumerate() {
        println!("seed {seed}: {} {:?} {}", failure.kind, failure.packet.at, failure.packet.header);
        failure.foreseen.iter().take(12).for_each(|line| println!("    {line}"));
        println!("    seen: {:?}", failure.seen);
        if n >= common.shrink {
            continue;
        }
        let small = shrink(cloud, failure)?;
        let told = if small.is_some() { "made small" } else { "does not come again by itself" };
        let text = serde_json::to_string_pretty(&small.unwrap_or_else(|| failure.clone()))?;
        match &common.failures {
            Some(folder) => {
                fs::create_dir_all(folder)?;
                let path = folder.join(format!("seed-{seed}-{n}.json"));
                fs::write(&path, text)?;
                println!("    {told}: {}", path.display());
            }
            None => println!("    {told}: {text}"),
        }
    }
    Ok(())
}

/// Tries every case of the past again.
pub(crate) fn replay_all(task: &Replay) -> anyhow::Result<bool> {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in &task.paths {
        if path.is_dir() {
            let entries = fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
            files.extend(
                entries.iter().map(fs::DirEntry::path).filter(|p| p.extension().is_some_and(|e| e == "json")),
            );
        } else {
            files.push(path.clone());
        }
    }
    files.sort();
    anyhow::ensure!(!files.is_empty(), "there are no cases to replay");
    let mut cloud = Cloud::start(&task.allod, false)?;
    let mut passed = true;
    for file in files {
        let text = fs::read(&file).with_context(|| file.display().to_string())?;
        let failure: Failure = serde_json::from_slice(&text).with_context(|| file.display().to_string())?;
        let replayed = replay(&mut cloud, &failure).with_context(|| file.display().to_string())?;
        // A case whose flow no longer comes about shows nothing, and is to be replaced.
        let agrees = replayed.agreement.is_some_and(|a| !Agreement::is_failure(a));
        println!("{}: {:?}", file.display(), replayed.agreement);
        if !agrees {
            println!("    seen: {:?}", replayed.seen);
            passed = false;
        }
    }
    cloud.stop()?;
    Ok(passed)
}
