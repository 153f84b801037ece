//! A checked launch request.

use super::idempotency::Token;
use super::interfaces::Interfaces;
use super::root_volume::RootVolume;
use crate::images::ResolvedImage;
use crate::instance_types::InstanceType;
use crate::instances::profiles::ProfileName;
use crate::tags::TagSpecifications;
use api_ec2::{InstanceMetadataOptionsRequest, PrivateDnsNameOptionsRequest};

/// What to launch. Everything that needs no record has been checked.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    pub(super) image: ResolvedImage,
    pub(super) instance_type: &'static InstanceType,
    /// At least 1.
    pub(super) min_count: usize,
    /// Not below `min_count`.
    pub(super) max_count: usize,
    pub(super) vcpus: u32,
    /// Cores and threads where they differ from the type's.
    pub(super) cpu: Option<(i32, i32)>,
    pub(super) cpu_credits: Option<String>,
    pub(super) interfaces: Interfaces,
    pub(super) key_name: Option<String>,
    /// Base64.
    pub(super) user_data: Option<String>,
    pub(super) profile: Option<ProfileName>,
    pub(super) root: RootVolume,
    pub(super) metadata: Option<InstanceMetadataOptionsRequest>,
    pub(super) dns: PrivateDnsNameOptionsRequest,
    pub(super) auto_recovery: Option<String>,
    pub(super) shutdown_behavior: String,
    pub(super) monitoring: bool,
    pub(super) ebs_optimized: bool,
    pub(super) disable_api_termination: bool,
    pub(super) disable_api_stop: bool,
    pub(super) tags: TagSpecifications,
    pub(super) token: Option<Token>,
}
