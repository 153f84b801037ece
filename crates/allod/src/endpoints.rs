//! What interface VPC endpoints serve: the gateway once more, narrowed to one service and to the endpoint's policy.
//!
//! A machine behind an endpoint is not the user at the keyboard, so signatures are verified there in every mode: the
//! cloud's own keys open it (those of an instance profile, for instance), `test`/`test` does not.

use aws_schema::Fault;
use contracts::seams::{Authorizer, EndpointServices};
use contracts::{BoxFuture, Caller, Platform, PrincipalKind, ServiceTable};
use gateway::{AuditSink, Gateway, GatewayConfig, GatewayParts, Mode};
use iam_policy::{Context, PolicyUse, TrustCaller, Verdict};
use records::VpcEndpoint;
use records::vpc_endpoint::service_by_name;
use state_store::typed::{Scope, Store};
use std::sync::Arc;

/// Makes a front for each interface of an endpoint.
pub(crate) struct Endpoints {
    pub(crate) platform: Platform,
    pub(crate) keys: Arc<service_iam::Keys>,
    pub(crate) authorizer: Arc<dyn Authorizer>,
    pub(crate) ssm: Arc<service_ssm::Ssm>,
    pub(crate) states: Arc<service_stepfunctions::States>,
    pub(crate) audit: Option<Arc<dyn AuditSink>>,
}

impl Endpoints {
    /// The operations of a service.
    fn table(&self, id: &str) -> Option<ServiceTable> {
        match id {
            "ec2" => Some(service_ec2::table(self.platform.clone())),
            "iam" => Some(service_iam::table(self.platform.clone())),
            "ssm" => Some(service_ssm::table(&self.ssm)),
            "states" => Some(service_stepfunctions::table(&self.states)),
            "sts" => Some(service_sts::table(self.platform.clone())),
            _ => None,
        }
    }

    /// The front of an endpoint; nothing for one that is gone.
    fn front(&self, scope: Scope, endpoint_id: String) -> Option<Arc<Gateway>> {
        let endpoint = self.platform.store.get::<VpcEndpoint>(&scope, &endpoint_id)?;
        let table = self.table(service_by_name(&endpoint.service_name)?.id)?;
        let region = scope.region.to_string();
        let narrowed = Through {
            inner: self.authorizer.clone(),
            store: self.platform.store.clone(),
            scope,
            endpoint_id,
        };
        Some(Gateway::new(GatewayParts {
            tables: vec![table],
            keys: self.keys.clone(),
            authorizer: Arc::new(narrowed),
            clock: self.platform.clock.clone(),
            // The cloud's levers are the operator's, not a machine's.
            hooks: None,
            network: None,
            audit: self.audit.clone(),
            config: GatewayConfig {
                mode: Mode::Enforced,
                default_account: self.platform.config.default_account.clone(),
                default_region: region,
                // The service's own names and the endpoint's.
                host_names: vec!["*.amazonaws.com".to_owned()],
                ..GatewayConfig::default()
            },
        }))
    }
}

impl EndpointServices for Endpoints {
    fn serve(
        &self,
        scope: Scope,
        endpoint_id: String,
        listener: std::net::TcpListener,
    ) -> BoxFuture<'static, ()> {
        let front = self.front(scope, endpoint_id.clone());
        Box::pin(async move {
            let Some(front) = front else { return };
            let served = match tokio::net::TcpListener::from_std(listener) {
                Ok(listener) => {
                    front.serve(listener, std::future::pending()).await.map_err(|e| e.to_string())
                }
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = served {
                tracing::error!(endpoint_id, error, "an interface of an endpoint is not served");
            }
        })
    }
}

/// Rights of callers who come through an endpoint: what they may do anyway, and what its policy lets through.
struct Through {
    inner: Arc<dyn Authorizer>,
    store: Store,
    scope: Scope,
    endpoint_id: String,
}

impl Authorizer for Through {
    fn authorize(&self, caller: &Caller, action: &str) -> Result<(), Fault> {
        self.inner.authorize(caller, action)?;
        let endpoint = self.store.get::<VpcEndpoint>(&self.scope, &self.endpoint_id);
        // Read at every request: a changed policy holds from the answer of ModifyVpcEndpoint on.
        let policy = endpoint.and_then(|e| iam_policy::parse(&e.policy, PolicyUse::Endpoint).ok());
        let verdict = policy
            .map(|policy| iam_policy::decide(&policy, action, &caller_names(caller), &Context::default()));
        if verdict == Some(Verdict::Allowed) { Ok(()) } else { Err(denied(caller, action)) }
    }
}

