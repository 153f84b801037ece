//! The network of the tour: subnets, a way to the world, security groups.

use super::Act;
use anyhow::Context as _;
use api_ec2::{self as ec2, ops as ec2_ops};

impl Act {
    pub(super) fn network(&mut self) -> anyhow::Result<()> {
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

    pub(super) fn groups(&mut self) -> anyhow::Result<()> {
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
}
