//! What a ModifyInstanceAttribute request wants: exactly one attribute, in one of two forms.

use crate::faults;
use crate::instances::run::check_shutdown_behavior;
use crate::instances::user_data;
use api_ec2::{InstanceBlockDeviceMappingSpecification, ModifyInstanceAttributeRequest};
use aws_schema::Fault;

/// One attribute with its new value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    InstanceType(String),
    /// Base64; `None` takes user data away.
    UserData(Option<String>),
    DisableApiTermination(bool),
    DisableApiStop(bool),
    ShutdownBehavior(String),
    SourceDestCheck(bool),
    /// Ids of security groups.
    Groups(Vec<String>),
    EbsOptimized(bool),
    /// Device names with their delete-on-termination flags.
    Devices(Vec<(String, bool)>),
    /// Every machine has it already.
    EnaSupport,
}

/// Reads a request.
///
/// # Errors
/// `InvalidParameterCombination` for none or several attributes, `InvalidParameterValue` for bad values,
/// `UnsupportedOperation` for attributes this cloud does not have.
pub(super) fn parse(input: ModifyInstanceAttributeRequest) -> Result<Wanted, Fault> {
    // Everything given is collected first: AWS refuses more than one attribute rather than taking the first.
    let mut all: Vec<Wanted> = Vec::new();
    if let Some(attribute) = input.attribute {
        let devices = input.block_device_mappings.is_some() && attribute.as_str() == "blockDeviceMapping";
        if !devices {
            all.push(named(attribute.as_str(), input.value)?);
        }
    } else if input.value.is_some() {
        return Err(faults::missing_parameter("Attribute"));
    }
    let text = |value: Option<api_ec2::AttributeValue>| value.map(|v| v.value.unwrap_or_default());
    let flag = |value: Option<api_ec2::AttributeBooleanValue>| value.map(|v| v.value.unwrap_or(false));
    all.extend(text(input.instance_type).map(Wanted::InstanceType));
    if let Some(data) = input.user_data {
        all.push(Wanted::UserData(user_data::encode(&data.value.unwrap_or_default())?));
    }
    all.extend(flag(input.disable_api_termination).map(Wanted::DisableApiTermination));
    all.extend(flag(input.disable_api_stop).map(Wanted::DisableApiStop));
    if let Some(word) = text(input.instance_initiated_shutdown_behavior) {
        check_shutdown_behavior(&word)?;
        all.push(Wanted::ShutdownBehavior(word));
    }
    all.extend(flag(input.source_dest_check).map(Wanted::SourceDestCheck));
    all.extend(input.groups.filter(|groups| !groups.is_empty()).map(Wanted::Groups));
    all.extend(flag(input.ebs_optimized).map(Wanted::EbsOptimized));
    if let Some(mappings) = input.block_device_mappings.filter(|m| !m.is_empty()) {
        all.push(devices(mappings)?);
    }
    if let Some(ena) = flag(input.ena_support) {
        all.push(ena_support(ena)?);
    }
    let refused = [
        (input.kernel.is_some(), "Kernel"),
        (input.ramdisk.is_some(), "Ramdisk"),
        (input.sriov_net_support.is_some(), "SriovNetSupport"),
        (input.enclave_options.is_some(), "EnclaveOptions"),
    ];
    if let Some((_, name)) = refused.iter().find(|(given, _)| *given) {
        return Err(faults::unsupported_parameter(name));
    }
    let mut all = all.into_iter();
    match (all.next(), all.next()) {
        (None, _) => Err(faults::invalid_combination("No attributes specified.")),
        (Some(one), None) => Ok(one),
        _ => Err(faults::invalid_combination("Fields for multiple attribute types specified.")),
    }
}

fn ena_support(wanted: bool) -> Result<Wanted, Fault> {
    if wanted { Ok(Wanted::EnaSupport) } else { Err(faults::unsupported_parameter("EnaSupport=false")) }
}

