//! Task tokens: which shard, execution and ticket, sealed with a key of the cloud.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use state_machine::interpret::Ticket;
use std::sync::Arc;

/// Bytes of the seal: half of SHA-256, as much as anybody can guess at.
const SEAL: usize = 16;

/// What a token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TaskName {
    /// Shard of the execution.
    pub(crate) shard: u16,
    /// Hash of the execution's ARN.
    pub(crate) hash: u64,
    /// Number of the execution in its shard: another one for another life of the same execution (redrive).
    pub(crate) number: u64,
    /// The task.
    pub(crate) ticket: Ticket,
}

/// Makes and opens tokens.
#[derive(Clone)]
pub(crate) struct Tokens {
    mac: Hmac<Sha256>,
}

impl Tokens {
    pub(crate) fn new(key: &[u8; 32]) -> Tokens {
        // HMAC takes keys of any length; this one fits a block as it is, so the padding is done here.
        let mut block = [0_u8; 64];
        block[..32].copy_from_slice(key);
        Tokens { mac: <Hmac<Sha256> as hmac::Mac>::new((&block).into()) }
    }

    /// The token of a task: text without characters that need quoting anywhere.
    pub(crate) fn seal(&self, name: TaskName) -> Arc<str> {
        let mut bytes = Vec::with_capacity(26 + SEAL);
        bytes.extend_from_slice(&name.shard.to_le_bytes());
        bytes.extend_from_slice(&name.hash.to_le_bytes());
        bytes.extend_from_slice(&name.number.to_le_bytes());
        bytes.extend_from_slice(&name.ticket.0.to_le_bytes());
        let seal = self.mac.clone().chain_update(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&seal[..SEAL]);
        URL_SAFE_NO_PAD.encode(bytes).into()
    }

    /// What a token stands for; `None`: not one of ours.
    pub(crate) fn open(&self, token: &str) -> Option<TaskName> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        if bytes.len() != 26 + SEAL {
            return None;
        }
        let (name, seal) = bytes.split_at(26);
        self.mac.clone().chain_update(name).verify_truncated_left(seal).ok()?;
        let word = |at: usize| name.get(at..at + 8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
        let shard = u16::from_le_bytes([name[0], name[1]]);
        Some(TaskName { shard, hash: word(2)?, number: word(10)?, ticket: Ticket(word(18)?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_and_whole_tokens_open() {
        let tokens = Tokens::new(&[7; 32]);
        let name = TaskName { shard: 3, hash: u64::MAX, number: 9, ticket: Ticket(12) };
        let token = tokens.seal(name);
        assert_eq!(tokens.open(&token), Some(name));
        assert_eq!(Tokens::new(&[8; 32]).open(&token), None, "another cloud's");
        assert_eq!((tokens.open(""), tokens.open("no token!"), tokens.open(&token[1..])), (None, None, None));
        for at in 0..token.len() {
            let mut other = token.to_string().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(tokens.open(&String::from_utf8(other).unwrap()), None, "one letter changed at {at}");
        }
    }
}
