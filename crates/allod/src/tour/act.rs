//! What the tour does, through the public API only (and the host's own sockets, to be a client of the machines).

use super::picture::{Shown, topology};
use super::stage::Stage;
use anyhow::{Context as _, bail, ensure};
use api_ec2::{self as ec2, ops as ec2_ops};
use api_ssm::{self as ssm, ops as ssm_ops};
use aws_client::Client;
use aws_schema::Operation;
use base64::Engine as _;
use host_agent::HostAgent;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// Attempts and pause while waiting for something that comes by itself.
const TRIES: u32 = 600;
const PAUSE: Duration = Duration::from_millis(50);
/// Lines of each console that a failed tour shows.
const CONSOLE_LINES: usize = 6;
/// The machines run a web server of a few lines in whatever the image has.
const SERVER: &str = r#"#!/bin/sh
# Answers every connection on the given port with the machine's name; complains on the console.
PORT=@PORT@
if command -v perl >/dev/null; then
  exec setsid perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(LocalPort => $ARGV[0], Listen => 16, ReuseAddr => 1) or die $!;
    chomp(my $name = `hostname`);
    $SIG{PIPE} = "IGNORE";
    # Reads to the end before it closes: unread words would turn the close into a reset.
    while (my $c = $s->accept) { print $c "HTTP/1.0 200 OK\r\n\r\nhello from $name\n"; shutdown $c, 1; 1 while <$c>; close $c }' "$PORT" \
    >/dev/null </dev/null &
else
  exec setsid python3 -c '
import socket, sys
s = socket.create_server(("", int(sys.argv[1])), backlog=16)
while True:
    c, _ = s.accept()
    try:
        c.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello from " + socket.gethostname().encode() + b"\n"); c.shutdown(1)
        while c.recv(4096): pass
    except OSError: pass
    c.close()' "$PORT" \
    >/dev/null </dev/null &
