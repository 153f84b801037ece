//! Writing the instances of a launch, a part of them per transaction.

use super::launch::Launch;
use super::network::{Network, resolve};
use crate::instances::{metadata_options, names, profiles};
use crate::interface::Planner;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, key_pairs, tags};
use aws_schema::Fault;
use records::{
    BlockDevice, Instance, InstanceState, KeyPair, LaunchOptions, MetadataOptions, Millis, StateReason,
    Subnet,
};
use state_store::typed::{Scope, Tx};

/// Writes one transaction may hold, with room for what a plan adds; the store's limit is 128.
const WRITES: usize = 120;

/// How many instances fit in one transaction.
pub(super) fn per_transaction(launch: &Launch) -> usize {
    // Per instance: itself, its tags and those of its volume. One more for the client token.
    let each = Network::writes(&launch.interfaces) + 3;
    ((WRITES - 1) / each).max(1)
}

/// What all instances of a launch share, looked up in this transaction.
struct Common<'a> {
    launch: &'a Launch,
    network: Network,
    subnet: std::sync::Arc<Subnet>,
    authorized_keys: Vec<String>,
    profile: Option<(String, String)>,
    metadata: MetadataOptions,
    reservation: &'a str,
    now: Millis,
}

/// Looks everything up that a launch names, without writing; answers how many addresses each instance takes and from
/// which subnet.
pub(super) fn check(tx: &mut Tx<'_>, scope: &Scope, launch: &Launch) -> Result<(usize, Subnet), Fault> {
    let common = common(tx, scope, launch, "", 0)?;
    Ok((common.network.addresses_per_instance(), Subnet::clone(&common.subnet)))
}

fn common<'a>(
    tx: &mut Tx<'_>,
    scope: &Scope,
    launch: &'a Launch,
    reservation: &'a str,
    now: Millis,
) -> Result<Common<'a>, Fault> {
    let network = resolve(tx, scope, &launch.interfaces)?;
    let subnet =
        network.subnet().cloned().ok_or_else(|| faults::internal("A launch without a network interface."))?;
    let key = |name: &String| {
        tx.get::<KeyPair>(scope, name).map(|k| k.public_key.clone()).ok_or_else(|| key_pairs::not_found(name))
    };
    let authorized_keys = launch.key_name.iter().map(key).collect::<Result<_, _>>()?;
    let profile = launch.profile.as_ref().map(|name| profiles::resolve(tx, scope, name)).transpose()?;
    let metadata = metadata_options::at_launch(tx, scope, launch.metadata.as_ref(), launch.image.imds_v2())?;
    Ok(Common { launch, network, subnet, authorized_keys, profile, metadata, reservation, now })
}

/// Writes `count` instances of a reservation, the first of them with the given launch index.
pub(super) fn instances(
    ec2: &Ec2,
    tx: &mut Tx<'_>,
    scope: &Scope,
    launch: &Launch,
    reservation: &str,
    first: usize,
    count: usize,
) -> Result<Vec<String>, Fault> {
    // Looked up again in every part: a key pair or group may be deleted between two of them, and then the launch fails.
    let common = common(tx, scope, launch, reservation, ec2.now())?;
    let mut planner = Planner::default();
    (first..first + count).map(|index| one(ec2, &mut planner, tx, scope, &common, index)).collect()
}

fn one(
    ec2: &Ec2,
    planner: &mut Planner,
    tx: &mut Tx<'_>,
    scope: &Scope,
    common: &Common<'_>,
    index: usize,
) -> Result<String, Fault> {
    let (launch, now) = (common.launch, common.now);
    let id = ResourceKind::Instance.new_id();
    let interfaces = common.network.plan(ec2, planner, tx, scope, &id, now)?;
    let address = interfaces
        .first()
        .and_then(|i| i.primary())
        .map(|primary| primary.address)
        .ok_or_else(|| faults::internal("A network interface without an address."))?;
    let subnet = &common.subnet;
    let hostname_type = launch
        .dns
        .hostname_type
        .as_ref()
        .map(|t| t.as_str().to_owned())
        .or_else(|| subnet.hostname_type.clone());
    let volume_id = ResourceKind::Volume.new_id();
    let instance = Instance {
        hostname: names::hostname(&id, address, hostname_type.as_deref()),
        id: id.clone(),
        reservation_id: common.reservation.to_owned(),
        launch_index: i32::try_from(index).unwrap_or(i32::MAX),
        image_id: launch.image.id.clone(),
        instance_type: launch.instance_type.name.clone(),
        vcpus: launch.vcpus,
        memory_mib: u32::try_from(launch.instance_type.memory_mib()).unwrap_or(u32::MAX),
        state: InstanceState::Pending,
        state_reason: Some(StateReason { code: "pending".to_owned(), message: "pending".to_owned() }),
        transition_reason: String::new(),
        launch_time: now,
        terminated_at: None,
        subnet_id: subnet.id.clone(),
        vpc_id: subnet.vpc_id.clone(),
        availability_zone: subnet.availability_zone.clone(),
        availability_zone_id: subnet.availability_zone_id.clone(),
        network_interfaces: interfaces.iter().map(|i| i.id.clone()).collect(),
        key_name: launch.key_name.clone(),
        authorized_keys: common.authorized_keys.clone(),
        user_data: launch.user_data.clone(),
        iam_association_id: common.profile.is_some().then(|| ResourceKind::IamProfileAssociation.new_id()),
        iam_instance_profile: common.profile.clone(),
        disable_api_termination: launch.disable_api_termination,
        disable_api_stop: launch.disable_api_stop,
        shutdown_behavior: launch.shutdown_behavior.clone(),
        monitoring: launch.monitoring,
        ebs_optimized: launch.ebs_optimized,
        metadata_options: common.metadata.clone(),
        block_devices: vec![BlockDevice {
            device_name: launch.root.device_name.clone(),
            volume_id: volume_id.clone(),
            size: launch.root.size,
            volume_type: launch.root.volume_type.clone(),
            delete_on_termination: true,
            attached: now,
        }],
        client_token: launch.token.as_ref().map(|t| t.token.clone()),
        // The host agent tells a first launch from a start by this.
        generation: 1,
        reboot_requested: false,
        force: false,
        host: None,
        booted_at: None,
        options: LaunchOptions {
            auto_public_ip: common.network.auto_public(),
            cpu: launch.cpu,
            cpu_credits: launch.cpu_credits.clone(),
            hostname_type: hostname_type.filter(|kind| kind != "ip-name"),
            resource_name_a: launch
                .dns
                .enable_resource_name_dns_a_record
                .unwrap_or(subnet.resource_name_a_record),
            resource_name_aaaa: launch
                .dns
                .enable_resource_name_dns_aaaa_record
                .unwrap_or(subnet.resource_name_aaaa_record),
            auto_recovery: launch.auto_recovery.clone(),
            profile_since: common.profile.is_some().then_some(now),
        },
    };
    // Tags of the launch are for what it makes; an interface that was there before keeps its own.
    for (position, interface) in interfaces.into_iter().enumerate() {
        if common.network.is_new(position) {
            let its_tags = launch.tags.of(ResourceKind::NetworkInterface);
            tags::put(tx, scope, ResourceKind::NetworkInterface, &interface.id, &its_tags);
        }
        tx.put(scope, interface);
    }
    tags::put(tx, scope, ResourceKind::Volume, &volume_id, &launch.tags.of(ResourceKind::Volume));
    tags::put(tx, scope, ResourceKind::Instance, &id, &launch.tags.of(ResourceKind::Instance));
    tx.put(scope, instance);
    Ok(id)
}
