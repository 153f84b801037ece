//! From a RunInstances request to a checked [`Launch`].

use super::idempotency::Token;
use super::launch::Launch;
use super::{cpu, interfaces, quota, refused, root_volume};
use crate::instance_types::{self, InstanceType};
use crate::instances::profiles::ProfileName;
use crate::instances::{faults as instance_faults, user_data};
use crate::places::catalogue::{Zone, zone_of, zones_of};
use crate::resource_kind::ResourceKind;
use crate::tags::TagSpecifications;
use crate::{Ec2, faults, images};
use api_ec2::{Placement, RunInstancesRequest};
use aws_schema::Fault;
use contracts::Call;

/// AWS's documented default, m1.small, belongs to a family long retired.
const DEFAULT_TYPE: &str = "t3.micro";

/// Checks everything about a request that needs no record.
pub(super) fn parse(call: &Call<Ec2>, mut input: RunInstancesRequest) -> Result<Launch, Fault> {
    refused::check(&input)?;
    let token = Token::of(&input)?;
    let (min_count, max_count) = counts(input.min_count, input.max_count)?;
    let image_id = faults::required(input.image_id.take().filter(|id| !id.is_empty()), "ImageId")?;
    let image = images::resolve(call, &image_id)?;
    let type_name = input.instance_type.as_ref().map_or(DEFAULT_TYPE, |t| t.as_str()).to_owned();
    let instance_type = instance_types::find(&type_name).ok_or_else(|| {
        faults::invalid_parameter_value(format!("Invalid value '{type_name}' for InstanceType."))
    })?;
    let interfaces = interfaces::parse(&mut input, call.caller.region(), max_count > 1)?;
    interfaces::check_limits(&interfaces, instance_type)?;
    check_host(instance_type, &image, interfaces.zone.as_ref(), call.caller.region())?;
    let cpu = cpu::options(input.cpu_options, instance_type)?;
    let vcpus = cpu.map_or(instance_type.vcpus(), |(cores, threads)| cores * threads);
    let kinds = [ResourceKind::Instance, ResourceKind::Volume, ResourceKind::NetworkInterface];
    let shutdown_behavior = input
        .instance_initiated_shutdown_behavior
        .as_ref()
        .map_or_else(|| "stop".to_owned(), |b| b.as_str().to_owned());
    check_shutdown_behavior(&shutdown_behavior)?;
    let dns = input.private_dns_name_options.unwrap_or_default();
    if let Some(kind) =
        dns.hostname_type.as_ref().filter(|k| !matches!(k.as_str(), "ip-name" | "resource-name"))
    {
        return Err(faults::invalid_value("PrivateDnsNameOptions.HostnameType", kind.as_str(), ""));
    }
    Ok(Launch {
        root: root_volume::parse(input.block_device_mappings, &image)?,
        image,
        min_count,
        max_count,
        vcpus: u32::try_from(vcpus).unwrap_or(1),
        cpu,
        cpu_credits: cpu::credits(input.credit_specification, instance_type)?,
        interfaces,
        key_name: input.key_name.filter(|name| !name.is_empty()),
        user_data: input.user_data.map(|text| user_data::check(&text)).transpose()?.flatten(),
        profile: ProfileName::parse(input.iam_instance_profile)?,
        metadata: input.metadata_options,
        dns,
        auto_recovery: input
            .maintenance_options
            .and_then(|o| o.auto_recovery)
            .map(|word| word.as_str().to_owned())
            .filter(|word| word != "default"),
        shutdown_behavior,
        monitoring: input.monitoring.and_then(|m| m.enabled).unwrap_or(false),
        ebs_optimized: ebs_optimized(input.ebs_optimized, instance_type)?,
        disable_api_termination: input.disable_api_termination.unwrap_or(false),
        disable_api_stop: input.disable_api_stop.unwrap_or(false),
        tags: TagSpecifications::parse(input.tag_specifications, &kinds)?,
        instance_type,
        token,
    })
}

/// `stop` or `terminate`.
pub(in crate::instances) fn check_shutdown_behavior(word: &str) -> Result<(), Fault> {
    if matches!(word, "stop" | "terminate") {
        return Ok(());
    }
    Err(faults::invalid_value("instanceInitiatedShutdownBehavior", word, ""))
}

/// Whether the machine is EBS-optimised: where the type always is, saying no changes nothing.
pub(in crate::instances) fn ebs_optimized(
    wanted: Option<bool>,
    its_type: &InstanceType,
) -> Result<bool, Fault> {
    if wanted == Some(true) && !its_type.can_be_ebs_optimized() {
        return Err(faults::invalid_combination(
            "EBS-optimized instances are not supported for your requested configuration. Please check the \
             documentation for supported configurations.",
        ));
    }
    // The flag shows what was asked for; AWS leaves it false on types that are optimised anyway.
    Ok(wanted.unwrap_or(false))
}

fn counts(min: Option<i32>, max: Option<i32>) -> Result<(usize, usize), Fault> {
    let min = faults::required(min, "MinCount")?;
    let max = faults::required(max, "MaxCount")?;
    for (name, value) in [("minCount", min), ("maxCount", max)] {
        if value < 1 {
            return Err(faults::invalid_value(name, &value.to_string(), "Expecting a positive integer."));
        }
    }
    if min > max {
        return Err(faults::invalid_value(
            "maxCount",
            &max.to_string(),
            "The maximum number of instances must not be less than the minimum number.",
        ));
    }
    // A maximum beyond the bound is cut, as quotas cut it; a minimum beyond it cannot be met.
    let bounded = |count: i32| usize::try_from(count.min(quota::MAX_PER_REQUEST)).unwrap_or(1);
    if min > quota::MAX_PER_REQUEST {
        let limit = bounded(quota::MAX_PER_REQUEST);
        return Err(instance_faults::instance_limit(usize::try_from(min).unwrap_or(limit), limit));
    }
    Ok((bounded(min), bounded(max)))
}

/// The zone that `Placement` names.
pub(super) fn zone_of_placement(placement: Option<&Placement>, region: &str) -> Result<Option<Zone>, Fault> {
    let named = placement
        .and_then(|p| p.availability_zone.as_ref().or(p.availability_zone_id.as_ref()))
        .filter(|name| !name.is_empty());
    let Some(named) = named else { return Ok(None) };
    zone_of(region, named).map(Some).ok_or_else(|| {
        let shown: String = named.chars().take(100).collect();
        faults::invalid_parameter_value(format!("Invalid availability zone: [{shown}]"))
    })
}

/// Whether a host of this cloud can carry the type with the image.
fn check_host(
    its_type: &InstanceType,
    image: &images::ResolvedImage,
    zone: Option<&Zone>,
    region: &str,
) -> Result<(), Fault> {
    // Compared before capacity: a wrong image is the caller's mistake, missing hardware is not.
    if let Some(architecture) = image.architecture().filter(|a| *a != its_type.architecture()) {
        return Err(faults::invalid_parameter_value(format!(
            "The architecture '{}' of the specified instance type does not match the architecture '{architecture}' of \
             the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. \
             You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance \
             type or AMI.",
            its_type.architecture()
        )));
    }
    if its_type.needs_special_host() {
        let first = || zones_of(region).into_iter().next().map(|z| z.name).unwrap_or_default();
        let zone = zone.map_or_else(first, |z| z.name.clone());
        return Err(instance_faults::no_capacity(&its_type.name, &zone));
    }
    Ok(())
}