/// The caller by every name a policy may call it.
fn caller_names(caller: &Caller) -> TrustCaller {
    let mut arns = vec![caller.principal.arn.clone()];
    if let PrincipalKind::AssumedRole { role, .. } = &caller.principal.kind {
        arns.push(format!("arn:aws:iam::{}:role/{role}", caller.account()));
    }
    TrustCaller::Identity { account: caller.account().to_owned(), arns }
}

/// The service's access-denied fault, in AWS's words for endpoint policies.
fn denied(caller: &Caller, action: &str) -> Fault {
    let why = format!(
        "User: {} is not authorized to perform: {action} because no VPC endpoint policy allows the {action} action",
        caller.principal.arn
    );
    match action.split(':').next() {
        Some("ec2") => {
            let message = format!("You are not authorized to perform this operation. {why}");
            Fault::sender("UnauthorizedOperation", message).with_status(403)
        }
        Some("iam" | "sts") => Fault::sender("AccessDenied", why).with_status(403),
        _ => Fault::sender("AccessDeniedException", why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::{assemble, detached_platform};
    use contracts::Principal;
    use records::vpc_endpoint::SERVICES;
    use state_store::StoreError;

    fn endpoints() -> (Endpoints, tempfile::TempDir) {
        let platform = detached_platform();
        let folder = tempfile::tempdir().expect("a folder");
        let parts = assemble(&platform, folder.path().to_owned());
        let endpoints = Endpoints {
            platform,
            keys: parts.keys,
            authorizer: parts.authorizer,
            ssm: parts.ssm,
            states: parts.states,
            audit: None,
        };
        (endpoints, folder)
    }

    #[tokio::test]
    async fn every_service_of_the_gateway_can_have_endpoints() {
        let (endpoints, folder) = endpoints();
        for table in assemble(&endpoints.platform, folder.path().to_owned()).tables {
            let id = table.spec.signing_name;
            assert!(SERVICES.iter().any(|s| s.id == id) || !is_amazons(id), "{id} is missing in records");
        }
        for service in SERVICES {
            let table = endpoints.table(service.id).expect("a table");
            assert_eq!(table.spec.signing_name, service.id);
        }
    }

    /// The cloud's extensions to AWS have no endpoints of AWS's kind.
    fn is_amazons(id: &str) -> bool {
        !id.starts_with("allod")
    }

    #[tokio::test]
    async fn the_policy_decides_by_action_and_principal() {
        let (endpoints, _folder) = endpoints();
        let scope = Scope::new("000000000000", "us-east-1");
        let caller = |account: &str| Caller {
            scope: Scope::new(account, "us-east-1"),
            principal: Principal::root(account),
            access_key_id: "AKIAEXAMPLE".to_owned(),
            source_ip: None,
            request_id: String::new(),
            user_agent: String::new(),
            host: String::new(),
            enforced: true,
        };
        let narrow = r#"{"Statement":[
            {"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"ec2:Describe*","Resource":"*"},
            {"Effect":"Deny","Principal":"*","Action":"ec2:DescribeTags","Resource":"*"}]}"#;
        let open = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#;
        for (policy, account, action, allowed) in [
            (open, "222222222222", "ec2:RunInstances", true),
            (narrow, "000000000000", "ec2:DescribeVpcs", true),
            (narrow, "000000000000", "ec2:DescribeTags", false),
            (narrow, "000000000000", "ec2:RunInstances", false),
            (narrow, "222222222222", "ec2:DescribeVpcs", false),
            ("no policy", "000000000000", "ec2:DescribeVpcs", false),
        ] {
            let record = VpcEndpoint {
                id: "vpce-1".to_owned(),
                vpc_id: "vpc-1".to_owned(),
                service_name: "com.amazonaws.us-east-1.ec2".to_owned(),
                interface: true,
                state: "available".to_owned(),
                route_table_ids: Vec::new(),
                subnet_ids: Vec::new(),
                network_interface_ids: Vec::new(),
                group_ids: Vec::new(),
                private_dns: false,
                ip_address_type: "ipv4".to_owned(),
                policy: policy.to_owned(),
                created: 0,
            };
            let put = endpoints.platform.store.transact(|tx| {
                tx.put(&scope, record.clone());
                Ok::<_, StoreError>(())
            });
            put.await.expect("a record");
            let through = Through {
                inner: endpoints.authorizer.clone(),
                store: endpoints.platform.store.clone(),
                scope: scope.clone(),
                endpoint_id: "vpce-1".to_owned(),
            };
            let answer = through.authorize(&caller(account), action);
            assert_eq!(answer.is_ok(), allowed, "{policy} {account} {action}");
            if let Err(fault) = answer {
                assert_eq!(fault.code, "UnauthorizedOperation");
            }
        }
    }
}