/// The old form: attribute name and value as text.
fn named(attribute: &str, value: Option<String>) -> Result<Wanted, Fault> {
    let value = faults::required(value, "Value")?;
    let flag = || match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(faults::invalid_value("value", &value, "Expecting true or false.")),
    };
    Ok(match attribute {
        "instanceType" => Wanted::InstanceType(value),
        "userData" => Wanted::UserData(user_data::check(&value)?),
        "disableApiTermination" => Wanted::DisableApiTermination(flag()?),
        "disableApiStop" => Wanted::DisableApiStop(flag()?),
        "instanceInitiatedShutdownBehavior" => {
            check_shutdown_behavior(&value)?;
            Wanted::ShutdownBehavior(value)
        }
        "sourceDestCheck" => Wanted::SourceDestCheck(flag()?),
        "ebsOptimized" => Wanted::EbsOptimized(flag()?),
        "enaSupport" => ena_support(flag()?)?,
        "groupSet" => Wanted::Groups(vec![value]),
        "kernel" | "ramdisk" | "sriovNetSupport" | "enclaveOptions" => {
            return Err(faults::unsupported_parameter(attribute));
        }
        other => {
            return Err(faults::invalid_value("attribute", other, "The attribute cannot be modified."));
        }
    })
}

fn devices(mappings: Vec<InstanceBlockDeviceMappingSpecification>) -> Result<Wanted, Fault> {
    let mut all = Vec::new();
    for mapping in mappings {
        let name = faults::required(mapping.device_name, "deviceName")?;
        if mapping.no_device.is_some() || mapping.virtual_name.is_some() {
            return Err(faults::unsupported_parameter("BlockDeviceMapping.NoDevice"));
        }
        if let Some(delete) = mapping.ebs.and_then(|ebs| ebs.delete_on_termination) {
            all.push((name, delete));
        }
    }
    Ok(Wanted::Devices(all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use api_ec2::{AttributeBooleanValue, AttributeValue, EnclaveOptionsRequest};

    fn named_as(attribute: &'static str, value: &str) -> Result<Wanted, Fault> {
        parse(ModifyInstanceAttributeRequest {
            attribute: Some(attribute.into()),
            value: Some(value.into()),
            ..Default::default()
        })
    }

    #[test]
    fn the_old_form_means_the_same_as_the_new_one() {
        let flag = |value| Some(AttributeBooleanValue { value: Some(value) });
        let new = ModifyInstanceAttributeRequest { ebs_optimized: flag(true), ..Default::default() };
        assert_eq!(parse(new), named_as("ebsOptimized", "true"));
        let new = ModifyInstanceAttributeRequest { source_dest_check: flag(false), ..Default::default() };
        assert_eq!(parse(new), named_as("sourceDestCheck", "False"));
        let new = ModifyInstanceAttributeRequest {
            instance_type: Some(AttributeValue { value: Some("t3.nano".into()) }),
            ..Default::default()
        };
        assert_eq!(parse(new), named_as("instanceType", "t3.nano"));
        assert_eq!(named_as("groupSet", "sg-1"), Ok(Wanted::Groups(vec!["sg-1".into()])));
        assert_eq!(named_as("userData", ""), Ok(Wanted::UserData(None)));
    }

    #[test]
    fn a_value_without_a_name_and_a_name_without_a_value() {
        let nameless = ModifyInstanceAttributeRequest { value: Some("x".into()), ..Default::default() };
        assert_eq!(parse(nameless).unwrap_err().code, "MissingParameter");
        let valueless =
            ModifyInstanceAttributeRequest { attribute: Some("userData".into()), ..Default::default() };
        assert_eq!(parse(valueless).unwrap_err().code, "MissingParameter");
    }

    #[test]
    fn what_machines_do_not_have() {
        let enclave = ModifyInstanceAttributeRequest {
            enclave_options: Some(EnclaveOptionsRequest { enabled: Some(true) }),
            ..Default::default()
        };
        assert_eq!(parse(enclave).unwrap_err().code, "UnsupportedOperation");
        for name in ["kernel", "ramdisk", "sriovNetSupport"] {
            assert_eq!(named_as(name, "x").unwrap_err().code, "UnsupportedOperation", "{name}");
        }
        assert_eq!(named_as("enaSupport", "true"), Ok(Wanted::EnaSupport));
        assert_eq!(named_as("enaSupport", "false").unwrap_err().code, "UnsupportedOperation");
        assert_eq!(named_as("productCodes", "x").unwrap_err().code, "InvalidParameterValue");
    }
}
