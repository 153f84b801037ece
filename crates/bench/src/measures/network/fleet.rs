//! A VPC with many machines and 200 groups, through the API: what the descriptions of it cost, and what memory.

use super::super::fleet::booted;
use crate::Context;
use crate::cloud::{Cloud, Options};
use crate::host::{Meter, available_mib, kernel_mib, resident_mib};
use crate::report::{Row, Target};
use crate::site::{Site, call};
use crate::statistics::Times;
use crate::stop::{self, Deadline};
use anyhow::{Context as _, ensure};
use api_ec2::{self as ec2, ops};
use aws_client::{Client, Connection};
use aws_schema::{Operation, Protocol};
use std::time::{Duration, Instant};

const GROUPS: usize = 200;
const RULES: u16 = 10;
/// AWS's default quota of groups per interface.
const GROUPS_EACH: usize = 5;
/// Calls per description.
const CALLS: usize = 30;
/// More machines than this are not started when the host has less memory left, in MiB.
const RESERVE_MIB: f64 = 1024.0;
/// After the last boot the kernel frees what it can.
const SETTLE: Duration = Duration::from_secs(3);

pub(in crate::measures) fn run(context: &Context) -> anyhow::Result<Vec<Row>> {
    let options = Options { machines: true, ..Options::default() };
    let mut cloud = Cloud::start(&context.allod, &context.folder, options)?;
    let mut site = Site::build(cloud.client())?;
    let groups = groups(&mut site)?;
    let before = Memory::now(&cloud)?;
    let ids = launch(&mut site, &groups, context.machines)?;
    booted(&mut cloud, ids.len())?;
    running(&mut site, &ids)?;
    std::thread::sleep(SETTLE);
    let memory = Memory::now(&cloud)?.row(&before, ids.len())?;
    let mut rows = descriptions(&cloud, &ids, &groups)?;
    rows.push(memory);
    cloud.stop()?;
    Ok(rows)
}

/// Makes the groups with their rules, before anything is in the kernel.
fn groups(site: &mut Site) -> anyhow::Result<Vec<String>> {
    let request = ec2::DescribeSecurityGroupsRequest {
        group_ids: Some(vec![site.group.clone()]),
        ..Default::default()
    };
    let found = call::<ops::DescribeSecurityGroups>(&mut site.client, &request)?.security_groups;
    let vpc = found.unwrap_or_default().into_iter().find_map(|group| group.vpc_id.clone());
    let mut ids = Vec::new();
    for number in 0..GROUPS {
        ensure!(!stop::asked(), "stopped on request");
        let request = ec2::CreateSecurityGroupRequest {
            group_name: Some(format!("bench-{number}")),
            description: Some("bench".to_owned()),
            vpc_id: vpc.clone(),
            ..Default::default()
        };
        let id =
            call::<ops::CreateSecurityGroup>(&mut site.client, &request)?.group_id.context("no group id")?;
        let request = ec2::AuthorizeSecurityGroupIngressRequest {
            group_id: Some(id.clone()),
            ip_permissions: Some((0..RULES).map(|nth| permission(number, nth)).collect()),
            ..Default::default()
        };
        call::<ops::AuthorizeSecurityGroupIngress>(&mut site.client, &request)?;
        ids.push(id);
    }
    Ok(ids)
}

fn permission(group: usize, nth: u16) -> ec2::IpPermission {
    let port = Some(i32::from(1000 + nth));
    let block = format!("172.16.{}.0/24", group % 256);
    ec2::IpPermission {
        ip_protocol: Some("tcp".to_owned()),
        from_port: port,
        to_port: port,
        ip_ranges: Some(vec![ec2::IpRange { cidr_ip: Some(block), ..Default::default() }]),
        ..Default::default()
    }
}

/// Launches machines, so many per call that every group has some.
fn launch(site: &mut Site, groups: &[String], count: usize) -> anyhow::Result<Vec<String>> {
    let batch = (count * GROUPS_EACH).div_ceil(groups.len());
    let deadline = Deadline::new("launching", Duration::from_secs(180));
    let mut ids = Vec::new();
    for members in groups.chunks(GROUPS_EACH) {
        deadline.check()?;
        let left = batch.min(count - ids.len());
        if left == 0 {
            break;
        }
        ensure!(
            available_mib().is_none_or(|free| free > RESERVE_MIB),
            "after {} machines less than {RESERVE_MIB} MiB of memory are left",
            ids.len()
        );
        let mut request = site.launch_request(left, None, false);
        for interface in request.network_interfaces.iter_mut().flatten() {
            interface.groups = Some(members.to_vec());
        }
        ids.extend(site.launch(&request)?);
    }
    Ok(ids)
}

