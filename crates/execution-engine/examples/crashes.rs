//! Crashes the engine in the simulator, seed after seed: `cargo run -p execution-engine --example crashes -- --seeds 10000`.
//! Ends with the first violation; `--first N` begins elsewhere (to see one again).

use execution_engine::simulate::{Settings, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)?.parse::<u64>().ok()
    };
    let (first, seeds) = (option("--first").unwrap_or(0), option("--seeds").unwrap_or(1_000));
    let settings = Settings { crashes: option("--crashes").unwrap_or(50), ..Settings::default() };
    let (mut crashes, mut torn, mut refused, mut events) = (0, 0, 0, 0);
    for seed in first..first + seeds {
        match run(seed, &settings) {
            Ok(tally) => {
                crashes += tally.crashes;
                torn += tally.torn;
                refused += tally.refused;
                events += tally.events;
            }
            Err(violation) => {
                println!("{violation}");
                return ExitCode::FAILURE;
            }
        }
        if seed % 1_000 == 999 {
            println!("{} seeds, {crashes} crashes, {torn} with torn writes", seed + 1 - first);
        }
    }
    println!(
        "{seeds} seeds: {crashes} crashes ({torn} with torn writes), {refused} full disks, {events} events: all promises kept"
    );
    ExitCode::SUCCESS
}
