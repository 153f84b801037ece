//! `LogFormat`: the fields of a record and their order (AWS: "Flow log records").

use super::invalid;
use aws_schema::Fault;

/// What a flow log without `LogFormat` writes: version 2.
pub(super) const DEFAULT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} \
    ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";
/// Longest format accepted; every field once is far below.
const LONGEST: usize = 4096;

/// Every field of flow logs of VPCs, subnets and interfaces, by the version that brought it.
const FIELDS: &[&str] = &[
    // version 2
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
    // 3
    "vpc-id",
    "subnet-id",
    "instance-id",
    "tcp-flags",
    "type",
    "pkt-srcaddr",
    "pkt-dstaddr",
    // 4
    "region",
    "az-id",
    "sublocation-type",
    "sublocation-id",
    // 5
    "pkt-src-aws-service",
    "pkt-dst-aws-service",
    "flow-direction",
    "traffic-path",
    // 7
    "ecs-cluster-arn",
    "ecs-cluster-name",
    "ecs-container-instance-arn",
    "ecs-container-instance-id",
    "ecs-container-id",
    "ecs-second-container-id",
    "ecs-service-name",
    "ecs-task-definition-arn",
    "ecs-task-arn",
    "ecs-task-id",
    // 8
    "reject-reason",
    // 9
    "resource-id",
    // 10
    "encryption-status",
];

/// The format in its plain form: fields as `${name}` with one space between.
///
/// # Errors
/// `InvalidParameter` for anything that is no field, and for a field given twice.
pub(super) fn parse(text: Option<&str>) -> Result<String, Fault> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(DEFAULT.to_owned()) };
    if text.len() > LONGEST {
        return Err(invalid("LogFormat is too long."));
    }
    let mut fields: Vec<&str> = Vec::new();
    for word in text.split_ascii_whitespace() {
        let shown: String = word.chars().take(100).collect();
        let name = word.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        let name = name.filter(|name| FIELDS.contains(name));
        let name = name.ok_or_else(|| invalid(format!("Unknown field in LogFormat: {shown}")))?;
        if fields.contains(&name) {
            return Err(invalid(format!("Duplicate field in LogFormat: {shown}")));
        }
        fields.push(name);
    }
    if fields.is_empty() {
        return Err(invalid("LogFormat has no fields."));
    }
    Ok(fields.iter().map(|name| format!("${{{name}}}")).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        assert_eq!(parse(None).unwrap(), DEFAULT);
        assert_eq!(parse(Some(DEFAULT)).unwrap(), DEFAULT, "the default is itself a valid format");
        assert_eq!(parse(Some("  ${srcaddr}   ${flow-direction} ")).unwrap(), "${srcaddr} ${flow-direction}");
        for field in FIELDS {
            parse(Some(&format!("${{{field}}}"))).unwrap();
        }
        let long = "${version} ".repeat(500);
        for bad in [
            " ",
            "srcaddr",
            "${}",
            "${colour}",
            "${srcaddr",
            "${srcaddr}${dstaddr}",
            "${tgw-id}",
            long.as_str(),
        ] {
            assert_eq!(parse(Some(bad)).unwrap_err().code, "InvalidParameter", "{bad}");
        }
        assert_eq!(parse(Some("${srcaddr} ${srcaddr}")).unwrap_err().code, "InvalidParameter");
    }
}
