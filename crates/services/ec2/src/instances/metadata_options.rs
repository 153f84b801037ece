//! Options of the instance metadata service: at launch, on an instance, and the account's defaults.

use crate::Ec2;
use crate::faults;
use crate::lookup::find_mut;
use crate::resource_kind::ResourceKind;
use api_ec2::{
    GetInstanceMetadataDefaultsRequest, GetInstanceMetadataDefaultsResult, InstanceMetadataDefaultsResponse,
    InstanceMetadataOptionsRequest, InstanceMetadataOptionsResponse, ModifyInstanceMetadataDefaultsRequest,
    ModifyInstanceMetadataDefaultsResult, ModifyInstanceMetadataOptionsRequest,
    ModifyInstanceMetadataOptionsResult,
};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{Instance, InstanceState, MetadataDefaults, MetadataOptions};
use state_store::typed::{Scope, Tx};

const DEFAULT_ID: &str = "default";

/// 1–64 hops.
fn check_hops(hops: i32) -> Result<i32, Fault> {
    if (1..=64).contains(&hops) {
        return Ok(hops);
    }
    Err(faults::invalid_value(
        "HttpPutResponseHopLimit",
        &hops.to_string(),
        "The value must be between 1 and 64.",
    ))
}

/// One of two words.
fn check_word(parameter: &str, value: &str, words: [&str; 2]) -> Result<String, Fault> {
    if words.contains(&value) {
        Ok(value.to_owned())
    } else {
        Err(faults::invalid_value(parameter, value, ""))
    }
}

const TOKENS: [&str; 2] = ["optional", "required"];
const SWITCH: [&str; 2] = ["enabled", "disabled"];

/// Options of a launch. What the request leaves open comes from the account's defaults, then from the image, then from
/// AWS's own defaults (User Guide, "Order of precedence for instance metadata options").
pub(super) fn at_launch(
    tx: &mut Tx<'_>,
    scope: &Scope,
    request: Option<&InstanceMetadataOptionsRequest>,
    image_wants_v2: bool,
) -> Result<MetadataOptions, Fault> {
    let defaults = tx.get::<MetadataDefaults>(scope, DEFAULT_ID);
    let defaults = defaults.as_deref();
    let pick = |from_defaults: Option<&String>, otherwise: &str| {
        from_defaults.cloned().unwrap_or_else(|| otherwise.to_owned())
    };
    let mut options = MetadataOptions {
        http_tokens: pick(
            defaults.and_then(|d| d.http_tokens.as_ref()),
            if image_wants_v2 { "required" } else { "optional" },
        ),
        http_endpoint: pick(defaults.and_then(|d| d.http_endpoint.as_ref()), "enabled"),
        http_put_response_hop_limit: defaults
            .and_then(|d| d.http_put_response_hop_limit)
            .unwrap_or(if image_wants_v2 { 2 } else { 1 }),
        http_protocol_ipv6: "disabled".to_owned(),
        instance_metadata_tags: pick(defaults.and_then(|d| d.instance_metadata_tags.as_ref()), "disabled"),
    };
    if let Some(request) = request {
        apply(
            &mut options,
            ModifyInstanceMetadataOptionsRequest {
                http_tokens: request.http_tokens.clone(),
                http_put_response_hop_limit: request.http_put_response_hop_limit,
                http_endpoint: request.http_endpoint.clone(),
                http_protocol_ipv6: request.http_protocol_ipv6.clone(),
                instance_metadata_tags: request.instance_metadata_tags.clone(),
                ..ModifyInstanceMetadataOptionsRequest::default()
            },
        )?;
    }
    Ok(options)
}

/// Sets what the request names.
fn apply(options: &mut MetadataOptions, wanted: ModifyInstanceMetadataOptionsRequest) -> Result<(), Fault> {
    if let Some(tokens) = wanted.http_tokens {
        options.http_tokens = check_word("HttpTokens", tokens.as_str(), TOKENS)?;
    }
    if let Some(endpoint) = wanted.http_endpoint {
        options.http_endpoint = check_word("HttpEndpoint", endpoint.as_str(), SWITCH)?;
    }
    if let Some(hops) = wanted.http_put_response_hop_limit {
        options.http_put_response_hop_limit = check_hops(hops)?;
    }
    if let Some(ipv6) = wanted.http_protocol_ipv6 {
        options.http_protocol_ipv6 = check_word("HttpProtocolIpv6", ipv6.as_str(), SWITCH)?;
    }
    if let Some(tags) = wanted.instance_metadata_tags {
        options.instance_metadata_tags = check_word("InstanceMetadataTags", tags.as_str(), SWITCH)?;
    }
    Ok(())
}

