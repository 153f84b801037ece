//! Set keys as the kernel compares them: fields padded to four bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest key: group, protocol, port, IPv6 address, prefix length.
const CAPACITY: usize = 32;

/// A concatenated key (or map datum) in the kernel's register layout. It is
/// stored inline because a plan holds many thousands of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    bytes: [u8; CAPACITY],
    len: u8,
}

impl Key {
    /// The empty key; fields are appended.
    pub const fn new() -> Self {
        Self { bytes: [0; CAPACITY], len: 0 }
    }

    /// A key from the kernel's bytes; `None` if it is longer than any of ours.
    pub fn from_bytes(raw: &[u8]) -> Option<Self> {
        let mut key = Self::new();
        key.bytes.get_mut(..raw.len())?.copy_from_slice(raw);
        key.len = u8::try_from(raw.len()).ok()?;
        Some(key)
    }

    /// Appends a value the kernel holds in its own byte order: an interface
    /// index, a mark, a group number, a slot.
    pub fn native(self, value: u32) -> Self {
        self.append(&value.to_ne_bytes())
    }

    /// Appends an address.
    pub fn address(self, address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => self.append(&v4.octets()),
            IpAddr::V6(v6) => self.append(&v6.octets()),
        }
    }

    /// Appends a byte-wide field (a protocol number), padded.
    pub fn byte(self, value: u8) -> Self {
        self.append(&[value, 0, 0, 0])
    }

    /// Appends a two-byte field in network order (a port), padded.
    pub fn short(self, value: u16) -> Self {
        let [high, low] = value.to_be_bytes();
        self.append(&[high, low, 0, 0])
    }

    /// Appends a hardware address, padded to eight bytes.
    pub fn mac(self, mac: [u8; 6]) -> Self {
        self.append(&mac).append(&[0, 0])
    }

    /// The bytes as they go to the kernel.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Reads a native 32-bit field at a byte offset.
    pub fn read_native(&self, offset: usize) -> Option<u32> {
        let raw = self.as_bytes().get(offset..offset + 4)?;
        Some(u32::from_ne_bytes(raw.try_into().ok()?))
    }

    // All keys are built by this crate from at most five known fields, so a
    // longer one cannot arise; should it, the surplus is cut rather than a panic.
    fn append(mut self, field: &[u8]) -> Self {
        let start = usize::from(self.len);
        let room = field.len().min(CAPACITY - start);
        self.bytes[start..start + room].copy_from_slice(&field[..room]);
        self.len += u8::try_from(room).unwrap_or(0);
        self
    }
}

impl Default for Key {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for byte in self.as_bytes() {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl From<Ipv4Addr> for Key {
    fn from(address: Ipv4Addr) -> Self {
        Self::new().address(address.into())
    }
}

impl From<Ipv6Addr> for Key {
    fn from(address: Ipv6Addr) -> Self {
        Self::new().address(address.into())
    }
}
