//! The instance metadata service at 169.254.169.254 (EC2 User Guide, "Instance metadata and user data").
//!
//! One listener per VPC stands in the VPC's router namespace. A machine is known by its source address, which the data
//! plane guarantees to be its own.

mod server;
mod token;
mod tree;

pub(crate) use tree::full_hostname;

use crate::imds::token::{MAX_TTL, Tokens};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contracts::Clock;
use contracts::seams::RoleSessions;
use http::{Method, StatusCode};
use records::{Instance, InstanceState, NetworkInterface, SecurityGroup, Subnet, Tags, Vpc};
use state_store::typed::{Scope, Store};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

/// Answers metadata requests from the records.
pub struct Metadata {
    store: Store,
    clock: Arc<dyn Clock>,
    tokens: Tokens,
    roles: OnceLock<Arc<dyn RoleSessions>>,
}

/// The parts of a request the service looks at.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) token: Option<&'a str>,
    pub(crate) ttl: Option<&'a str>,
    pub(crate) forwarded: bool,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
    pub(crate) content_type: &'static str,
    /// Value of `X-aws-ec2-metadata-token-ttl-seconds`.
    pub(crate) ttl: Option<i64>,
}

impl Answer {
    fn status(status: StatusCode) -> Answer {
        let title = format!("{} - {}", status.as_u16(), status.canonical_reason().unwrap_or("Error"));
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<html xmlns=\"http://www.w3.org/1999/xhtml\">\n <head>\n  <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n </body>\n</html>\n"
        );
        Answer { status, body: body.into_bytes(), content_type: "text/html", ttl: None }
    }

    fn text(body: impl Into<Vec<u8>>) -> Answer {
        Answer { status: StatusCode::OK, body: body.into(), content_type: "text/plain", ttl: None }
    }
}

impl Metadata {
    /// `key` signs session tokens; it must be the same after a restart.
    pub fn new(store: Store, clock: Arc<dyn Clock>, key: [u8; 32]) -> Metadata {
        Metadata { store, clock, tokens: Tokens::new(key), roles: OnceLock::new() }
    }

    /// Gives the source of role credentials, once it exists.
    pub fn set_roles(&self, roles: Arc<dyn RoleSessions>) {
        let _ = self.roles.set(roles);
    }

    /// The instance behind an address of a VPC, while it is up or coming up.
    fn identify(&self, scope: &Scope, vpc_id: &str, source: IpAddr) -> Option<Arc<Instance>> {
        let found = self.store.by_index::<NetworkInterface>(scope, "address", &format!("{vpc_id}/{source}"));
        let attachment = found.first()?.attachment.as_ref()?;
        let instance = self.store.get::<Instance>(scope, &attachment.instance_id)?;
        (instance.state != InstanceState::Terminated).then_some(instance)
    }

    /// The hop limit for answers to this source.
    pub(crate) fn hop_limit(&self, scope: &Scope, vpc_id: &str, source: IpAddr) -> u32 {
        let limit = self
            .identify(scope, vpc_id, source)
            .map_or(1, |i| i.metadata_options.http_put_response_hop_limit);
        u32::try_from(limit.clamp(1, 64)).unwrap_or(1)
    }

    pub(crate) async fn answer(&self, scope: &Scope, vpc_id: &str, source: IpAddr, ask: Ask<'_>) -> Answer {
        let Some(instance) = self.identify(scope, vpc_id, source) else {
            return Answer::status(StatusCode::NOT_FOUND);
        };
        if instance.metadata_options.http_endpoint == "disabled" {
            return Answer::status(StatusCode::FORBIDDEN);
        }
        let path = ask.path.trim_start_matches('/');
        if *ask.method == Method::PUT {
            return self.token(&instance, path, &ask);
        }
        if !matches!(*ask.method, Method::GET | Method::HEAD) {
            return Answer::status(StatusCode::METHOD_NOT_ALLOWED);
        }
        match ask.token {
            Some(token) if self.tokens.check(&instance.id, self.clock.now(), token).is_none() => {
                return Answer::status(StatusCode::UNAUTHORIZED);
            }
            None if instance.metadata_options.http_tokens == "required" => {
                return Answer::status(StatusCode::UNAUTHORIZED);
            }
            _ => {}
        }
        let body = self.document(scope, &instance, path).await;
        body.map_or_else(|| Answer::status(StatusCode::NOT_FOUND), Answer::text)
    }

    fn token(&self, instance: &Instance, path: &str, ask: &Ask<'_>) -> Answer {
        if path.trim_end_matches('/') != "latest/api/token" {
            return Answer::status(StatusCode::NOT_FOUND);
        }
        // A proxy inside the instance must not fetch tokens for the outside.
        if ask.forwarded {
            return Answer::status(StatusCode::FORBIDDEN);
        }
        let ttl = ask
            .ttl
            .and_then(|text| text.trim().parse::<u32>().ok())
            .filter(|ttl| (1..=MAX_TTL).contains(ttl));
        let Some(ttl) = ttl else { return Answer::status(StatusCode::BAD_REQUEST) };
        let token = self.tokens.issue(&instance.id, self.clock.now(), ttl);
        Answer { ttl: Some(i64::from(ttl)), ..Answer::text(token) }
    }

