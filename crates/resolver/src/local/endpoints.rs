//! `ec2.us-east-1.amazonaws.com` where the VPC has an interface endpoint with private names for the service, and the
//! endpoints' own names (AWS PrivateLink guide, "DNS hostnames", "Private DNS").

use super::{Local, PRIVATE_TTL, exists};
use crate::wire::answer::Answer;
use crate::wire::name::{Name, labels};
use crate::wire::record::{Kind, Record};
use records::vpc_endpoint::private_names;
use std::net::IpAddr;

/// Where all of these names end.
const AMAZON: &[u8] = b"\x09amazonaws\x03com\0";

impl Local<'_> {
    /// The addresses of the endpoint that has the name.
    pub(super) fn endpoint_name(&self, name: &[u8], kind: Kind) -> Option<Answer> {
        // Nearly every other name of the world ends here, before it becomes text.
        name.ends_with(AMAZON).then_some(())?;
        let parts: Option<Vec<&str>> = labels(name).map(|label| std::str::from_utf8(label).ok()).collect();
        let text = parts?.join(".");
        let found = private_names(self.store, &self.key.scope, &self.key.vpc_id, &text)?;
        let name = Name::known(name);
        let record = |address: &IpAddr| match address {
            IpAddr::V4(v4) => Record::a(&name, PRIVATE_TTL, *v4),
            IpAddr::V6(v6) => Record::aaaa(&name, PRIVATE_TTL, *v6),
        };
        Some(exists(&name, kind, found.iter().map(record)))
    }
}
