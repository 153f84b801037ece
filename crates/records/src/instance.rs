//! Instances.

use crate::{Millis, record};
use serde::{Deserialize, Serialize};

/// EC2's instance states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstanceState {
    /// Being started.
    Pending,
    /// Up.
    Running,
    /// Being terminated.
    ShuttingDown,
    /// Gone; the record stays for an hour.
    Terminated,
    /// Being stopped.
    Stopping,
    /// Down, root disk kept.
    Stopped,
}

impl InstanceState {
    /// The `Code` beside the name.
    pub fn code(self) -> i32 {
        match self {
            InstanceState::Pending => 0,
            InstanceState::Running => 16,
            InstanceState::ShuttingDown => 32,
            InstanceState::Terminated => 48,
            InstanceState::Stopping => 64,
            InstanceState::Stopped => 80,
        }
    }

    /// The `Name`.
    pub fn name(self) -> &'static str {
        match self {
            InstanceState::Pending => "pending",
            InstanceState::Running => "running",
            InstanceState::ShuttingDown => "shutting-down",
            InstanceState::Terminated => "terminated",
            InstanceState::Stopping => "stopping",
            InstanceState::Stopped => "stopped",
        }
    }
}

/// Why an instance is in its state (`StateReason`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateReason {
    /// Such as `Client.UserInitiatedShutdown` or `Server.InternalError`.
    pub code: String,
    /// The same with words.
    pub message: String,
}

/// Instance metadata options (IMDS).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataOptions {
    /// `optional` or `required` (IMDSv2 only).
    pub http_tokens: String,
    /// `enabled` or `disabled`.
    pub http_endpoint: String,
    /// 1–64.
    pub http_put_response_hop_limit: i32,
    /// `enabled` or `disabled`.
    pub http_protocol_ipv6: String,
    /// `enabled` or `disabled`.
    pub instance_metadata_tags: String,
}

/// One block device as the API shows it; volumes become real records in a later issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockDevice {
    /// Such as `/dev/sda1`.
    pub device_name: String,
    /// `vol-…`.
    pub volume_id: String,
    /// GiB.
    pub size: i32,
    /// `gp3`, …
    pub volume_type: String,
    /// Goes with the instance.
    pub delete_on_termination: bool,
    /// When it was attached.
    pub attached: Millis,
}

/// Choices of a launch that are kept beside the main members. All have a sound default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LaunchOptions {
    /// The primary interface gets a public address of its own at each start, and loses it at each stop.
    pub auto_public_ip: bool,
    /// Cores and threads per core where they differ from the type's.
    pub cpu: Option<(i32, i32)>,
    /// `standard` or `unlimited` (burstable types).
    pub cpu_credits: Option<String>,
    /// `resource-name` where it is not `ip-name`.
    pub hostname_type: Option<String>,
    /// Answer DNS queries for the resource name with A records.
    pub resource_name_a: bool,
    /// Answer DNS queries for the resource name with AAAA records.
    pub resource_name_aaaa: bool,
    /// `disabled` where it is not `default`.
    pub auto_recovery: Option<String>,
    /// When the instance profile was associated.
    pub profile_since: Option<Millis>,
}

