//! The deterministic simulator: the engine's own shards on a clock and a disk that obey a seed.
//!
//! A run starts executions, answers tasks, lets time pass, makes the disk fail, and crashes: everything in memory is
//! gone, writes that were not synced are lost in part and torn. What must hold is in [`check`]'s and [`run`]'s
//! violations: nothing acknowledged is lost, what was seen of a history stays, no attempt is dispatched twice as new, no
//! timer rings early, every Express start that was acknowledged comes to an
//! end, every execution comes to the end that it has without crashes and runs a revision it was asked for, every item of a
//! Map Run is done by one child, whatever failed, was stopped and was redriven.

mod check;
mod disk;
mod machines;
mod people;
mod redrives;
mod run;
#[cfg(test)]
mod tests;
mod world;

/// What a run does.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Executions started.
    pub executions: usize,
    /// Steps before everything is brought to its end.
    pub steps: usize,
    /// Crashes per thousand steps.
    pub crashes: u64,
    /// Times per thousand steps at which the disk begins to refuse.
    pub refusals: u64,
    /// Times per thousand steps at which the time of day is set wrong.
    pub jumps: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { executions: 12, steps: 400, crashes: 25, refusals: 5, jumps: 3 }
    }
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Crashes.
    pub crashes: u64,
    /// Crashes in the middle of a write.
    pub torn: u64,
    /// Commits that the disk refused and that were undone.
    pub refused: u64,
    /// Turns that were found slow and run aside.
    pub aside: u64,
    /// Executions that came to their end.
    pub ended: u64,
    /// Tasks dispatched, those again after a restart counted too.
    pub dispatched: u64,
    /// Express executions that ran once more after a crash.
    pub repeated: u64,
    /// Redrives that were acknowledged.
    pub redriven: u64,
    /// Events of all histories.
    pub events: u64,
}

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("seed {seed}: {what}")]
pub struct Violation {
    /// The run.
    pub seed: u64,
    /// What was seen.
    pub what: String,
}

/// Runs one seed twice, without and with its troubles, and compares.
pub fn run(seed: u64, settings: &Settings) -> Result<Tally, Violation> {
    let violation = |what| Violation { seed, what };
    let calm = Settings { crashes: 0, refusals: 0, jumps: 0, ..*settings };
    let expected = run::Simulation::new(seed, &calm).and_then(run::Simulation::whole);
    let (_, expected) = expected.map_err(|what| violation(format!("without troubles: {what}")))?;
    let found = run::Simulation::new(seed, settings).and_then(run::Simulation::whole);
    let (tally, found) = found.map_err(violation)?;
    check::same(&expected, &found).map_err(violation)?;
    Ok(tally)
}
