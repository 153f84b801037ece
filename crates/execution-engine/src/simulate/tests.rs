use super::*;

fn seeds(range: std::ops::Range<u64>, settings: &Settings) -> Tally {
    let mut sum = Tally::default();
    for seed in range {
        let tally = run(seed, settings).unwrap_or_else(|violation| panic!("{violation}"));
        sum.crashes += tally.crashes;
        sum.torn += tally.torn;
        sum.refused += tally.refused;
        sum.aside += tally.aside;
        sum.ended += tally.ended;
        sum.dispatched += tally.dispatched;
        sum.repeated += tally.repeated;
        sum.redriven += tally.redriven;
    }
    sum
}

#[test]
fn executions_survive_crashes_full_disks_and_wrong_clocks() {
    let sum = seeds(0..60, &Settings::default());
    assert_eq!(sum.ended, 60 * 12);
    assert!(sum.redriven > 100, "{sum:?}");
    assert!(sum.aside > 40, "{sum:?}");
    assert!(
        sum.repeated > 0 && sum.crashes > 300 && sum.torn > 30 && sum.refused > 30 && sum.dispatched > 200,
        "{sum:?}"
    );
}

#[test]
fn the_same_seed_does_the_same() {
    let settings = Settings::default();
    assert_eq!(run(7, &settings).unwrap(), run(7, &settings).unwrap());
}
