//! Command line.

use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

/// A private cloud in one binary that speaks the AWS protocols.
#[derive(Parser)]
#[command(name = "allod", version, about, long_about = None)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve a cloud until stopped (Ctrl-C or SIGTERM).
    Up(Up),
    /// Show the main job on real resources: start an ephemeral cloud, build a network, boot machines, drop a packet.
    Tour(Tour),
    /// Tell whether packets get from one place to another, and which rule decides. Exit status 0: they do, 1: they do
    /// not, 2: it could not be found out.
    Reach(Reach),
    /// Check and draw state machines (Step Functions).
    #[command(subcommand)]
    States(crate::states::States),
    /// Tell what this machine offers and what is missing.
    Doctor(Format),
    /// Print the exports that point a shell's AWS tools at the cloud.
    Env(Env),
    /// List the modelled operations, built and not.
    Coverage(Coverage),
    /// Print the model of the `allod` service for `aws configure add-model` and boto3 (docs/extensions.md).
    Model(Model),
    /// Print the version.
    Version(Format),
}

#[derive(Args, Clone)]
pub(crate) struct Up {
    /// Where records, disks and keys live; the default is /var/lib/allod for root, ~/.local/share/allod otherwise.
    #[arg(long, env = "ALLOD_DATA_DIR", conflicts_with = "ephemeral")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Keep nothing: records in memory, everything removed at the end.
    #[arg(long)]
    pub(crate) ephemeral: bool,
    /// Address to listen on. Beyond loopback signatures and rights are always enforced.
    #[arg(long, env = "ALLOD_LISTEN", default_value = "127.0.0.1:4566")]
    pub(crate) listen: SocketAddr,
    /// Account of callers whose key names none.
    #[arg(long, env = "ALLOD_ACCOUNT_ID", default_value = "000000000000", value_parser = account_id)]
    pub(crate) account_id: String,
    /// Verify signatures and enforce rights on loopback too.
    #[arg(long)]
    pub(crate) enforce: bool,
    /// Serve POST /_allod/reset, which wipes all accounts.
    #[arg(long)]
    pub(crate) allow_reset: bool,
    /// Host names, beside addresses and localhost, under which the endpoint may be reached.
    #[arg(long = "host-name", value_name = "NAME")]
    pub(crate) host_names: Vec<String>,
    /// Do not let machines reach the world through this host.
    #[arg(long)]
    pub(crate) no_uplink: bool,
    /// Pool of public addresses, such as 203.0.113.0/24; clouds on one host need different ones.
    #[arg(long, value_name = "CIDR")]
    pub(crate) public_pool: Option<ipnet::Ipv4Net>,
    /// The most elements (group rules, addresses, routes) in one set of a VPC's packet filter. A call that would need more
    /// fails and changes nothing. The default is what memory holds.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(16..))]
    pub(crate) network_set_limit: Option<u32>,
    /// Whether routers remember how known flows were judged, `on` or `off`: a packet of such a flow passes faster then. What
    /// becomes of it is the same.
    #[arg(long, value_name = "SWITCH", default_value = "on", action = clap::ArgAction::Set, value_parser = switch)]
    pub(crate) network_flow_memory: bool,
    /// Write the audit log to this file; without it a lasting cloud writes one file per day below `audit` in its data
    /// directory, and an ephemeral one none.
    #[arg(long, value_name = "FILE")]
    pub(crate) audit_log: Option<PathBuf>,
    /// Name server for names that are not of this cloud, such as 192.0.2.53 or [2001:db8::53]:5353; may be given up to
    /// three times. The default is the host's list; nobody is asked with --no-uplink.
    #[arg(long, value_name = "ADDRESS", value_parser = name_server)]
    pub(crate) dns_upstream: Vec<SocketAddr>,
    /// The longest time in seconds for which such names are kept, so that machines notice a failover by name.
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400, value_parser = clap::value_parser!(u32).range(0..=604_800))]
    pub(crate) dns_max_ttl: u32,
    /// Write readiness as JSON to this file, for programs that start the cloud.
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
}

/// Settings of the tour.
#[derive(Args)]
pub(crate) struct Tour {
    /// Do not wait for a reader between steps, and use no colours.
    #[arg(long)]
    pub(crate) plain: bool,
}

#[derive(Args, Clone, Copy)]
pub(crate) struct Format {
    /// For programs.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Reach {
    /// Where packets start: an instance, interface, gateway, peering connection or endpoint by its id, a machine by its tag
    /// Name, an IP address, or `internet`.
    pub(crate) from: String,
    /// Where they shall arrive; likewise.
    pub(crate) to: String,
    /// The destination port; without one, any.
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// The protocol; icmp stands for a ping.
    #[arg(long, value_name = "NAME", default_value = "tcp", value_parser = ["tcp", "udp", "icmp"])]
    pub(crate) protocol: String,
    /// The source port; without one, any.
    #[arg(long, value_name = "PORT")]
    pub(crate) source_port: Option<u16>,
    /// For programs.
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw the path into this file; the way back, if there is one, goes into a second file ending in `-return`.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Endpoint of the cloud.
    #[arg(long, env = "AWS_ENDPOINT_URL", default_value = "http://127.0.0.1:4566")]
    pub(crate) endpoint: String,
    /// Region.
    #[arg(long, env = "AWS_DEFAULT_REGION", default_value = "us-east-1")]
    pub(crate) region: String,
}

#[derive(Args)]
pub(crate) struct Env {
    /// Endpoint of the cloud.
    #[arg(long, default_value = "http://127.0.0.1:4566")]
    pub(crate) endpoint: String,
    /// Region.
    #[arg(long, default_value = "us-east-1")]
    pub(crate) region: String,
    /// For programs.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Model {
    /// Print the paginators instead.
    #[arg(long)]
    pub(crate) paginators: bool,
}

#[derive(Args)]
pub(crate) struct Coverage {
    /// Only this service.
    pub(crate) service: Option<String>,
    /// Also the operations of AWS that are not modelled.
    #[arg(long)]
    pub(crate) all: bool,
    /// For programs.
    #[arg(long)]
    pub(crate) json: bool,
}

fn account_id(text: &str) -> Result<String, String> {
    if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err("an account id has 12 digits".to_owned())
}

/// `on` or `off`.
fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("on or off is expected".to_owned()),
    }
}

/// An address with a port, or without one, which is then that of name servers.
fn name_server(text: &str) -> Result<SocketAddr, String> {
    let plain = text.parse::<std::net::IpAddr>().map(|address| SocketAddr::new(address, 53));
    plain.or_else(|_| text.parse()).map_err(|_| "an address is expected, with a port or without".to_owned())
}
