//! CPU options and credits of a launch.

use crate::faults;
use crate::instance_types::InstanceType;
use api_ec2::{CpuOptionsRequest, CreditSpecificationRequest};
use aws_schema::Fault;

fn list(values: &[i32]) -> String {
    let words: Vec<String> = values.iter().map(i32::to_string).collect();
    words.join(", ")
}

/// Cores and threads per core, when the request names other ones than the type's.
///
/// # Errors
/// `InvalidParameterValue` for numbers the type does not offer, `InvalidParameterCombination` for one without the other.
pub(super) fn options(
    wanted: Option<CpuOptionsRequest>,
    its_type: &InstanceType,
) -> Result<Option<(i32, i32)>, Fault> {
    let Some(wanted) = wanted else { return Ok(None) };
    if wanted.amd_sev_snp.is_some_and(|snp| snp.as_str() == "enabled") {
        return Err(faults::unsupported_parameter("CpuOptions.AmdSevSnp"));
    }
    if wanted.nested_virtualization.is_some_and(|nested| nested.as_str() == "enabled") {
        return Err(faults::unsupported_parameter("CpuOptions.NestedVirtualization"));
    }
    let (cores, threads) = match (wanted.core_count, wanted.threads_per_core) {
        (None, None) => return Ok(None),
        (Some(cores), Some(threads)) => (cores, threads),
        _ => {
            return Err(faults::invalid_combination(
                "The parameters CpuOptions.CoreCount and CpuOptions.ThreadsPerCore must be specified together",
            ));
        }
    };
    if !its_type.valid_cores().contains(&cores) {
        return Err(faults::invalid_value(
            "CpuOptions.CoreCount",
            &cores.to_string(),
            &format!("Valid values for {} are: {}", its_type.name, list(&its_type.valid_cores())),
        ));
    }
    if !its_type.valid_threads().contains(&threads) {
        return Err(faults::invalid_value(
            "CpuOptions.ThreadsPerCore",
            &threads.to_string(),
            &format!("Valid values for {} are: {}", its_type.name, list(&its_type.valid_threads())),
        ));
    }
    Ok(Some((cores, threads)))
}

/// Credit option of a burstable machine.
///
/// # Errors
/// `InvalidParameterCombination` for other machines, `InvalidParameterValue` for other words.
pub(super) fn credits(
    wanted: Option<CreditSpecificationRequest>,
    its_type: &InstanceType,
) -> Result<Option<String>, Fault> {
    let wanted = wanted.and_then(|specification| specification.cpu_credits);
    match (wanted, its_type.is_burstable()) {
        (None, true) => Ok(Some(its_type.default_credits().to_owned())),
        (None, false) => Ok(None),
        (Some(_), false) => Err(faults::invalid_combination(format!(
            "The CPU credits option is supported for burstable performance instance types only, not for {}",
            its_type.name
        ))),
        (Some(word), true) if word == "standard" || word == "unlimited" => Ok(Some(word)),
        (Some(word), true) => {
            Err(faults::invalid_value("CpuCredits", &word, "Valid values are: standard, unlimited"))
        }
    }
}
