//! The measures, in the order of SPECIFICATION.md.

mod boot;
mod commands;
mod fleet;
mod front;
mod groups;
mod memory;
mod network;
mod network_dns;
mod reset;
mod start;
mod states;
mod states_lint;
mod store;

use crate::Context;
use crate::host::is_root;
use crate::report::Row;
use aws_client::Client;
use aws_schema::{Operation, Protocol, ServiceSpec};
use clap::ValueEnum;

/// One measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Measure {
    /// From the start of the process to its first signed answer.
    Start,
    /// Idle memory.
    Memory,
    /// CPU per signed request, requests per second.
    Front,
    /// Durable transactions per second.
    Store,
    /// From RunInstances to the first user-data command.
    Boot,
    /// Launches sustained; memory of an idle machine.
    Fleet,
    /// From a security-group change to its enforcement.
    Groups,
    /// From SendCommand to the output.
    Commands,
    /// Everything about the network: the measures `groups` and `network-…`.
    Network,
    /// What a packet pays for the rules: throughput and round trips beside a bare veth pair.
    NetworkPath,
    /// 100,000 set elements after a restart; one machine's interface among 1,000.
    NetworkRestore,
    /// Describe calls and memory at 1,000 machines in one VPC with 200 groups.
    NetworkFleet,
    /// CPU per question of the VPCs' name server.
    NetworkDns,
    /// Everything about Step Functions: the measures `states-…`.
    States,
    /// The execution engine: durable transitions, timers, a Map of a million items.
    StatesEngine,
    /// A million executions asleep, and the restart with them.
    StatesSleepers,
    /// Step Functions over HTTP.
    StatesHttp,
    /// The same ten steps on other engines of workflows.
    StatesPeers,
    /// A million StartExecution as fast as possible: what is refused, and memory.
    StatesBurst,
    /// Wiping everything.
    Reset,
    /// The linter of state machines.
    StatesLint,
}

impl Measure {
    /// All of them.
    pub(crate) fn all() -> Vec<Measure> {
        Measure::value_variants().iter().copied().filter(|measure| !measure.is_group()).collect()
    }

    /// Stands for others.
    fn is_group(self) -> bool {
        matches!(self, Measure::Network | Measure::States)
    }

    /// The measures that a word on the command line stands for.
    pub(crate) fn parts(self) -> Vec<Measure> {
        match self {
            Measure::Network => {
                let network = |measure: &Measure| measure.name().starts_with("network-");
                [Measure::Groups].into_iter().chain(Measure::all().into_iter().filter(network)).collect()
            }
            Measure::States => {
                Measure::all().into_iter().filter(|measure| measure.name().starts_with("states-")).collect()
            }
            single => vec![single],
        }
    }

    /// Its word on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Measure::Start => "start",
            Measure::Memory => "memory",
            Measure::Front => "front",
            Measure::Store => "store",
            Measure::Boot => "boot",
            Measure::Fleet => "fleet",
            Measure::Groups => "groups",
            Measure::Commands => "commands",
            Measure::Network => "network",
            Measure::NetworkPath => "network-path",
            Measure::NetworkRestore => "network-restore",
            Measure::NetworkFleet => "network-fleet",
            Measure::NetworkDns => "network-dns",
            Measure::States => "states",
            Measure::StatesEngine => "states-engine",
            Measure::StatesSleepers => "states-sleepers",
            Measure::StatesHttp => "states-http",
            Measure::StatesPeers => "states-peers",
            Measure::StatesBurst => "states-burst",
            Measure::Reset => "reset",
            Measure::StatesLint => "states-lint",
        }
    }

    /// What this host lacks for it.
    pub(crate) fn needs(self) -> Option<String> {
        if self == Measure::NetworkDns {
            return network_dns::needs();
        }
        let machines = matches!(
            self,
            Measure::Boot
                | Measure::Fleet
                | Measure::Groups
                | Measure::Commands
                | Measure::NetworkPath
                | Measure::NetworkRestore
                | Measure::NetworkFleet
        );
        (machines && !is_root()).then(|| "it needs root for machines and networks".to_owned())
    }

    /// Takes it.
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<Vec<Row>> {
        match self {
            Measure::Start => start::run(context),
            Measure::Memory => memory::run(context),
            Measure::Front => front::run(context),
            Measure::Store => store::run(context),
            Measure::Boot => boot::run(context),
            Measure::Fleet => fleet::run(context),
            Measure::Groups => groups::run(context),
            Measure::Commands => commands::run(context),
            // Its parts are taken one by one, so that a failure of one leaves the others.
            Measure::Network | Measure::States => Ok(Vec::new()),
            Measure::NetworkPath => network::path(context),
            Measure::NetworkRestore => network::restore(context),
            Measure::NetworkFleet => network::fleet(context),
            Measure::NetworkDns => network_dns::run(context),
            Measure::StatesEngine => states::engine(context),
            Measure::StatesSleepers => states::sleepers(context),
            Measure::StatesHttp => states::http(context),
            Measure::StatesPeers => states::peers(context),
            Measure::StatesBurst => states::burst(context),
            Measure::Reset => reset::run(context),
            Measure::StatesLint => states_lint::run(context),
        }
    }
}

/// The bytes of a signed request; a signature holds for 15 minutes, so they can be sent again and again.
fn signed<Op: Operation>(client: &mut Client, service: &'static ServiceSpec, input: &Op::Input) -> Vec<u8> {
    let protocol = service.protocols.first().copied().unwrap_or(Protocol::Json11);
    let request = aws_wire::encode_request(protocol, service, Op::SPEC, input);
    let mut bytes = client.signed(service, &request).into_bytes();
    bytes.extend_from_slice(&request.body);
    bytes
}

/// The request every cloud answers first.
fn who_am_i(client: &mut Client) -> Vec<u8> {
    signed::<api_sts::ops::GetCallerIdentity>(client, &api_sts::SERVICE, &Default::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_words_of_the_command_line() {
        for measure in Measure::value_variants() {
            assert_eq!(Measure::from_str(measure.name(), false), Ok(*measure));
        }
    }

    #[test]
    fn a_group_stands_for_its_parts() {
        let parts = Measure::Network.parts();
        assert!(!parts.contains(&Measure::Network) && !Measure::all().contains(&Measure::Network));
        assert_eq!((parts.len(), parts[0]), (5, Measure::Groups));
        assert_eq!(Measure::Start.parts(), [Measure::Start]);
        assert!(Measure::States.parts().contains(&Measure::StatesEngine));
        assert!(!Measure::all().contains(&Measure::States));
    }

    #[test]
    fn requests_are_signed_and_complete() {
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
        let mut client = Client::new(address, crate::cloud::credentials("AKIDEXAMPLE", "secret"));
        let request = String::from_utf8(who_am_i(&mut client)).unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(body.contains("Action=GetCallerIdentity"), "{body}");
        assert!(head.contains("Credential=AKIDEXAMPLE/") && head.contains("host: 127.0.0.1:9"), "{head}");
        assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    }
}
