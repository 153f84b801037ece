//! Rate control against a model: machines of known speed and fate, and the plain rules in a loop.

use super::*;
use proptest::prelude::*;

/// What the rules say: final details of each instance, given how long each runs and whether it fails.
fn model(machines: &[(u64, bool)], concurrency: usize, max_errors: usize) -> Vec<&'static str> {
    let mut details = vec!["Terminated"; machines.len()];
    let (mut clock, mut errors, mut next) = (0, 0, 0);
    let mut in_flight: Vec<(u64, usize)> = Vec::new();
    loop {
        while next < machines.len() && in_flight.len() < concurrency && errors <= max_errors {
            in_flight.push((clock + machines[next].0, next));
            next += 1;
        }
        let Some(first) = in_flight.iter().copied().min() else { return details };
        in_flight.retain(|run| *run != first);
        clock = first.0;
        let failed = machines[first.1].1;
        errors += usize::from(failed);
        details[first.1] = if failed { "Failed" } else { "Success" };
    }
}

fn limit(largest: u32, percent: bool) -> BoxedStrategy<String> {
    if percent {
        (0..=100u32).prop_map(|p| format!("{p}%")).boxed()
    } else {
        (0..largest).prop_map(|n| n.to_string()).boxed()
    }
}

/// A number the way the research note says: floor, and at least one for concurrency.
fn meant(text: &str, total: usize) -> usize {
    text.strip_suffix('%')
        .map_or_else(|| text.parse().unwrap(), |p| total * p.parse::<usize>().unwrap() / 100)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn never_more_at_once_and_none_after_the_error_limit(
        // Odd, wide-spread durations: no two machines end in the same instant.
        machines in prop::collection::vec((1_000u64..3_000_000, any::<bool>()), 0..24),
        concurrency in prop::bool::ANY.prop_flat_map(|p| limit(8, p)),
        errors in prop::bool::ANY.prop_flat_map(|p| limit(6, p)),
        kills in prop::collection::vec(1_000u64..4_000_000, 0..3),
    ) {
        let concurrency = if concurrency.starts_with('0') { "1".to_owned() } else { concurrency };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut cloud = Cloud::new();
            let ids = instances(&cloud, machines.len()).await;
            for (id, (millis, fails)) in ids.iter().zip(&machines) {
                cloud.host.set_fate(id, format!("sleep {millis}\nexit {}", i32::from(*fails)));
            }
            let input = SendCommandRequest {
                instance_ids: None,
                targets: Some(vec![Target { key: Some("tag:Mode".into()), values: Some(vec!["Production".into()]) }]),
                max_concurrency: Some(concurrency.clone()),
                max_errors: Some(errors.clone()),
                ..script(&["x"], &[])
            };
            let id = sent(&cloud, input).await;
            for kill in &kills {
                let (engine, _stop) = cloud.engine();
                tokio::time::sleep(Duration::from_millis(*kill)).await;
                engine.abort();
                let _ = engine.await;
                cloud.restart();
            }
            let _engine = cloud.engine();
            let outcome = ended(&cloud, &id).await;
            let (at_once, allowed) = (meant(&concurrency, machines.len()).max(1), meant(&errors, machines.len()));
            assert!(cloud.host.most_in_flight() <= at_once);
            let started: Vec<_> = cloud.host.started().iter().map(|r| r.instance_id.clone()).collect();
            // Each at most once, in order.
            assert_eq!(started, ids[..started.len()]);
            assert_eq!(cloud.host.remembered(), 0);
            let found = details(&cloud, &id).await;
            if kills.is_empty() {
                assert_eq!(found, model(&machines, at_once, allowed));
            }
            let failed = found.iter().filter(|d| *d == "Failed").count();
            assert_eq!(found.iter().filter(|d| *d == "Terminated").count(), ids.len() - started.len());
            assert!(started.len() == ids.len() || failed > allowed, "stopped without reason");
            // At most those already in flight may fail after the limit was passed.
            assert!(failed <= allowed + at_once);
            let expected = match failed {
                _ if ids.is_empty() => ("Success", "NoInstancesInTag"),
                0 => ("Success", "Success"),
                n if n > allowed => ("Failed", "Failed"),
                _ => ("Failed", "Incomplete"),
            };
            assert_eq!(outcome, (expected.0.to_owned(), expected.1.to_owned()));
        });
    }
}
