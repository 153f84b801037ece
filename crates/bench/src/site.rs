//! A network with machines, made and taken away through the public API.

use crate::stop::Deadline;
use anyhow::{Context as _, bail, ensure};
use api_ec2::{self as ec2, ops};
use aws_client::Client;
use aws_schema::{Operation, Shared};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::net::Ipv4Addr;
use std::time::Duration;

/// Until a machine must run or be gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// One public subnet with one security group.
pub(crate) struct Site {
    /// The client that made it.
    pub(crate) client: Client,
    /// Id of the group; nothing may come in at first.
    pub(crate) group: String,
    image: String,
    subnet: String,
}

/// Calls EC2; the operation's name is part of an error.
pub(crate) fn call<Op: Operation>(client: &mut Client, input: &Op::Input) -> anyhow::Result<Op::Output> {
    client.call::<Op>(&ec2::SERVICE, input).with_context(|| format!("ec2 {}", Op::SPEC.name))
}

/// The built-in image.
pub(crate) fn host_image(client: &mut Client) -> anyhow::Result<String> {
    let request =
        ec2::DescribeImagesRequest { owners: Some(vec!["amazon".to_owned()]), ..Default::default() };
    let images = call::<ops::DescribeImages>(client, &request)?.images.unwrap_or_default();
    images.into_iter().find_map(|image| image.image_id).context("there is no image")
}

impl Site {
    /// Makes the network: 10.77.0.0/16, one subnet, a route to an internet gateway.
    pub(crate) fn build(mut client: Client) -> anyhow::Result<Site> {
        let block = || Some("10.77.0.0/16".to_owned());
        let made = call::<ops::CreateVpc>(
            &mut client,
            &ec2::CreateVpcRequest { cidr_block: block(), ..Default::default() },
        )?;
        let vpc = made.vpc.and_then(|vpc| vpc.vpc_id);
        let subnet =
            ec2::CreateSubnetRequest { vpc_id: vpc.clone(), cidr_block: block(), ..Default::default() };
        let made = call::<ops::CreateSubnet>(&mut client, &subnet)?;
        let subnet = made.subnet.and_then(|subnet| subnet.subnet_id).context("no subnet id")?;
        let made = call::<ops::CreateInternetGateway>(&mut client, &Default::default())?;
        let gateway = made.internet_gateway.and_then(|gateway| gateway.internet_gateway_id);
        let attach = ec2::AttachInternetGatewayRequest {
            internet_gateway_id: gateway.clone(),
            vpc_id: vpc.clone(),
            ..Default::default()
        };
        call::<ops::AttachInternetGateway>(&mut client, &attach)?;
        let table = ec2::CreateRouteTableRequest { vpc_id: vpc.clone(), ..Default::default() };
        let made = call::<ops::CreateRouteTable>(&mut client, &table)?;
        let table = made.route_table.and_then(|table| table.route_table_id);
        let route = ec2::CreateRouteRequest {
            route_table_id: table.clone(),
            destination_cidr_block: Some("0.0.0.0/0".to_owned()),
            gateway_id: gateway,
            ..Default::default()
        };
        call::<ops::CreateRoute>(&mut client, &route)?;
        let associate = ec2::AssociateRouteTableRequest {
            route_table_id: table,
            subnet_id: Some(subnet.clone()),
            ..Default::default()
        };
        call::<ops::AssociateRouteTable>(&mut client, &associate)?;
        let group = ec2::CreateSecurityGroupRequest {
            group_name: Some("bench".to_owned()),
            description: Some("bench".to_owned()),
            vpc_id: vpc,
            ..Default::default()
        };
        let group = call::<ops::CreateSecurityGroup>(&mut client, &group)?.group_id.context("no group id")?;
        let image = host_image(&mut client)?;
        Ok(Site { client, group, image, subnet })
    }

    /// The request that launches machines here.
    pub(crate) fn launch_request(
        &self,
        count: usize,
        script: Option<&str>,
        public: bool,
    ) -> ec2::RunInstancesRequest {
        let count = i32::try_from(count).ok();
        ec2::RunInstancesRequest {
            image_id: Some(self.image.clone()),
            instance_type: Some("t3.micro".into()),
            min_count: count,
            max_count: count,
            user_data: script.map(|script| STANDARD.encode(script)),
            network_interfaces: Some(vec![ec2::InstanceNetworkInterfaceSpecification {
                device_index: Some(0),
                subnet_id: Some(self.subnet.clone()),
                groups: Some(vec![self.group.clone()]),
                associate_public_ip_address: Some(public),
                ..Default::default()
            }]),
            ..Default::default()
        }
    }

    /// Launches machines and answers their ids.
    pub(crate) fn launch(&mut self, request: &ec2::RunInstancesRequest) -> anyhow::Result<Vec<String>> {
        let made = call::<ops::RunInstances>(&mut self.client, request)?;
        let ids: Vec<String> = made
            .instances
            .unwrap_or_default()
            .into_iter()
            .filter_map(|instance| instance.instance_id.clone())
            .collect();
        ensure!(!ids.is_empty(), "RunInstances names no instance");
        Ok(ids)
    }

    /// Waits until all of them are in this state; answers the last description.
    pub(crate) fn wait(&mut self, ids: &[String], wanted: &str) -> anyhow::Result<Vec<ec2::Instance>> {
        let deadline = Deadline::new(format!("{wanted}: {} machine(s)", ids.len()), PATIENCE);
        let request =
            ec2::DescribeInstancesRequest { instance_ids: Some(ids.to_vec()), ..Default::default() };
        loop {
            let found =
                call::<ops::DescribeInstances>(&mut self.client, &request)?.reservations.unwrap_or_default();
            let instances: Vec<_> = found
                .into_iter()
                .flat_map(|r| r.instances.unwrap_or_default())
                .map(Shared::into_inner)
                .collect();
            let states: Vec<&str> = instances.iter().map(state).collect();
            if states.len() == ids.len() && states.iter().all(|state| *state == wanted) {
                return Ok(instances);
            }
            if let Some(at) = states.iter().position(|s| *s == "terminated" && wanted != "terminated") {
                let reason = instances[at].state_reason.as_ref().and_then(|reason| reason.message.clone());
                bail!("a machine ended: {}", reason.unwrap_or_default());
            }
            deadline.pause(Duration::from_millis(2))?;
        }
    }

    /// One running machine with a public address.
    pub(crate) fn public_machine(&mut self) -> anyhow::Result<(String, Ipv4Addr)> {
        let ids = self.launch(&self.launch_request(1, None, true))?;
        let found = self.wait(&ids, "running")?;
        let address = found.into_iter().find_map(|i| i.public_ip_address).context("no public address")?;
        Ok((ids[0].clone(), address.parse().context("the public address")?))
    }

    /// Terminates machines and waits until they are gone.
    pub(crate) fn terminate(&mut self, ids: &[String]) -> anyhow::Result<()> {
        let request =
            ec2::TerminateInstancesRequest { instance_ids: Some(ids.to_vec()), ..Default::default() };
        call::<ops::TerminateInstances>(&mut self.client, &request)?;
        self.wait(ids, "terminated").map(drop)
    }
}

fn state(instance: &ec2::Instance) -> &str {
    instance.state.as_ref().and_then(|state| state.name.as_ref()).map_or("", |name| name.as_str())
}