/// Waits until the API shows the last of them as running.
fn running(site: &mut Site, ids: &[String]) -> anyhow::Result<()> {
    for part in ids.chunks(100) {
        site.wait(part, "running")?;
    }
    Ok(())
}

/// What the cloud holds, in MiB.
struct Memory {
    server: f64,
    keeper: f64,
    kernel: f64,
}

impl Memory {
    fn now(cloud: &Cloud) -> anyhow::Result<Memory> {
        let keeper = cloud.keeper_pid().context("there is no keeper")?;
        Ok(Memory {
            server: resident_mib(cloud.pid()).context("the server is gone")?,
            keeper: resident_mib(keeper).context("the keeper is gone")?,
            kernel: kernel_mib(),
        })
    }

    fn row(&self, before: &Memory, count: usize) -> anyhow::Result<Row> {
        let kernel = self.kernel - before.kernel;
        let each = kernel / f64::from(u32::try_from(count)?);
        Ok(Row::new(format!("control plane with {count} machines, {GROUPS} groups (RSS)"), self.server, "MiB").note(
            format!(
                "{:.1} before the machines; keeper {:.1} ({:.1} before); the kernel took {kernel:.0} MiB more, {each:.2} \
                 per machine, with all other work on this host",
                before.server, self.keeper, before.keeper
            ),
        ))
    }
}

fn descriptions(cloud: &Cloud, ids: &[String], groups: &[String]) -> anyhow::Result<Vec<Row>> {
    let filter = |name: &str, value: &String| {
        Some(vec![ec2::Filter { name: Some(name.to_owned()), values: Some(vec![value.clone()]) }])
    };
    let last = ids.last().context("no machine")?;
    let one = ec2::DescribeInstancesRequest { instance_ids: Some(vec![last.clone()]), ..Default::default() };
    let members = ec2::DescribeInstancesRequest {
        filters: filter("instance.group-id", &groups[0]),
        ..Default::default()
    };
    let page = ec2::DescribeInstancesRequest { max_results: Some(1000), ..Default::default() };
    let interfaces = ec2::DescribeNetworkInterfacesRequest {
        filters: filter("attachment.instance-id", last),
        ..Default::default()
    };
    let all_interfaces =
        ec2::DescribeNetworkInterfacesRequest { max_results: Some(1000), ..Default::default() };
    let all_groups = ec2::DescribeSecurityGroupsRequest { max_results: Some(1000), ..Default::default() };
    Ok(vec![
        describe::<ops::DescribeInstances>(cloud, "DescribeInstances, one by id", &one)?,
        describe::<ops::DescribeInstances>(cloud, "DescribeInstances, the members of a group", &members)?,
        describe::<ops::DescribeInstances>(cloud, "DescribeInstances, a page of 1,000", &page)?,
        describe::<ops::DescribeNetworkInterfaces>(
            cloud,
            "DescribeNetworkInterfaces, one by machine",
            &interfaces,
        )?,
        describe::<ops::DescribeNetworkInterfaces>(
            cloud,
            "DescribeNetworkInterfaces, a page of 1,000",
            &all_interfaces,
        )?,
        describe::<ops::DescribeSecurityGroups>(
            cloud,
            "DescribeSecurityGroups, all with their rules",
            &all_groups,
        )?,
    ])
}

/// The time from a signed request to the last byte of its answer.
fn describe<Op: Operation>(cloud: &Cloud, what: &str, input: &Op::Input) -> anyhow::Result<Row> {
    let request = aws_wire::encode_request(Protocol::Ec2, &ec2::SERVICE, Op::SPEC, input);
    let mut client: Client = cloud.client();
    let head = client.signed(&ec2::SERVICE, &request);
    let mut connection = Connection::new(cloud.endpoint());
    let meter = Meter::start(cloud.pid(), None);
    let (mut times, mut bytes) = (Vec::new(), 0);
    for _ in 0..CALLS {
        ensure!(!stop::asked(), "stopped on request");
        let begun = Instant::now();
        let answer = connection.exchange(&head, &request.body)?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        ensure!(answer.status == 200, "{what}: {}", String::from_utf8_lossy(&answer.body));
        bytes = answer.body.len();
    }
    let times = Times::new(times);
    Ok(Row::new(format!("{what}, p50"), times.median(), "ms")
        .target(Target::AtMost(10.0))
        .cpu(meter.used())
        .note(format!("p99 {:.2} ms of {CALLS}; {} KiB", times.percentile(99), bytes / 1024)))
}
