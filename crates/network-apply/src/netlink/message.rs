//! Writing netlink messages.

/// Alignment of messages and attributes.
const ALIGN: usize = 4;
/// Bytes of `struct nlmsghdr`: length, type, flags, sequence, port.
pub(super) const HEADER: usize = 16;
/// Marks an attribute that contains others.
const NESTED: u16 = 1 << 15;

/// One or more messages, back to back, for a single send.
#[derive(Default)]
pub(crate) struct Messages {
    bytes: Vec<u8>,
    /// Where each message starts.
    starts: Vec<usize>,
}

impl Messages {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Starts a message: type, flags, and the fixed header of its family.
    pub(crate) fn begin(&mut self, kind: u16, flags: u16, header: &[u8]) -> &mut Self {
        self.starts.push(self.bytes.len());
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        let flags = flags | REQUEST;
        self.bytes.extend_from_slice(&flags.to_ne_bytes());
        // Sequence and port are filled in by the socket.
        self.bytes.extend_from_slice(&[0; 8]);
        self.raw(header)
    }

    /// Appends bytes, padded.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self.pad();
        self
    }

    /// Appends an attribute.
    pub(crate) fn put(&mut self, kind: u16, value: &[u8]) -> &mut Self {
        let len = u16::try_from(value.len() + ALIGN).unwrap_or(u16::MAX);
        self.bytes.extend_from_slice(&len.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.raw(value)
    }

    /// Appends a string attribute with its closing zero.
    pub(crate) fn text(&mut self, kind: u16, value: &str) -> &mut Self {
        let mut bytes = Vec::with_capacity(value.len() + 1);
        bytes.extend_from_slice(value.as_bytes());
        bytes.push(0);
        self.put(kind, &bytes)
    }

    /// Appends a 32-bit attribute in the machine's byte order (rtnetlink).
    pub(crate) fn native32(&mut self, kind: u16, value: u32) -> &mut Self {
        self.put(kind, &value.to_ne_bytes())
    }

    /// Appends a 32-bit attribute in network order (nf_tables).
    pub(crate) fn net32(&mut self, kind: u16, value: u32) -> &mut Self {
        self.put(kind, &value.to_be_bytes())
    }

    /// Appends an attribute that contains others. What `inside` writes must stay
    /// below 64 KiB, the limit of the length field.
    pub(crate) fn nest(&mut self, kind: u16, inside: impl FnOnce(&mut Self)) -> &mut Self {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 2]);
        self.bytes.extend_from_slice(&(kind | NESTED).to_ne_bytes());
        inside(self);
        let len = u16::try_from(self.bytes.len() - start).unwrap_or(u16::MAX);
        self.bytes[start..start + 2].copy_from_slice(&len.to_ne_bytes());
        self
    }

    /// How many messages there are.
    pub(crate) fn count(&self) -> usize {
        self.starts.len()
    }

    /// Bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds flags to one message.
    pub(crate) fn add_flags(&mut self, message: usize, flags: u16) {
        let Some(start) = self.starts.get(message).copied() else { return };
        let at = start + 6;
        let old = u16::from_ne_bytes([self.bytes[at], self.bytes[at + 1]]);
        self.bytes[at..at + 2].copy_from_slice(&(old | flags).to_ne_bytes());
    }

    /// Fills in lengths and sequence numbers (`first`, `first` + 1, …).
    pub(super) fn seal(&mut self, first: u32) -> &[u8] {
        let ends = self.starts.iter().skip(1).copied().chain([self.bytes.len()]);
        let spans: Vec<(usize, usize)> = self.starts.iter().copied().zip(ends).collect();
        for ((start, end), sequence) in spans.into_iter().zip(first..) {
            let len = u32::try_from(end - start).unwrap_or(u32::MAX);
            self.bytes[start..start + 4].copy_from_slice(&len.to_ne_bytes());
            self.bytes[start + 8..start + 12].copy_from_slice(&sequence.to_ne_bytes());
        }
        &self.bytes
    }

    /// The finished bytes, for tests.
    #[cfg(test)]
    pub(crate) fn sealed(&mut self, first: u32) -> &[u8] {
        self.seal(first)
    }

    fn pad(&mut self) {
        let len = self.bytes.len().next_multiple_of(ALIGN);
        self.bytes.resize(len, 0);
    }
}

/// `NLM_F_REQUEST`.
const REQUEST: u16 = 1;
