//! Output of commands: from a pipe into a file up to a limit, by splice; what comes after is only counted.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, SpliceFlags, splice};

use crate::error::{KeeperError, Result};
use crate::protocol::OutputFile;

/// Bytes moved at a time.
const CHUNK: usize = 64 * 1024;
/// Chunks per turn of the loop: a flood must not keep others waiting.
const TURN: usize = 16;

/// Which output of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// One output of a command.
pub(super) struct Output {
    pipe: Option<OwnedFd>,
    /// Epoll token of the pipe.
    pub(super) token: u64,
    file: File,
    /// Bytes the file may hold; lowered when the disk refuses more.
    limit: u64,
    /// Bytes in the file.
    pub(super) kept: u64,
    /// Bytes that came after the limit.
    pub(super) dropped: u64,
}

/// What a round of moving ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    /// Nothing more at the moment.
    Empty,
    /// The round is over, there is more.
    More,
    /// No writer is left.
    End,
}

impl Output {
    /// A fresh file and a fresh pipe; the write end goes to the command.
    pub(super) fn create(target: &OutputFile) -> Result<(Self, OwnedFd)> {
        let fail = |error: io::Error| KeeperError::system(format!("create {}", target.path.display()), error);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(&target.path)
            .map_err(fail)?;
        let (read, write) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)
            .map_err(|error| KeeperError::system("make a pipe", error))?;
        // Only our end: a command that finds its own output non-blocking is confused.
        rustix::io::ioctl_fionbio(&read, true)
            .map_err(|error| KeeperError::system("set up a pipe", error))?;
        let output = Self { pipe: Some(read), token: 0, file, limit: target.max_bytes, kept: 0, dropped: 0 };
        Ok((output, write))
    }

    /// Takes up the output of a command that an earlier keeper started, from the command's own descriptor.
    /// What it wrote is in the file already; how much was dropped is not known and counts from zero.
    pub(super) fn resume(target: &OutputFile, pid: i32, stream: Stream) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).custom_flags(libc::O_NOFOLLOW).open(&target.path)?;
        let kept = file.metadata()?.len();
        let number = if stream == Stream::Out { 1 } else { 2 };
        let pipe = open_fifo(Path::new(&format!("/proc/{pid}/fd/{number}"))).ok();
        Ok(Self { pipe, token: 0, file, limit: target.max_bytes, kept, dropped: 0 })
    }

    pub(super) fn pipe(&self) -> Option<&OwnedFd> {
        self.pipe.as_ref()
    }

    /// Gives up the pipe, for unwatching and closing.
    pub(super) fn take_pipe(&mut self) -> Option<OwnedFd> {
        self.pipe.take()
    }

    /// From now on nothing is kept: the command is over and its record closed.
    pub(super) fn close_file(&mut self) {
        self.limit = self.kept;
    }

    /// Moves what is there.
    pub(super) fn pump(&mut self, null: &File) -> Moved {
        for _ in 0..TURN {
            match self.step(null) {
                Ok(0) => return Moved::End,
                Ok(_) => {}
                Err(Errno::AGAIN) => return Moved::Empty,
                Err(Errno::INTR) => {}
                Err(_) => return Moved::End,
            }
        }
        Moved::More
    }

    fn step(&mut self, null: &File) -> Result<u64, Errno> {
        let Some(pipe) = &self.pipe else { return Ok(0) };
        let room = self.limit.saturating_sub(self.kept);
        if room == 0 {
            let count = splice(pipe, None, null, None, CHUNK, SpliceFlags::NONBLOCK)? as u64;
            self.dropped += count;
            return Ok(count);
        }
        let most = CHUNK.min(usize::try_from(room).unwrap_or(CHUNK));
        let mut offset = self.kept;
        match splice(pipe, None, &self.file, Some(&mut offset), most, SpliceFlags::NONBLOCK) {
            Ok(count) => {
                self.kept += count as u64;
                Ok(count as u64)
            }
            Err(error @ (Errno::AGAIN | Errno::INTR)) => Err(error),
            Err(_) => {
                // The disk is full, say: keep what is there, count the rest, and let the command go on.
                self.limit = self.kept;
                Err(Errno::INTR)
            }
        }
    }
}

/// Opens the reading side of a pipe through /proc, and nothing else: a command may have put anything there.
fn open_fifo(path: &Path) -> io::Result<OwnedFd> {
    let peek = OpenOptions::new().read(true).custom_flags(libc::O_PATH).open(path)?;
    if !peek.metadata()?.file_type().is_fifo() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let again = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&peek));
    Ok(OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(again)?.into())
}
