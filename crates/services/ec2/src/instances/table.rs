//! The operations on instances, instance types, images and key pairs.

use super::{
    attributes, console, credits, describe, metadata_options, monitoring, profiles, run, state, status,
    volumes,
};
use crate::{Ec2, images, instance_types, key_pairs};
use api_ec2::ops;
use contracts::ServiceTable;
use std::sync::Arc;

/// Adds them.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    instance_types::table::add(table, service);
    images::table::add(table, service);
    key_pairs::table::add(table, service);
    contracts::operations!(table, service, {
        RunInstances => run::run_instances,
        DescribeInstances => describe::describe_instances,
        DescribeInstanceStatus => status::describe_instance_status,
        StartInstances => state::start_instances,
        StopInstances => state::stop_instances,
        RebootInstances => state::reboot_instances,
        TerminateInstances => state::terminate_instances,
        DescribeInstanceAttribute => attributes::describe_instance_attribute,
        ModifyInstanceAttribute => attributes::modify_instance_attribute,
        ResetInstanceAttribute => attributes::reset_instance_attribute,
        DescribeInstanceCreditSpecifications => credits::describe_instance_credit_specifications,
        MonitorInstances => monitoring::monitor_instances,
        UnmonitorInstances => monitoring::unmonitor_instances,
        DescribeVolumes => volumes::describe_volumes,
        GetConsoleOutput => console::get_console_output,
        GetPasswordData => console::get_password_data,
        ModifyInstanceMetadataOptions => metadata_options::modify_instance_metadata_options,
        GetInstanceMetadataDefaults => metadata_options::get_instance_metadata_defaults,
        ModifyInstanceMetadataDefaults => metadata_options::modify_instance_metadata_defaults,
        AssociateIamInstanceProfile => profiles::associate_iam_instance_profile,
        DisassociateIamInstanceProfile => profiles::disassociate_iam_instance_profile,
        ReplaceIamInstanceProfileAssociation => profiles::replace_iam_instance_profile_association,
        DescribeIamInstanceProfileAssociations => profiles::describe_iam_instance_profile_associations,
    });
}
