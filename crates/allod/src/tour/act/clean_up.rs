//! The end of the tour: everything it made goes, in the order a user would have to take.

use super::{Act, PAUSE, TRIES};
use anyhow::bail;
use api_ec2::{self as ec2, ops as ec2_ops};

impl Act {
    /// Deletes everything through the API, in the order a user would have to.
    pub(in crate::tour) fn clean_up(&mut self) -> anyhow::Result<()> {
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