    async fn document(&self, scope: &Scope, instance: &Arc<Instance>, path: &str) -> Option<Vec<u8>> {
        if path.is_empty() {
            return Some(b"1.0\n2021-07-15\nlatest".to_vec());
        }
        let (version, rest) = path.split_once('/').unwrap_or((path, ""));
        let dated = version.len() == 10 && version.starts_with("20") && version.as_bytes()[4] == b'-';
        if version != "latest" && version != "1.0" && !dated {
            return None;
        }
        let rest = rest.trim_end_matches('/');
        match rest.split_once('/').unwrap_or((rest, "")) {
            ("", _) => {
                let user_data = if instance.user_data.is_some() { "\nuser-data" } else { "" };
                Some(format!("dynamic\nmeta-data{user_data}").into_bytes())
            }
            ("user-data", "") => STANDARD.decode(instance.user_data.as_deref()?).ok(),
            ("dynamic", rest) => self.dynamic(scope, instance, rest),
            ("meta-data", rest) if rest.starts_with("iam/security-credentials") => {
                self.credentials(scope, instance, rest.trim_start_matches("iam/security-credentials")).await
            }
            ("meta-data", "public-keys") if !instance.authorized_keys.is_empty() => {
                Some(format!("0={}", instance.key_name.as_deref().unwrap_or_default()).into_bytes())
            }
            ("meta-data", rest) => {
                let mut leaves = tree::leaves(&self.facts(scope, instance).await);
                if leaves.contains_key("iam/info") {
                    leaves.insert("iam/security-credentials/role".into(), String::new());
                }
                tree::look_up(&leaves, rest).map(String::into_bytes)
            }
            _ => None,
        }
    }

    async fn role(
        &self,
        scope: &Scope,
        instance: &Instance,
    ) -> Option<(String, contracts::seams::SessionCredentials)> {
        let (arn, _) = instance.iam_instance_profile.as_ref()?;
        let roles = self.roles.get()?;
        let issued = roles.instance_role(scope.account.to_string(), arn.clone(), instance.id.clone()).await;
        issued.unwrap_or_else(|error| {
            tracing::error!(instance = instance.id, %error, "no role credentials for the instance");
            None
        })
    }

    async fn credentials(&self, scope: &Scope, instance: &Instance, path: &str) -> Option<Vec<u8>> {
        let (role, keys) = self.role(scope, instance).await?;
        let asked = path.trim_matches('/');
        if asked.is_empty() {
            return Some(role.into_bytes());
        }
        if asked != role {
            return None;
        }
        let document = serde_json::json!({
            "Code": "Success",
            "LastUpdated": iso(self.clock.now()),
            "Type": "AWS-HMAC",
            "AccessKeyId": keys.access_key_id,
            "SecretAccessKey": keys.secret_access_key,
            "Token": keys.session_token,
            "Expiration": iso(keys.expiration),
        });
        Some(format!("{document:#}").into_bytes())
    }

    fn dynamic(&self, scope: &Scope, instance: &Instance, path: &str) -> Option<Vec<u8>> {
        let private_ip = self
            .store
            .get::<NetworkInterface>(scope, instance.network_interfaces.first()?)?
            .primary()
            .map(|a| a.address.to_string());
        match path.trim_matches('/') {
            "" => Some(b"instance-identity/".to_vec()),
            "instance-identity" => Some(b"document".to_vec()),
            "instance-identity/document" => {
                let document = serde_json::json!({
                    "accountId": &*scope.account,
                    "architecture": std::env::consts::ARCH,
                    "availabilityZone": instance.availability_zone,
                    "billingProducts": null,
                    "devpayProductCodes": null,
                    "marketplaceProductCodes": null,
                    "imageId": instance.image_id,
                    "instanceId": instance.id,
                    "instanceType": instance.instance_type,
                    "kernelId": null,
                    "pendingTime": iso(instance.launch_time),
                    "privateIp": private_ip,
                    "ramdiskId": null,
                    "region": &*scope.region,
                    "version": "2017-09-30",
                });
                Some(format!("{document:#}").into_bytes())
            }
            _ => None,
        }
    }

    async fn facts(&self, scope: &Scope, instance: &Arc<Instance>) -> tree::Facts {
        let interfaces: Vec<Arc<NetworkInterface>> =
            instance.network_interfaces.iter().filter_map(|id| self.store.get(scope, id)).collect();
        let groups = interfaces.iter().flat_map(|i| &i.groups);
        let groups =
            groups.filter_map(|id| Some((id.clone(), self.store.get::<SecurityGroup>(scope, id)?))).collect();
        let subnets = interfaces.iter().map(|i| &i.subnet_id);
        let subnets =
            subnets.filter_map(|id| Some((id.clone(), self.store.get::<Subnet>(scope, id)?))).collect();
        tree::Facts {
            account: scope.account.to_string(),
            region: scope.region.to_string(),
            vpc: self.store.get::<Vpc>(scope, &instance.vpc_id),
            tags: self.store.get::<Tags>(scope, &instance.id),
            role: self.role(scope, instance).await.map(|(name, _)| name),
            instance: instance.clone(),
            interfaces,
            groups,
            subnets,
        }
    }
}

/// `2026-11-20T10:00:00Z`.
fn iso(millis: records::Millis) -> String {
    time::OffsetDateTime::from_unix_timestamp(millis.div_euclid(1000))
        .ok()
        .and_then(|t| t.format(&time::format_description::well_known::Rfc3339).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