/// The API's form; a change is applied as soon as it is recorded.
pub(super) fn to_api(options: &MetadataOptions) -> InstanceMetadataOptionsResponse {
    InstanceMetadataOptionsResponse {
        state: Some("applied".into()),
        http_tokens: Some(options.http_tokens.clone().into()),
        http_put_response_hop_limit: Some(options.http_put_response_hop_limit),
        http_endpoint: Some(options.http_endpoint.clone().into()),
        http_protocol_ipv6: Some(options.http_protocol_ipv6.clone().into()),
        instance_metadata_tags: Some(options.instance_metadata_tags.clone().into()),
    }
}

/// ModifyInstanceMetadataOptions.
pub(super) async fn modify_instance_metadata_options(
    call: Call<Ec2>,
    input: ModifyInstanceMetadataOptionsRequest,
) -> Reply<ModifyInstanceMetadataOptionsResult> {
    let id = faults::required(input.instance_id.clone(), "InstanceId")?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut instance = find_mut::<Instance>(tx, scope, ResourceKind::Instance, &id)?;
        if matches!(instance.state, InstanceState::ShuttingDown | InstanceState::Terminated) {
            return Err(super::faults::incorrect_state(format!(
                "The instance '{id}' is not in a state from which its metadata options can be modified."
            )));
        }
        apply(&mut instance.metadata_options, input.clone())?;
        let options = instance.metadata_options.clone();
        tx.put(scope, instance);
        Ok(options)
    });
    let options = changed.await?.value;
    // AWS answers `pending` here and `applied` from then on.
    let shown = InstanceMetadataOptionsResponse { state: Some("pending".into()), ..to_api(&options) };
    Ok(ModifyInstanceMetadataOptionsResult { instance_id: Some(id), instance_metadata_options: Some(shown) })
}

/// GetInstanceMetadataDefaults.
pub(super) async fn get_instance_metadata_defaults(
    call: Call<Ec2>,
    _: GetInstanceMetadataDefaultsRequest,
) -> Reply<GetInstanceMetadataDefaultsResult> {
    let defaults = call.store().get::<MetadataDefaults>(call.scope(), DEFAULT_ID);
    let shown = defaults.map(|d| InstanceMetadataDefaultsResponse {
        http_tokens: d.http_tokens.clone().map(Into::into),
        http_put_response_hop_limit: d.http_put_response_hop_limit,
        http_endpoint: d.http_endpoint.clone().map(Into::into),
        instance_metadata_tags: d.instance_metadata_tags.clone().map(Into::into),
        managed_by: Some("account".into()),
        ..InstanceMetadataDefaultsResponse::default()
    });
    Ok(GetInstanceMetadataDefaultsResult { account_level: Some(shown.unwrap_or_default()) })
}

/// ModifyInstanceMetadataDefaults. `no-preference` (and -1 hops) takes a default away.
pub(super) async fn modify_instance_metadata_defaults(
    call: Call<Ec2>,
    input: ModifyInstanceMetadataDefaultsRequest,
) -> Reply<ModifyInstanceMetadataDefaultsResult> {
    if input.http_tokens_enforced.as_ref().is_some_and(|e| e.as_str() == "enabled") {
        return Err(faults::unsupported_parameter("HttpTokensEnforced"));
    }
    // Outer option: whether the request names it; inner one: whether there is a default from now on.
    let word = |name: &str, value: Option<&str>, words: [&str; 2]| match value {
        None => Ok(None),
        Some("no-preference") => Ok(Some(None)),
        Some(value) => check_word(name, value, words).map(|word| Some(Some(word))),
    };
    let tokens = word("HttpTokens", input.http_tokens.as_ref().map(|v| v.as_str()), TOKENS)?;
    let endpoint = word("HttpEndpoint", input.http_endpoint.as_ref().map(|v| v.as_str()), SWITCH)?;
    let tags =
        word("InstanceMetadataTags", input.instance_metadata_tags.as_ref().map(|v| v.as_str()), SWITCH)?;
    let hops = match input.http_put_response_hop_limit {
        None => None,
        Some(-1) => Some(None),
        Some(hops) => Some(Some(check_hops(hops)?)),
    };
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut defaults = tx.get::<MetadataDefaults>(scope, DEFAULT_ID).map_or_else(
            || MetadataDefaults {
                id: DEFAULT_ID.to_owned(),
                http_tokens: None,
                http_put_response_hop_limit: None,
                http_endpoint: None,
                instance_metadata_tags: None,
            },
            |found| (*found).clone(),
        );
        tokens.clone().into_iter().for_each(|value| defaults.http_tokens = value);
        endpoint.clone().into_iter().for_each(|value| defaults.http_endpoint = value);
        tags.clone().into_iter().for_each(|value| defaults.instance_metadata_tags = value);
        if let Some(value) = hops {
            defaults.http_put_response_hop_limit = value;
        }
        tx.put(scope, defaults);
        Ok(())
    });
    changed.await?;
    Ok(ModifyInstanceMetadataDefaultsResult { return_: Some(true) })
}