/// An instance. `state` is what the API shows; the host agent drives it:
/// `pending` → launch → `running`; `stopping` → stop → `stopped`; `shutting-down` → destroy → `terminated`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Instance {
    /// `i-…`.
    pub id: String,
    /// `r-…`.
    pub reservation_id: String,
    /// Position in the reservation.
    pub launch_index: i32,
    /// As asked for.
    pub image_id: String,
    /// Such as `t3.micro`.
    pub instance_type: String,
    /// Virtual processors of the type (or of the CPU options).
    pub vcpus: u32,
    /// Memory of the type in MiB.
    pub memory_mib: u32,
    /// State.
    pub state: InstanceState,
    /// Reason of the state.
    #[serde(default)]
    pub state_reason: Option<StateReason>,
    /// `StateTransitionReason`, such as `User initiated (2026-11-20 10:00:00 GMT)`.
    #[serde(default)]
    pub transition_reason: String,
    /// Last launch or start.
    pub launch_time: Millis,
    /// When it reached `terminated`; the record is dropped an hour later.
    #[serde(default)]
    pub terminated_at: Option<Millis>,
    /// Its subnet.
    pub subnet_id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// Zone.
    pub availability_zone: String,
    /// Zone id.
    #[serde(default)]
    pub availability_zone_id: String,
    /// Interfaces by device index; addresses, groups and public address stand in those records.
    pub network_interfaces: Vec<String>,
    /// Host name inside, such as `ip-172-31-5-4`.
    pub hostname: String,
    /// Key pair name.
    #[serde(default)]
    pub key_name: Option<String>,
    /// Public keys allowed to log in, in OpenSSH form (resolved at launch).
    #[serde(default)]
    pub authorized_keys: Vec<String>,
    /// User-data, base64 as sent.
    #[serde(default)]
    pub user_data: Option<String>,
    /// Instance profile: ARN and id.
    #[serde(default)]
    pub iam_instance_profile: Option<(String, String)>,
    /// `iip-assoc-…`.
    #[serde(default)]
    pub iam_association_id: Option<String>,
    /// Termination protection.
    #[serde(default)]
    pub disable_api_termination: bool,
    /// Stop protection.
    #[serde(default)]
    pub disable_api_stop: bool,
    /// `stop` or `terminate`: what a shutdown from inside does.
    pub shutdown_behavior: String,
    /// `disabled` or `enabled` detailed monitoring.
    #[serde(default)]
    pub monitoring: bool,
    /// EBS-optimised flag.
    #[serde(default)]
    pub ebs_optimized: bool,
    /// Metadata options.
    pub metadata_options: MetadataOptions,
    /// Root and other devices.
    pub block_devices: Vec<BlockDevice>,
    /// Token of the launch.
    #[serde(default)]
    pub client_token: Option<String>,
    /// Rises by one each time the API wants something done (start, stop, reboot, terminate).
    pub generation: u64,
    /// Set by RebootInstances, cleared by the host agent after the reboot.
    #[serde(default)]
    pub reboot_requested: bool,
    /// Skip the orderly shutdown (`Force`).
    #[serde(default)]
    pub force: bool,
    /// Host that runs it.
    #[serde(default)]
    pub host: Option<String>,
    /// Last time the machine was seen to boot to user-data's end (status checks).
    #[serde(default)]
    pub booted_at: Option<Millis>,
    /// Further choices of the launch.
    #[serde(default)]
    pub options: LaunchOptions,
}
record!(
    Instance,
    "ec2/instance",
    // A terminated machine holds no network any more: it must not keep its subnet or VPC from being deleted.
    "vpc" => |i| i.in_network(&i.vpc_id),
    "subnet" => |i| i.in_network(&i.subnet_id),
    "reservation" => |i| vec![i.reservation_id.clone()],
    "client-token" => |i| i.client_token.iter().cloned().collect(),
    "profile" => |i| i.iam_instance_profile.iter().map(|(arn, _)| arn.clone()).collect(),
    "profile-association" => |i| i.iam_association_id.iter().cloned().collect(),
);

impl Instance {
    fn in_network(&self, id: &str) -> Vec<String> {
        if self.state == InstanceState::Terminated { Vec::new() } else { vec![id.to_owned()] }
    }

    /// Device name of the root volume.
    pub fn root_device(&self) -> &str {
        self.block_devices.first().map_or(ROOT_DEVICE, |device| &device.device_name)
    }
}

/// Device name of every image's root volume, as Amazon Linux has it.
pub const ROOT_DEVICE: &str = "/dev/xvda";

/// The client token of a launch; forgotten with the last of the launch's instances. A kind of its own, so that thousands
/// of launches do not slow down the few tokens of other operations.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LaunchToken {
    /// The token itself.
    pub id: String,
    /// Digest of the request without the token: another request with the token is refused.
    pub digest: String,
    /// `r-…` that the request made.
    pub reservation_id: String,
}
record!(LaunchToken, "ec2/launch-token");

/// Account-wide defaults of the metadata options (`ModifyInstanceMetadataDefaults`); one record per scope, id `default`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MetadataDefaults {
    /// Always `default`.
    pub id: String,
    /// `optional` or `required`; absent means no preference.
    pub http_tokens: Option<String>,
    /// 1–64.
    pub http_put_response_hop_limit: Option<i32>,
    /// `enabled` or `disabled`.
    pub http_endpoint: Option<String>,
    /// `enabled` or `disabled`.
    pub instance_metadata_tags: Option<String>,
}
record!(MetadataDefaults, "ec2/metadata-defaults");
