//! The console of a machine: a file on the host that keeps the last 64 KiB.
//!
//! Layout: eight bytes, little-endian: how many bytes were ever written; then a ring of [`CAPACITY`] bytes in
//! which byte `n` of the output stands at `n % CAPACITY`. The file never grows, and a reader needs no writer.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// Bytes kept: what GetConsoleOutput promises.
pub const CAPACITY: usize = 64 * 1024;
/// Bytes before the ring.
const HEADER: u64 = 8;
/// A reader that is overtaken this often gives the writer up as hostile.
const ATTEMPTS: u32 = 20;

/// Writes to a console file.
#[derive(Debug)]
pub(crate) struct Ring {
    file: File,
    written: u64,
}

impl Ring {
    /// Continues after what an earlier boot wrote.
    pub(crate) fn new(file: File) -> Self {
        let written = read_header(&file).unwrap_or(0);
        Self { file, written }
    }

    /// Adds output. Errors are ignored: a full disk must not stop a machine.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        // Only the last CAPACITY bytes of a long write can survive it.
        let skipped = bytes.len().saturating_sub(CAPACITY);
        let mut position = self.written + skipped as u64;
        let mut rest = &bytes[skipped..];
        while !rest.is_empty() {
            let offset = position % CAPACITY as u64;
            let room = CAPACITY - usize::try_from(offset).unwrap_or(0);
            let (now, later) = rest.split_at(room.min(rest.len()));
            if self.file.write_all_at(now, HEADER + offset).is_err() {
                return;
            }
            position += now.len() as u64;
            rest = later;
        }
        self.written = position;
        let _ = self.file.write_all_at(&self.written.to_le_bytes(), 0);
    }

    /// Adds a line of PID 1's own.
    pub(crate) fn line(&mut self, text: &str) {
        self.write(format!("[allod] {text}\n").as_bytes());
    }
}

/// Adds a line from outside, for a machine whose PID 1 does not write at the moment.
pub(crate) fn append(path: &Path, text: &str) -> io::Result<()> {
    let file = File::options().read(true).write(true).open(path)?;
    Ring::new(file).line(text);
    Ok(())
}

/// The last [`CAPACITY`] bytes of a console, oldest first. The content is the machine's and not to be trusted.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    for _ in 0..ATTEMPTS {
        let before = read_header(&file)?;
        let mut ring = vec![0; CAPACITY];
        let mut filled = 0;
        while filled < CAPACITY {
            match file.read_at(&mut ring[filled..], HEADER + filled as u64)? {
                0 => break,
                count => filled += count,
            }
        }
        if read_header(&file)? != before {
            continue;
        }
        let Some(kept) = usize::try_from(before).ok().filter(|&written| written < CAPACITY) else {
            ring.rotate_left(usize::try_from(before % CAPACITY as u64).unwrap_or(0));
            return Ok(ring);
        };
        ring.truncate(kept.min(filled));
        return Ok(ring);
    }
    Err(io::Error::other("the console changes faster than it can be read"))
}

fn read_header(file: &File) -> io::Result<u64> {
    let mut header = [0; 8];
    match file.read_exact_at(&mut header, 0) {
        Ok(()) => Ok(u64::from_le_bytes(header)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(name: &str) -> (std::path::PathBuf, Ring) {
        let path = std::env::temp_dir().join(format!("allod-console-{}-{name}", std::process::id()));
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
        (path, Ring::new(file))
    }

    #[test]
    fn short_output_is_kept_whole() {
        let (path, mut ring) = ring("short");
        assert_eq!(read(&path).unwrap(), b"");
        ring.write(b"one ");
        ring.write(b"two");
        assert_eq!(read(&path).unwrap(), b"one two");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn only_the_end_of_long_output_is_kept_in_order() {
        let (path, mut ring) = ring("long");
        let all: Vec<u8> = (0..200_000u32).flat_map(|number| format!("{number}\n").into_bytes()).collect();
        for piece in all.chunks(7_777) {
            ring.write(piece);
        }
        assert_eq!(read(&path).unwrap(), all[all.len() - CAPACITY..]);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), HEADER + CAPACITY as u64);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn one_write_larger_than_the_ring_leaves_its_end() {
        let (path, mut ring) = ring("huge");
        ring.write(b"x");
        let all: Vec<u8> = (0..CAPACITY + 10).map(|number| u8::try_from(number % 251).unwrap()).collect();
        ring.write(&all);
        assert_eq!(read(&path).unwrap(), all[10..]);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_later_boot_continues() {
        let (path, mut first) = ring("boot");
        first.write(b"first ");
        let mut second = Ring::new(File::options().read(true).write(true).open(&path).unwrap());
        second.write(b"second");
        assert_eq!(read(&path).unwrap(), b"first second");
        std::fs::remove_file(path).unwrap();
    }
}
