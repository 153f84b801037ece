//! Step Functions as a client calls it: the same calls for our cloud and for a peer that speaks the same protocol.

use crate::statistics::Times;
use crate::stop;
use anyhow::{Context as _, bail, ensure};
use api_stepfunctions::{self as api, ops};
use aws_client::Client;
use aws_schema::Operation;
use std::time::{Duration, Instant};

/// Input of the executions; ten Pass states hand it on.
pub(super) const INPUT: &str = "{\"order\":4711}";

/// Calls Step Functions; the operation's name is part of an error.
pub(super) fn call<Op: Operation>(client: &mut Client, input: &Op::Input) -> anyhow::Result<Op::Output> {
    client.call::<Op>(&api::SERVICE, input).with_context(|| format!("stepfunctions {}", Op::SPEC.name))
}

/// An enforced cloud asks whether the service may take on the role.
pub(super) fn role(client: &mut Client) -> anyhow::Result<()> {
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
        "Principal":{"Service":"states.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let input = api_iam::CreateRoleRequest {
        role_name: Some("states".into()),
        assume_role_policy_document: Some(trust.into()),
        ..Default::default()
    };
    client.call::<api_iam::ops::CreateRole>(&api_iam::SERVICE, &input).context("iam CreateRole")?;
    Ok(())
}

/// Makes a state machine; answers its ARN.
pub(super) fn machine(
    client: &mut Client,
    name: &str,
    definition: &str,
    express: bool,
) -> anyhow::Result<String> {
    let input = api::CreateStateMachineInput {
        name: Some(name.into()),
        definition: Some(definition.into()),
        role_arn: Some("arn:aws:iam::000000000000:role/states".into()),
        type_: express.then(|| "EXPRESS".into()),
        ..Default::default()
    };
    call::<ops::CreateStateMachine>(client, &input)?.state_machine_arn.context("no ARN")
}

/// A start without a name: every one begins a new execution.
pub(super) fn start(machine: &str, input: &str) -> api::StartExecutionInput {
    api::StartExecutionInput {
        state_machine_arn: Some(machine.into()),
        input: Some(input.into()),
        ..Default::default()
    }
}

/// Times one round after another on one connection, in milliseconds; fewer than `most` when `patience` is over before.
pub(super) fn rounds(
    most: usize,
    patience: Duration,
    mut round: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<Times> {
    let (mut times, first) = (Vec::new(), Instant::now());
    while times.len() < most && first.elapsed() < patience {
        ensure!(!stop::asked(), "stopped on request");
        let begun = Instant::now();
        round()?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(Times::new(times))
}

/// Rounds of a start, and of descriptions until the execution has ended well.
pub(super) fn start_to_end(
    client: &mut Client,
    machine: &str,
    most: usize,
    patience: Duration,
) -> anyhow::Result<Times> {
    let input = start(machine, INPUT);
    let first = Instant::now();
    rounds(most, patience, || {
        let execution_arn = call::<ops::StartExecution>(client, &input)?.execution_arn;
        let describe = api::DescribeExecutionInput { execution_arn, ..Default::default() };
        loop {
            let status = call::<ops::DescribeExecution>(client, &describe)?.status.context("no status")?;
            match status.as_str() {
                "SUCCEEDED" => return Ok(()),
                "RUNNING" => ensure!(first.elapsed() < 2 * patience, "an execution does not end"),
                other => bail!("the execution ends {other}"),
            }
        }
    })
}
