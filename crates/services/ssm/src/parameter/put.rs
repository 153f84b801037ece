//! PutParameter.

use super::delete::remove_with_versions;
use super::name::{check_new, record_id};
use super::policy::{self, Policies};
use super::read::{is_live, seal_context, version_id};
use crate::faults;
use crate::pattern::{self, Mismatch};
use crate::service::SsmCall;
use crate::setting::{DEFAULT_PARAMETER_TIER, value as setting_value};
use crate::tags::tag_map;
use api_ssm::{PutParameterRequest, PutParameterResult};
use aws_schema::Fault;
use base64::Engine as _;
use contracts::Reply;
use records::ssm::{Parameter, ParameterCount, ParameterVersion, StoredValue};
use state_store::typed::{Scope, Tx};
use std::collections::BTreeMap;

/// Most versions kept (user guide, "parameter versions").
const MOST_VERSIONS: i64 = 100;
/// Quotas per account and region.
const MOST_STANDARD: u32 = 10_000;
/// The same of the advanced tier.
const MOST_ADVANCED: u32 = 100_000;
/// Longest values in characters, as AWS counts them.
const STANDARD_LENGTH: usize = 4096;
/// The same of the advanced tier.
const ADVANCED_LENGTH: usize = 8192;
/// Where AWS's messages send their readers.
const GUIDE: &str =
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html";

/// The parts of a request that were checked without looking at the store.
struct Asked<'a> {
    input: &'a PutParameterRequest,
    name: &'a str,
    kind: Option<String>,
    data_type: Option<String>,
    policies: Option<Policies>,
    tags: BTreeMap<String, String>,
    /// The value sealed: every type lies encrypted on disk.
    sealed: String,
}

/// PutParameter.
///
/// Errors: `ParameterAlreadyExists`, `ParameterLimitExceeded`, `ParameterMaxVersionLimitExceeded`,
/// `HierarchyLevelLimitExceededException`, `HierarchyTypeMismatchException`, those of patterns, policies, keys and types,
/// and `ValidationException` for names, values and tiers.
pub(crate) async fn put(call: SsmCall, input: PutParameterRequest) -> Reply<PutParameterResult> {
    let asked = check(&call, &input)?;
    let done = call.platform.transact(|tx| write(&call, tx, &asked)).await?;
    let (version, tier) = done.value;
    Ok(PutParameterResult { version: Some(version), tier: Some(tier.into()) })
}

/// Checks everything that needs no look into the store.
fn check<'a>(call: &SsmCall, input: &'a PutParameterRequest) -> Result<Asked<'a>, Fault> {
    let name = check_new(&call.caller, input.name())?;
    let overwrite = input.overwrite.unwrap_or(false);
    let tags = tag_map(input.tags.as_deref().unwrap_or_default())?;
    if overwrite && !tags.is_empty() {
        return Err(faults::validation(
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove \
             overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or \
             RemoveTagsFromResource.",
        ));
    }
    if input.value().is_empty() {
        return Err(faults::validation(
            "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length \
             greater than or equal to 1.",
        ));
    }
    let kind = input.type_.as_ref().map(|t| t.as_str().to_owned());
    if kind.as_deref().is_some_and(|k| !matches!(k, "String" | "StringList" | "SecureString")) {
        return Err(faults::unsupported_parameter_type());
    }
    let data_type = input.data_type.clone().filter(|d| !d.is_empty());
    if let Some(data_type) = data_type.as_deref().filter(|d| !matches!(*d, "text" | "aws:ec2:image")) {
        return Err(faults::validation(format!(
            "The following data type is not supported: {data_type} (Data type names are all lowercase.)"
        )));
    }
    if let Some(key) = &input.key_id {
        check_key(call, key)?;
    }
    let policies = input.policies.as_deref().map(|text| policy::parse(text, call.now())).transpose()?;
    let context = seal_context(call.scope(), record_id(name));
    let sealed = call.platform.sealer.seal(&context, input.value().as_bytes());
    let sealed = base64::engine::general_purpose::STANDARD.encode(sealed.map_err(|e| faults::sealed(&e))?);
    Ok(Asked { input, name, kind, data_type, policies, tags, sealed })
}

/// There is no KMS here yet, so the only key that exists is the service's own.
fn check_key(call: &SsmCall, key: &str) -> Result<(), Fault> {
    if key == "alias/aws/ssm" || key == call.caller.arn("kms", "alias/aws/ssm") {
        return Ok(());
    }
    Err(faults::invalid_key_id(key))
}

