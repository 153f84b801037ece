//! The services of this cloud that interface endpoints lead to.

/// A service with its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointService {
    /// As in `com.amazonaws.us-east-1.<id>` and `<id>.us-east-1.amazonaws.com`; also its name in signatures and policies.
    pub id: &'static str,
    /// It has one endpoint for all regions, offered to VPCs of `us-east-1` only (as AWS offers IAM).
    pub global: bool,
}

/// Every one. A service the gateway serves belongs in here; `allod` has a test that none is forgotten.
pub const SERVICES: &[EndpointService] = &[
    EndpointService { id: "ec2", global: false },
    EndpointService { id: "iam", global: true },
    EndpointService { id: "ssm", global: false },
    EndpointService { id: "states", global: false },
    EndpointService { id: "sts", global: false },
];

/// Where global services have their endpoints.
const HOME: &str = "us-east-1";

impl EndpointService {
    /// `com.amazonaws.<region>.<id>`, or `com.amazonaws.<id>`; `None` where it is not offered.
    pub fn service_name(&self, region: &str) -> Option<String> {
        if self.global {
            (region == HOME).then(|| format!("com.amazonaws.{}", self.id))
        } else {
            Some(format!("com.amazonaws.{region}.{}", self.id))
        }
    }

    /// The name clients use: `<id>.<region>.amazonaws.com`, or `<id>.amazonaws.com`.
    pub fn private_dns_name(&self, region: &str) -> String {
        if self.global {
            format!("{}.amazonaws.com", self.id)
        } else {
            format!("{}.{region}.amazonaws.com", self.id)
        }
    }

    /// What the names of its endpoints end with: `<id>.<region>.vpce.amazonaws.com`.
    pub fn base_dns_name(&self, region: &str) -> String {
        format!("{}.{region}.vpce.amazonaws.com", self.id)
    }
}

/// The service a region offers under this service name.
pub fn service(region: &str, service_name: &str) -> Option<EndpointService> {
    SERVICES.iter().copied().find(|s| s.service_name(region).as_deref() == Some(service_name))
}

/// The service with this service name, and the region in it where it has one.
pub fn service_by_name(service_name: &str) -> Option<EndpointService> {
    let rest = service_name.strip_prefix("com.amazonaws.")?;
    let id = rest.rsplit('.').next()?;
    let found = SERVICES.iter().copied().find(|s| s.id == id)?;
    (found.global != rest.contains('.')).then_some(found)
}
