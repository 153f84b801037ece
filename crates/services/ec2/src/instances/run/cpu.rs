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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance_types::find;

    fn asked(cores: Option<i32>, threads: Option<i32>) -> Option<CpuOptionsRequest> {
        Some(CpuOptionsRequest { core_count: cores, threads_per_core: threads, ..Default::default() })
    }

    #[test]
    fn only_what_the_type_offers() {
        let its_type = find("m5.4xlarge").unwrap();
        for (cores, threads, valid) in
            [(8, 2, true), (2, 1, true), (3, 1, false), (8, 3, false), (10, 1, false), (0, 1, false)]
        {
            let given = options(asked(Some(cores), Some(threads)), its_type);
            assert_eq!(given.is_ok(), valid, "{cores} cores, {threads} threads");
        }
        assert_eq!(options(None, its_type), Ok(None));
        assert_eq!(options(asked(None, None), its_type), Ok(None));
        let fault = options(asked(None, Some(1)), its_type).unwrap_err();
        assert_eq!(fault.code, "InvalidParameterCombination");
    }

    #[test]
    fn graviton_has_one_thread_and_any_number_of_cores() {
        let its_type = find("m6g.2xlarge").unwrap();
        assert_eq!(options(asked(Some(5), Some(1)), its_type), Ok(Some((5, 1))));
        assert!(options(asked(Some(4), Some(2)), its_type).is_err());
    }

    #[test]
    fn credits_belong_to_burstable_types() {
        let word = |word: &str| Some(CreditSpecificationRequest { cpu_credits: Some(word.to_owned()) });
        let credit = |name: &str, wanted| credits(wanted, find(name).unwrap());
        assert_eq!(credit("t3.micro", None).unwrap().as_deref(), Some("unlimited"));
        assert_eq!(credit("t2.micro", None).unwrap().as_deref(), Some("standard"));
        assert_eq!(credit("t3.micro", word("standard")).unwrap().as_deref(), Some("standard"));
        assert_eq!(credit("m5.large", None), Ok(None));
        assert_eq!(credit("m5.large", word("standard")).unwrap_err().code, "InvalidParameterCombination");
        assert_eq!(credit("t3.micro", word("many")).unwrap_err().code, "InvalidParameterValue");
    }
}