fi
"#;

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

    fn network(&mut self) -> anyhow::Result<()> {
        self.stage.step("A network: one public and one private subnet");
        self.stage.command("ec2 create-vpc --cidr-block 10.42.0.0/16");
        let made = self.ec2::<ec2_ops::CreateVpc>(&ec2::CreateVpcRequest {
            cidr_block: Some("10.42.0.0/16".to_owned()),
            ..Default::default()
        })?;
        self.vpc = made.vpc.and_then(|v| v.vpc_id).context("no VPC id")?;
        self.public_subnet = self.subnet("10.42.1.0/24")?;
        self.private_subnet = self.subnet("10.42.2.0/24")?;
        self.stage.command("ec2 create-internet-gateway && aws ec2 attach-internet-gateway …");
        let made = self.ec2::<ec2_ops::CreateInternetGateway>(&Default::default())?;
        self.gateway = made.internet_gateway.and_then(|g| g.internet_gateway_id).context("no gateway id")?;
        self.ec2::<ec2_ops::AttachInternetGateway>(&ec2::AttachInternetGatewayRequest {
            internet_gateway_id: Some(self.gateway.clone()),
            vpc_id: Some(self.vpc.clone()),
            ..Default::default()
        })?;
        let made = self.ec2::<ec2_ops::CreateRouteTable>(&ec2::CreateRouteTableRequest {
            vpc_id: Some(self.vpc.clone()),
            ..Default::default()
        })?;
        self.table = made.route_table.and_then(|t| t.route_table_id).context("no route table id")?;
        self.stage.command("ec2 create-route --destination-cidr-block 0.0.0.0/0 --gateway-id igw-…");
        self.ec2::<ec2_ops::CreateRoute>(&ec2::CreateRouteRequest {
            route_table_id: Some(self.table.clone()),
            destination_cidr_block: Some("0.0.0.0/0".to_owned()),
            gateway_id: Some(self.gateway.clone()),
            ..Default::default()
        })?;
        self.ec2::<ec2_ops::AssociateRouteTable>(&ec2::AssociateRouteTableRequest {
            route_table_id: Some(self.table.clone()),
            subnet_id: Some(self.public_subnet.clone()),
            ..Default::default()
        })?;
        self.stage.seen(&format!(
            "{} with {} (public) and {} (private)",
            self.vpc, self.public_subnet, self.private_subnet
        ));
        Ok(())
    }

    fn subnet(&mut self, cidr: &str) -> anyhow::Result<String> {
        self.stage.command(&format!("ec2 create-subnet --vpc-id {} --cidr-block {cidr}", self.vpc));
        let made = self.ec2::<ec2_ops::CreateSubnet>(&ec2::CreateSubnetRequest {
            vpc_id: Some(self.vpc.clone()),
            cidr_block: Some(cidr.to_owned()),
            ..Default::default()
        })?;
        made.subnet.and_then(|s| s.subnet_id).context("no subnet id")
    }

    fn groups(&mut self) -> anyhow::Result<()> {
        self.stage.step("Two security groups: the world reaches web, only web reaches db");
        self.web_group = self.group("web")?;
        self.db_group = self.group("db")?;
        self.stage.command(
            "ec2 authorize-security-group-ingress --group-name web --protocol tcp --port 80 --cidr 0.0.0.0/0",
        );
        let from_all = vec![ec2::IpRange { cidr_ip: Some("0.0.0.0/0".to_owned()), ..Default::default() }];
        self.allow(
            &self.web_group.clone(),
            80,
            ec2::IpPermission { ip_ranges: Some(from_all), ..Default::default() },
        )?;
        self.stage.command("ec2 authorize-security-group-ingress --group-name db --protocol tcp --port 5432 --source-group web");
        let web = vec![ec2::UserIdGroupPair { group_id: Some(self.web_group.clone()), ..Default::default() }];
        self.allow(
            &self.db_group.clone(),
            5432,
            ec2::IpPermission { user_id_group_pairs: Some(web), ..Default::default() },
        )?;
        self.stage.seen("web: tcp 80 from 0.0.0.0/0; db: tcp 5432 from members of web");
        Ok(())
    }

    fn group(&mut self, name: &str) -> anyhow::Result<String> {
        let made = self.ec2::<ec2_ops::CreateSecurityGroup>(&ec2::CreateSecurityGroupRequest {
            group_name: Some(name.to_owned()),
            description: Some(format!("tour: {name}")),
            vpc_id: Some(self.vpc.clone()),
            ..Default::default()
        })?;
        made.group_id.context("no group id")
    }

    fn allow(&mut self, group: &str, port: i32, peer: ec2::IpPermission) -> anyhow::Result<()> {
        let rule = ec2::IpPermission {
            ip_protocol: Some("tcp".to_owned()),
            from_port: Some(port),
            to_port: Some(port),
            ..peer
        };
        self.ec2::<ec2_ops::AuthorizeSecurityGroupIngress>(&ec2::AuthorizeSecurityGroupIngressRequest {
            group_id: Some(group.to_owned()),
            ip_permissions: Some(vec![rule]),
            ..Default::default()
        })?;
        Ok(())
    }

    fn launch(&mut self) -> anyhow::Result<()> {
        self.stage.step("Three machines, each with user-data that starts a small server");
        let images = self.ec2::<ec2_ops::DescribeImages>(&ec2::DescribeImagesRequest {
            owners: Some(vec!["amazon".to_owned()]),
            ..Default::default()
        })?;
        let image =
            images.images.unwrap_or_default().into_iter().find_map(|i| i.image_id).context("no image")?;
        let (public, private) = (self.public_subnet.clone(), self.private_subnet.clone());
        let (web, db) = (self.web_group.clone(), self.db_group.clone());
        for (name, subnet, group, port, public) in [
            ("web-1", &public, &web, 80, true),
            ("web-2", &public, &web, 80, true),
            ("db", &private, &db, 5432, false),
        ] {
            self.stage.command(&format!(
                "ec2 run-instances --image-id {image} --instance-type t3.micro --subnet-id {subnet} --user-data file://server.sh  # {name}"
            ));
            let script = SERVER.replace("@PORT@", &port.to_string());
            let tag = |key: &str, value: &str| ec2::Tag {
                key: Some(key.to_owned()),
                value: Some(value.to_owned()),
            };
            let run = self.ec2::<ec2_ops::RunInstances>(&ec2::RunInstancesRequest {
                image_id: Some(image.clone()),
                instance_type: Some("t3.micro".into()),
                min_count: Some(1),
                max_count: Some(1),
                user_data: Some(base64::engine::general_purpose::STANDARD.encode(script)),
                network_interfaces: Some(vec![ec2::InstanceNetworkInterfaceSpecification {
                    device_index: Some(0),
                    subnet_id: Some(subnet.clone()),
                    groups: Some(vec![group.clone()]),
                    associate_public_ip_address: Some(public),
                    ..Default::default()
                }]),
                tag_specifications: Some(vec![ec2::TagSpecification {
                    resource_type: Some("instance".into()),
                    tags: Some(vec![tag("Name", name), tag("Mode", "Production")]),
                }]),
                ..Default::default()
            })?;
            let id = run.instances.unwrap_or_default().into_iter().find_map(|i| i.instance_id.clone());
            let id = id.context("no instance id")?;
            let nothing =
                || Machine { name, id, private: String::new(), public: None, interface: String::new() };
            self.machines.push(nothing());
        }
        self.stage.command("ec2 wait instance-running --instance-ids …");
        for at in 0..self.machines.len() {
            self.wait_running(at)?;
            let machine = &self.machines[at];
            let public = machine.public.as_ref().map(|p| format!(", public {p}")).unwrap_or_default();
            self.stage
                .seen(&format!("{:<5} {} runs at {}{public}", machine.name, machine.id, machine.private));
        }
        Ok(())
    }

    fn wait_running(&mut self, at: usize) -> anyhow::Result<()> {
        let id = self.machines[at].id.clone();
        for _ in 0..TRIES {
            let found = self.ec2::<ec2_ops::DescribeInstances>(&ec2::DescribeInstancesRequest {
                instance_ids: Some(vec![id.clone()]),
                ..Default::default()
            })?;
            let reservations = found.reservations.unwrap_or_default();
            let instance = reservations.into_iter().flat_map(|r| r.instances.unwrap_or_default()).next();
            let instance = instance.context("the instance is not described")?.into_inner();
            let state =
                instance.state.and_then(|s| s.name).map(|n| n.as_str().to_owned()).unwrap_or_default();
            match state.as_str() {
                "running" => {
                    let machine = &mut self.machines[at];
                    machine.private = instance.private_ip_address.unwrap_or_default();
                    machine.public = instance.public_ip_address;
                    let interfaces = instance.network_interfaces.unwrap_or_default();
                    machine.interface =
                        interfaces.into_iter().find_map(|i| i.network_interface_id).unwrap_or_default();
                    return Ok(());
                }
                "pending" => std::thread::sleep(PAUSE),
                other => {
                    let reason = instance.state_reason.and_then(|r| r.message).unwrap_or_default();
                    bail!("{id} is {other}: {reason}");
                }
            }
        }
        bail!("{id} did not come up")
    }

    fn allowed(&mut self) -> anyhow::Result<()> {
        self.stage.step("An allowed connection succeeds");
        for at in 0..2 {
            let address: Ipv4Addr =
                self.machines[at].public.as_deref().context("no public address")?.parse()?;
            let answer = patiently(|| get(SocketAddr::from((address, 80))))
                .with_context(|| format!("http://{address}/ does not answer"))?;
            self.stage.show(&format!("$ curl http://{address}/"));
            self.stage
                .seen(&format!("“{}” — through the internet gateway, by the rule of web", answer.trim()));
        }
        Ok(())
    }

    fn forbidden(&mut self) -> anyhow::Result<()> {
        self.stage.step("A forbidden one is dropped, and the drop is counted");
        let address: Ipv4Addr = self.machines[0].public.as_deref().context("no public address")?.parse()?;
        let before = self.drops(0)?;
        let refused =
            TcpStream::connect_timeout(&SocketAddr::from((address, 22)), Duration::from_millis(700));
        ensure!(refused.is_err(), "port 22 of web-1 answered, though no rule allows it");
        let after = self.drops(0)?;
        ensure!(after > before, "no drop was counted at web-1 ({before} before, {after} after)");
        self.stage.show(&format!("$ nc {address} 22"));
        self.stage.seen(&format!(
            "no answer; the ingress gate of {} dropped {} packet(s) ({before} → {after})",
            self.machines[0].interface,
            after - before
        ));
        Ok(())
    }

    /// Packets the ingress gate has dropped at a machine's interface.
    fn drops(&self, at: usize) -> anyhow::Result<u64> {
        let drops = self.runtime.block_on(self.agent.drops(&self.vpc)).map_err(anyhow::Error::msg)?;
        let of = drops.iter().find(|d| d.interface == self.machines[at].interface);
        Ok(of.and_then(|d| d.by_gate.get("IngressDenied")).copied().unwrap_or_default())
    }

    fn inside(&mut self) -> anyhow::Result<()> {
        self.stage.step("Between machines: web reaches db, db does not reach web's other ports");
        let (db, web) = (self.machines[2].private.clone(), self.machines[0].private.clone());
        let reach = format!("timeout 5 bash -c 'exec 3<>/dev/tcp/{db}/5432 && cat <&3'");
        let (web_id, db_id) = (self.machines[0].id.clone(), self.machines[2].id.clone());
        let answer = patiently(|| {
            let (status, out) = self.run_on(&web_id, &reach)?;
            ensure!(
                status == "Success" && out.contains("hello from"),
                "web-1 cannot reach db: {status} {out}"
            );
            Ok(out)
        })?;
        self.stage.seen(&format!("web-1 → db:5432  “{}”", answer.lines().last().unwrap_or_default()));
        let before = self.drops(0)?;
        let (status, _) = self.run_on(&db_id, &format!("timeout 1 bash -c 'exec 3<>/dev/tcp/{web}/22'"))?;
        let after = self.drops(0)?;
        ensure!(
            status == "Failed" && after > before,
            "db → web-1:22 was not dropped ({status}, {before} → {after})"
        );
        self.stage.seen(&format!("db → web-1:22  dropped ({before} → {after})"));
        Ok(())
    }

    /// One command on one machine: its status and output.
    fn run_on(&mut self, id: &str, command: &str) -> anyhow::Result<(String, String)> {
        let sent = self.ssm::<ssm_ops::SendCommand>(&ssm::SendCommandRequest {
            document_name: Some("AWS-RunShellScript".to_owned()),
            instance_ids: Some(vec![id.to_owned()]),
            parameters: Some([("commands".to_owned(), vec![command.to_owned()])].into()),
            ..Default::default()
        })?;
        let command_id = sent.command.and_then(|c| c.command_id).context("no command id")?;
        self.outcome(&command_id, id)
    }

    fn outcome(&mut self, command_id: &str, id: &str) -> anyhow::Result<(String, String)> {
        for _ in 0..TRIES {
            let got = self.ssm::<ssm_ops::GetCommandInvocation>(&ssm::GetCommandInvocationRequest {
                command_id: Some(command_id.to_owned()),
                instance_id: Some(id.to_owned()),
                ..Default::default()
            })?;
            let status = got.status.map(|s| s.as_str().to_owned()).unwrap_or_default();
            if !matches!(status.as_str(), "Pending" | "InProgress" | "Delayed" | "Cancelling") {
                return Ok((status, got.standard_output_content.unwrap_or_default()));
            }
            std::thread::sleep(PAUSE / 5);
        }
        bail!("the command on {id} did not end")
    }

    fn fleet(&mut self) -> anyhow::Result<()> {
        self.stage.step("Run Command on all machines tagged Mode=Production, two at a time");
        self.stage.command(
            "ssm send-command --document-name AWS-RunShellScript --targets Key=tag:Mode,Values=Production --max-concurrency 2 --parameters commands='…'",
        );
        let command = "echo \"$(hostname) up $(cut -d' ' -f1 /proc/uptime) s, $(nproc) vCPU\"";
        let sent = self.ssm::<ssm_ops::SendCommand>(&ssm::SendCommandRequest {
            document_name: Some("AWS-RunShellScript".to_owned()),
            targets: Some(vec![ssm::Target {
                key: Some("tag:Mode".to_owned()),
                values: Some(vec!["Production".to_owned()]),
            }]),
            max_concurrency: Some("2".to_owned()),
            max_errors: Some("0".to_owned()),
            parameters: Some([("commands".to_owned(), vec![command.to_owned()])].into()),
            ..Default::default()
        })?;
        let command_id = sent.command.and_then(|c| c.command_id).context("no command id")?;
        for at in 0..self.machines.len() {
            let (id, name) = (self.machines[at].id.clone(), self.machines[at].name);
            // With two at a time the third machine's invocation begins later.
            let (status, out) = patiently(|| self.outcome(&command_id, &id))?;
            ensure!(status == "Success", "{name}: {status}");
            self.stage.seen(&format!("{name:<5} {status}: {}", out.trim()));
        }
        Ok(())
    }

    fn parameter(&mut self) -> anyhow::Result<()> {
        self.stage.step("A parameter, encrypted at rest, used in a command");
        self.stage.command("ssm put-parameter --name /tour/password --type SecureString --value …");
        let put = |name: &str, value: &str, kind: &'static str| ssm::PutParameterRequest {
            name: Some(name.to_owned()),
            value: Some(value.to_owned()),
            type_: Some(kind.into()),
            ..Default::default()
        };
        self.ssm::<ssm_ops::PutParameter>(&put("/tour/password", "correct horse", "SecureString"))?;
        let plain = self.value("/tour/password", true)?;
        let sealed = self.value("/tour/password", false)?;
        ensure!(plain == "correct horse" && !sealed.contains("correct"), "the SecureString is not sealed");
        self.stage.seen(&format!(
            "without --with-decryption it reads {}…",
            sealed.chars().take(24).collect::<String>()
        ));
        self.stage.command("ssm put-parameter --name /tour/greeting --type String --value 'good morning'");
        self.ssm::<ssm_ops::PutParameter>(&put("/tour/greeting", "good morning", "String"))?;
        self.stage.command(
            "ssm send-command … --parameters 'commands=echo {{ssm:/tour/greeting}} from $(hostname)'",
        );
        let id = self.machines[2].id.clone();
        let (status, out) = self.run_on(&id, "echo {{ssm:/tour/greeting}} from $(hostname)")?;
        ensure!(status == "Success" && out.starts_with("good morning from ip-10-42-2-"), "{status}: {out}");
        self.stage.seen(&format!("db: {}", out.trim()));
        self.stage.show("");
        self.stage.show(&self.picture());
        Ok(())
    }

    fn value(&mut self, name: &str, decrypted: bool) -> anyhow::Result<String> {
        let got = self.ssm::<ssm_ops::GetParameter>(&ssm::GetParameterRequest {
            name: Some(name.to_owned()),
            with_decryption: Some(decrypted),
        })?;
        got.parameter.and_then(|p| p.value).context("the parameter has no value")
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

    /// What the machines said last, for a reader who must find out why a step did not hold.
    pub(super) fn show_consoles(&mut self) {
        let machines: Vec<_> = self.machines.iter().map(|m| (m.name, m.id.clone())).collect();
        for (name, id) in machines {
            let request = ec2::GetConsoleOutputRequest { instance_id: Some(id), ..Default::default() };
            // A console that cannot be had is no second failure.
            let Ok(console) = self.ec2::<ec2_ops::GetConsoleOutput>(&request) else { continue };
            let encoded = console.output.unwrap_or_default();
            let text = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let lines: Vec<&str> = text.lines().collect();
            for line in &lines[lines.len().saturating_sub(CONSOLE_LINES)..] {
                self.stage.show(&format!("console of {name}: {}", line.replace(char::is_control, " ")));
            }
        }
    }

    /// Deletes everything through the API, in the order a user would have to.
    pub(super) fn clean_up(&mut self) -> anyhow::Result<()> {
        let ids: Vec<String> = self.machines.iter().map(|m| m.id.clone()).collect();
        if !ids.is_empty() {
            self.stage
                .command("ec2 terminate-instances …; aws ec2 delete-security-group …; aws ec2 delete-vpc …");
            self.ec2::<ec2_ops::TerminateInstances>(&ec2::TerminateInstancesRequest {
                instance_ids: Some(ids.clone()),
                ..Default::default()
            })?;
            self.wait_terminated(&ids)?;
        }
        for group in [self.db_group.clone(), self.web_group.clone()] {
            if !group.is_empty() {
                self.ec2::<ec2_ops::DeleteSecurityGroup>(&ec2::DeleteSecurityGroupRequest {
                    group_id: Some(group),
                    ..Default::default()
                })?;
            }
        }
        for subnet in [self.public_subnet.clone(), self.private_subnet.clone()] {
            if !subnet.is_empty() {
                self.ec2::<ec2_ops::DeleteSubnet>(&ec2::DeleteSubnetRequest {
                    subnet_id: Some(subnet),
                    ..Default::default()
                })?;
            }
        }
        if !self.table.is_empty() {
            self.ec2::<ec2_ops::DeleteRouteTable>(&ec2::DeleteRouteTableRequest {
                route_table_id: Some(self.table.clone()),
                ..Default::default()
            })?;
        }
        if !self.gateway.is_empty() {
            self.ec2::<ec2_ops::DetachInternetGateway>(&ec2::DetachInternetGatewayRequest {
                internet_gateway_id: Some(self.gateway.clone()),
                vpc_id: Some(self.vpc.clone()),
                ..Default::default()
            })?;
            self.ec2::<ec2_ops::DeleteInternetGateway>(&ec2::DeleteInternetGatewayRequest {
                internet_gateway_id: Some(self.gateway.clone()),
                ..Default::default()
            })?;
        }
        if !self.vpc.is_empty() {
            self.ec2::<ec2_ops::DeleteVpc>(&ec2::DeleteVpcRequest {
                vpc_id: Some(self.vpc.clone()),
                ..Default::default()
            })?;
        }
        Ok(())
    }

    fn wait_terminated(&mut self, ids: &[String]) -> anyhow::Result<()> {
        for _ in 0..TRIES {
            let found = self.ec2::<ec2_ops::DescribeInstances>(&ec2::DescribeInstancesRequest {
                instance_ids: Some(ids.to_vec()),
                ..Default::default()
            })?;
            let instances = found
                .reservations
                .unwrap_or_default()
                .into_iter()
                .flat_map(|r| r.instances.unwrap_or_default());
            let gone = |i: &ec2::Instance| {
                i.state.as_ref().and_then(|s| s.name.as_ref()).is_some_and(|n| n.as_str() == "terminated")
            };
            if instances.into_iter().all(|i| gone(&i)) {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
        bail!("the machines did not end")
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

/// The body of `GET /`.
fn get(address: SocketAddr) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(4096).read_to_string(&mut answer)?;
    let body = answer.split("\r\n\r\n").nth(1).context("not an HTTP answer")?;
    Ok(body.to_owned())
}