/// The transaction: checks against what is there, picks version and tier, writes. Sealing happened before, so that a
/// repeated attempt costs little.
fn write(call: &SsmCall, tx: &mut Tx<'_>, asked: &Asked<'_>) -> Result<(i64, String), Fault> {
    let (scope, now, input) = (call.scope(), call.now(), asked.input);
    let id = record_id(asked.name);
    let mut existing = tx.get::<Parameter>(scope, id);
    if let Some(expired) = existing.as_ref().filter(|p| !is_live(p, now)) {
        remove_with_versions(tx, scope, expired);
        existing = None;
    }
    if existing.is_some() && !input.overwrite.unwrap_or(false) {
        return Err(faults::parameter_exists());
    }
    let before = existing.as_deref().map(|p| &p.current);
    let kind = match (before, &asked.kind) {
        (None, None) => {
            return Err(faults::validation("A parameter type is required when you create a parameter."));
        }
        (None, Some(kind)) => kind.clone(),
        (Some(before), None) => before.kind.clone(),
        (Some(before), Some(kind)) => {
            // String and StringList may become each other; to or from SecureString would strand the old versions.
            if *kind != before.kind && (kind == "SecureString" || before.kind == "SecureString") {
                return Err(faults::type_mismatch());
            }
            kind.clone()
        }
    };
    let secure = kind == "SecureString";
    if !secure && let Some(key) = &input.key_id {
        return Err(faults::validation(format!(
            "KeyId {key} is not supported for parameters of type {kind}."
        )));
    }
    let data_type =
        keep(asked.data_type.as_ref(), before.map(|b| &b.data_type)).unwrap_or_else(|| "text".to_owned());
    check_data_type(&data_type, &kind, input.value())?;
    let allowed_pattern =
        keep(input.allowed_pattern.as_ref(), before.and_then(|b| b.allowed_pattern.as_ref()));
    match pattern::check(allowed_pattern.as_deref().unwrap_or(""), input.value()) {
        Ok(()) => {}
        Err(Mismatch::BadPattern) => return Err(faults::invalid_allowed_pattern()),
        Err(Mismatch::Value) => {
            return Err(faults::pattern_mismatch(allowed_pattern.as_deref().unwrap_or("")));
        }
    }
    let policies = match (&asked.policies, existing.as_deref()) {
        (Some(policies), _) => policies.clone(),
        (None, Some(p)) => Policies { texts: p.current.policies.clone(), expires: p.expires },
        (None, None) => Policies::default(),
    };
    let tier = assign_tier(tx, scope, input, before, &policies)?;
    let number = before.map_or(1, |b| b.version + 1);
    let mut parameter = match existing.as_deref() {
        Some(existing) => existing.clone(),
        None => Parameter {
            id: id.to_owned(),
            name: asked.name.to_owned(),
            current: empty_version(id),
            oldest: 1,
            labels: BTreeMap::new(),
            tags: asked.tags.clone(),
            expires: None,
        },
    };
    if let Some(before) = before {
        drop_oldest(tx, scope, &mut parameter, number)?;
        tx.put(scope, before.clone());
    }
    let key_id = keep(input.key_id.as_ref(), before.and_then(|b| b.key_id.as_ref()));
    parameter.current = ParameterVersion {
        id: version_id(id, number),
        version: number,
        kind,
        value: if secure {
            StoredValue::Secret(asked.sealed.clone())
        } else {
            StoredValue::Text(asked.sealed.clone())
        },
        data_type,
        description: keep(input.description.as_ref(), before.and_then(|b| b.description.as_ref())),
        allowed_pattern,
        key_id: secure.then(|| key_id.unwrap_or_else(|| "alias/aws/ssm".to_owned())),
        tier: tier.clone(),
        policies: policies.texts,
        modified: now,
        modified_by: call.caller.principal.arn.clone(),
    };
    parameter.expires = policies.expires;
    tx.put(scope, parameter);
    Ok((number, tier))
}

/// What the caller gave, or what the version before had; empty text takes it away.
fn keep(asked: Option<&String>, before: Option<&String>) -> Option<String> {
    asked.or(before).filter(|text| !text.is_empty()).cloned()
}

/// Stands where a new parameter's first version will; never written.
fn empty_version(id: &str) -> ParameterVersion {
    ParameterVersion {
        id: version_id(id, 0),
        version: 0,
        kind: String::new(),
        value: StoredValue::Text(String::new()),
        data_type: String::new(),
        description: None,
        allowed_pattern: None,
        key_id: None,
        tier: String::new(),
        policies: Vec::new(),
        modified: 0,
        modified_by: String::new(),
    }
}

