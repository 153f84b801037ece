//! The machines of the tour: launch, and what they say when a step did not hold.

use super::{Act, Machine, PAUSE, TRIES};
use anyhow::{Context as _, bail};
use api_ec2::{self as ec2, ops as ec2_ops};
use base64::Engine as _;

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

impl Act {
    pub(super) fn launch(&mut self) -> anyhow::Result<()> {
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

    /// What the machines said last, for a reader who must find out why a step did not hold.
    pub(in crate::tour) fn show_consoles(&mut self) {
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
}
