//! Chains that come and go with the records: one per ACL or NSG and direction.

use crate::expr::Rule;
use crate::skeleton::{RULE_NOTE, fnv, low_bits};

/// Ordered rules that become chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleList {
    /// A network ACL's egress entries.
    AclOut,
    /// A network ACL's ingress entries.
    AclIn,
    /// An NSG's outbound rules.
    NsgOut,
    /// An NSG's inbound rules.
    NsgIn,
}

/// The identity of such a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId {
    /// Of what kind.
    pub list: RuleList,
    /// The ACL's or NSG's number.
    pub number: u32,
}

/// The contents of such a chain. Two chains with one fingerprint are the same.
#[derive(Clone, Debug, Default)]
pub struct RuleChain {
    /// Kept in the kernel with every rule, so that a new process knows the chain without understanding it.
    pub fingerprint: u64,
    /// The rules; unknown (and empty) in what was read back from the kernel.
    pub rules: Vec<Rule>,
}

impl RuleList {
    const ALL: [Self; 4] = [Self::AclOut, Self::AclIn, Self::NsgOut, Self::NsgIn];

    const fn stem(self) -> &'static str {
        match self {
            Self::AclOut => "acl_out_",
            Self::AclIn => "acl_in_",
            Self::NsgOut => "nsg_out_",
            Self::NsgIn => "nsg_in_",
        }
    }
}

impl ChainId {
    /// The chain's name in the kernel.
    pub fn name(self) -> String {
        format!("{}{}", self.list.stem(), self.number)
    }

    /// The chain with this name, if it is one of these.
    pub fn by_name(name: &str) -> Option<Self> {
        let parse = |list: RuleList| {
            let number = name.strip_prefix(list.stem())?.parse().ok()?;
            // Only the spelling that we use: no leading zeros or signs.
            Some(Self { list, number }).filter(|id| id.name() == name)
        };
        RuleList::ALL.into_iter().find_map(parse)
    }
}

impl RuleChain {
    /// A chain of these rules.
    pub fn new(rules: Vec<Rule>) -> Self {
        let fingerprint = RULE_NOTE | low_bits(fnv(&format!("{rules:?}")));
        Self { fingerprint, rules }
    }
}

impl PartialEq for RuleChain {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Eq for RuleChain {}