/// `aws:ec2:image` wants the id of an image; whether the image exists is not asked, as AWS asks only later.
fn check_data_type(data_type: &str, kind: &str, value: &str) -> Result<(), Fault> {
    if data_type != "aws:ec2:image" {
        return Ok(());
    }
    if kind != "String" {
        return Err(faults::validation(
            "The data type aws:ec2:image is only supported for parameters of type String.",
        ));
    }
    let digits = value.strip_prefix("ami-").unwrap_or("");
    let right =
        matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if right {
        return Ok(());
    }
    Err(faults::validation(format!("The value {value} is not in the AMI ID format ami-12345abcdeEXAMPLE.")))
}

/// Picks the tier, checks its limits and counts the parameter.
fn assign_tier(
    tx: &mut Tx<'_>,
    scope: &Scope,
    input: &PutParameterRequest,
    before: Option<&ParameterVersion>,
    policies: &Policies,
) -> Result<String, Fault> {
    let wanted = match (&input.tier, before) {
        (Some(tier), _) => tier.as_str().to_owned(),
        // Without a word on the tier an existing parameter stays where it is.
        (None, Some(before)) => before.tier.clone(),
        (None, None) => setting_value(tx, scope, DEFAULT_PARAMETER_TIER),
    };
    let was_advanced = before.is_some_and(|b| b.tier == "Advanced");
    let length = input.value().chars().count();
    let needs_advanced = length > STANDARD_LENGTH || !policies.texts.is_empty();
    let advanced = match wanted.as_str() {
        "Advanced" => true,
        "Standard" if was_advanced => {
            return Err(faults::validation(format!(
                "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the \
                 advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced \
                 parameter and recreate it as a standard parameter. For more information, see {GUIDE}"
            )));
        }
        "Standard" => false,
        _ => {
            needs_advanced
                || was_advanced
                || (before.is_none() && counted(tx, scope).standard >= MOST_STANDARD)
        }
    };
    if !advanced && length > STANDARD_LENGTH {
        return Err(faults::validation(format!(
            "Standard tier parameters support a maximum parameter value of {STANDARD_LENGTH} characters. To create a \
             larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see {GUIDE}"
        )));
    }
    if advanced && length > ADVANCED_LENGTH {
        return Err(faults::validation(format!(
            "Advanced tier parameters support a maximum parameter value of {ADVANCED_LENGTH} characters."
        )));
    }
    if !advanced && !policies.texts.is_empty() {
        return Err(faults::validation(format!(
            "Parameter policies are not supported for standard-tier parameters. To use parameter policies, upgrade the \
             parameter to the advanced-parameter tier. For more information, see {GUIDE}"
        )));
    }
    if before.is_none() || advanced != was_advanced {
        let mut count = counted(tx, scope);
        let (field, limit, tier) = if advanced {
            (&mut count.advanced, MOST_ADVANCED, "Advanced")
        } else {
            (&mut count.standard, MOST_STANDARD, "Standard")
        };
        if *field >= limit {
            return Err(faults::parameter_limit(tier, limit));
        }
        *field += 1;
        if before.is_some() {
            count.standard = count.standard.saturating_sub(1);
        }
        tx.put(scope, count);
    }
    Ok(if advanced { "Advanced" } else { "Standard" }.to_owned())
}

/// How many there are. Only what changes the number reads it, so that updates do not get in each other's way.
fn counted(tx: &mut Tx<'_>, scope: &Scope) -> ParameterCount {
    let none = || ParameterCount { id: "parameters".to_owned(), ..ParameterCount::default() };
    tx.get::<ParameterCount>(scope, "parameters").map_or_else(none, |count| (*count).clone())
}

/// Makes room for version `number`: the oldest goes, unless a label holds it.
fn drop_oldest(tx: &mut Tx<'_>, scope: &Scope, parameter: &mut Parameter, number: i64) -> Result<(), Fault> {
    while number - parameter.oldest >= MOST_VERSIONS {
        if parameter.labels.values().any(|version| *version == parameter.oldest) {
            return Err(faults::too_many_versions(&parameter.name, parameter.oldest));
        }
        tx.delete::<ParameterVersion>(scope, &version_id(&parameter.id, parameter.oldest));
        parameter.oldest += 1;
    }
    Ok(())
}
