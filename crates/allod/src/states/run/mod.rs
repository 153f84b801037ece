//! `allod states run FILE`: one execution of one machine, here and now, without a cloud.

mod mocks;
mod show;
mod world;

use super::{FAILED, Run};
use crate::output;
use anyhow::{Context as _, bail};
use contracts::{Clock as _, SystemClock};
use mocks::Mocks;
use state_machine::interpret::{Execution, MAX_PAYLOAD, Outcome, Start};
use state_machine::lint::{self, MachineKind, Severity};
use state_machine::program::Program;
use state_machine::text;
use std::process::ExitCode;
use std::sync::Arc;
use world::World;

/// The exit status when the execution did not succeed.
const UNSUCCESSFUL: u8 = 1;

pub(super) fn run(options: &Run) -> anyhow::Result<ExitCode> {
    let file = options.file.display();
    let definition =
        std::fs::read_to_string(&options.file).with_context(|| format!("{file} cannot be read"))?;
    // What the service would take is run, though the linter may have more to say of it.
    if lint::refusal(&lint::validate(&definition, MachineKind::Standard)).is_some() {
        let findings = lint::findings(&definition, MachineKind::Standard);
        for finding in findings.iter().filter(|finding| finding.diagnostic.severity == Severity::Error) {
            output::complain(&anyhow::anyhow!("{}", finding.sentence));
        }
        return Ok(ExitCode::from(FAILED));
    }
    let program = Program::compile(&definition).with_context(|| format!("{file} is no state machine"))?;
    text::parse_value(&options.input).context("the input is no JSON")?;
    if options.input.len() > MAX_PAYLOAD {
        bail!("the input is longer than {MAX_PAYLOAD} bytes");
    }
    let mocks = match &options.mocks {
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            Mocks::read(&text).with_context(|| format!("{} holds no mocks", file.display()))?
        }
        None => Mocks::default(),
    };
    let name = options.file.file_stem().map_or("machine".into(), |name| name.to_string_lossy());
    let arn = |kind: &str, rest: &str| format!("arn:aws:states:us-east-1:000000000000:{kind}:{rest}");
    let start = Start {
        arn: arn("execution", &format!("{name}:here")).into(),
        name: "here".into(),
        role_arn: "arn:aws:iam::000000000000:role/none".into(),
        at: SystemClock.now(),
        machine_arn: arn("stateMachine", &name).into(),
        machine_name: name.into(),
        alias_arn: None,
        version_arn: None,
        input: options.input.as_str().into(),
        map_run: None,
        processor: None,
        express: false,
    };
    let mut world = World::new(start.at, options.fast, options.json, mocks);
    match world.run(Execution::new(Arc::new(program), Arc::new(start)), 0)? {
        Outcome::Succeeded(_) => Ok(ExitCode::SUCCESS),
        _ => Ok(ExitCode::from(UNSUCCESSFUL)),
    }
}
