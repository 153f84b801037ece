//! What the tour does, through the public API only (and the host's own sockets, to be a client of the machines).

mod clean_up;
mod commands;
mod machines;
mod network;
mod packets;

use super::picture::{Shown, topology};
use super::stage::Stage;
use anyhow::Context as _;
use api_ec2 as ec2;
use api_ssm as ssm;
use aws_client::Client;
use aws_schema::Operation;
use host_agent::HostAgent;
use std::sync::Arc;
use std::time::Duration;

/// Attempts and pause while waiting for something that comes by itself.
const TRIES: u32 = 600;
const PAUSE: Duration = Duration::from_millis(50);

/// The tour's state: what it has made.
pub(super) struct Act {
    client: Client,
    pub(super) stage: Stage,
    agent: Arc<HostAgent>,
    runtime: tokio::runtime::Handle,
    vpc: String,
    public_subnet: String,
    private_subnet: String,
    gateway: String,
    table: String,
    web_group: String,
    db_group: String,
    machines: Vec<Machine>,
}

/// One launched machine.
struct Machine {
    name: &'static str,
    id: String,
    private: String,
    public: Option<String>,
    interface: String,
}

impl Act {
    pub(super) fn new(
        client: Client,
        stage: Stage,
        agent: Arc<HostAgent>,
        runtime: tokio::runtime::Handle,
    ) -> Act {
        Act {
            client,
            stage,
            agent,
            runtime,
            vpc: String::new(),
            public_subnet: String::new(),
            private_subnet: String::new(),
            gateway: String::new(),
            table: String::new(),
            web_group: String::new(),
            db_group: String::new(),
            machines: Vec::new(),
        }
    }

    fn ec2<Op: Operation>(&mut self, input: &Op::Input) -> anyhow::Result<Op::Output> {
        self.client.call::<Op>(&ec2::SERVICE, input).with_context(|| format!("ec2 {}", Op::SPEC.name))
    }

    fn ssm<Op: Operation>(&mut self, input: &Op::Input) -> anyhow::Result<Op::Output> {
        self.client.call::<Op>(&ssm::SERVICE, input).with_context(|| format!("ssm {}", Op::SPEC.name))
    }

    /// The story up to its end; the caller cleans up whatever comes of it.
    pub(super) fn tell(&mut self) -> anyhow::Result<()> {
        let me =
            self.client.call::<api_sts::ops::GetCallerIdentity>(&api_sts::SERVICE, &Default::default())?;
        self.stage.seen(&format!("it knows us as {}", me.arn.unwrap_or_default()));
        self.network()?;
        self.groups()?;
        self.launch()?;
        self.allowed()?;
        self.forbidden()?;
        self.inside()?;
        self.fleet()?;
        self.parameter()?;
        Ok(())
    }

    fn picture(&self) -> String {
        let show = |machine: &Machine| Shown {
            name: machine.name.to_owned(),
            private: machine.private.clone(),
            public: machine.public.clone(),
            groups: if machine.name == "db" { "db: 5432 from web" } else { "web: 80 from all" }.to_owned(),
        };
        let shown: Vec<Shown> = self.machines.iter().map(show).collect();
        let (public, private) = shown.split_at(2.min(shown.len()));
        topology(&format!("{} 10.42.0.0/16", self.vpc), ("10.42.1.0/24", public), ("10.42.2.0/24", private))
    }
}

/// Tries until it holds; the last error when it never does.
fn patiently<T>(mut attempt: impl FnMut() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let mut left = TRIES / 10;
    loop {
        match attempt() {
            Err(_) if left > 0 => {
                left -= 1;
                std::thread::sleep(PAUSE * 2);
            }
            outcome => return outcome,
        }
    }
}
