//! Limits that keep a hostile body from exhausting the stack or the memory.

use aws_schema::ReadError;

/// Deepest nesting of structures, lists, maps and documents in one message.
pub const MAX_DEPTH: u32 = 128;

/// Cost of the most expensive message: an item costs 1, a structure 1 + its members. One unit is about 32 bytes of decoded
/// value, so the most a message may grow to is some tens of MiB however it is written.
pub const MAX_COST: u32 = 1_000_000;

/// What is left of both limits while one message is read.
#[derive(Debug)]
pub(crate) struct Budget {
    depth: u32,
    left: u32,
}

impl Budget {
    /// For a request, which anybody may have sent.
    pub(crate) fn new() -> Budget {
        Budget { depth: 0, left: MAX_COST }
    }

    /// For a response of the service that was asked: a listing of thousands of machines is no attack.
    pub(crate) fn for_response() -> Budget {
        Budget { depth: 0, left: MAX_COST.saturating_mul(100) }
    }

    /// Goes one level deeper; [`Budget::leave`] must follow on success.
    pub(crate) fn enter(&mut self) -> Result<(), ReadError> {
        if self.depth >= MAX_DEPTH {
            return Err(ReadError::new("The value is nested too deeply"));
        }
        self.depth += 1;
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Pays for one item of this size.
    pub(crate) fn spend(&mut self, cost: usize) -> Result<(), ReadError> {
        let cost = u32::try_from(cost).unwrap_or(u32::MAX);
        match self.left.checked_sub(cost) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(ReadError::new("The request has too many items")),
        }
    }
}
