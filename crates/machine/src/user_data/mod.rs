//! User-data: from the bytes a caller of RunInstances gave to a list of boot steps.
//!
//! Understood are scripts (`#!`), `#cloud-config` (see [`cloud_config`]), `#cloud-boothook`, MIME multipart,
//! and all of these compressed by gzip or wrapped in base64. As on EC2 nothing here is refused: what is not
//! understood becomes a note on the machine's console. The formats follow cloud-init's documentation
//! ("User data formats"). All parsing is done here on the host, with limits; PID 1 parses nothing.

mod cloud_config;
mod encoding;
mod mime;
mod yaml;

use keeper::boot::{BootAction, BootStep};

/// Most bytes after decompression; the API takes 16 KiB, so this allows for a ratio of 64.
pub const MAX_BYTES: usize = 1 << 20;
/// Deepest nesting of containers (multipart in gzip in base64 …).
const MAX_DEPTH: usize = 6;
/// Most parts in all.
const MAX_PARTS: usize = 200;

/// Steps by the stage in which cloud-init runs them; each list keeps the order of the document.
#[derive(Debug, Default)]
pub(crate) struct Stages {
    notes: Vec<BootAction>,
    boot_commands: Vec<BootAction>,
    files: Vec<BootAction>,
    identity: Vec<BootAction>,
    packages: Vec<BootAction>,
    late_files: Vec<BootAction>,
    commands: Vec<BootAction>,
    scripts: Vec<BootAction>,
    parts: usize,
    budget: usize,
}

/// Turns user-data (after the API's base64 is removed) into boot steps.
pub fn decode(bytes: &[u8]) -> Vec<BootAction> {
    let mut stages = Stages { budget: MAX_BYTES, ..Stages::default() };
    if !bytes.is_empty() {
        stages.part(bytes, "user-data", None, 0);
    }
    let order = [
        stages.notes,
        stages.boot_commands,
        stages.files,
        stages.identity,
        stages.packages,
        stages.late_files,
        stages.commands,
        stages.scripts,
    ];
    order.into_iter().flatten().collect()
}

impl Stages {
    /// Takes one part in. `kind` is its MIME type when an envelope told it.
    fn part(&mut self, bytes: &[u8], name: &str, kind: Option<&str>, depth: usize) {
        self.parts += 1;
        if depth > MAX_DEPTH || self.parts > MAX_PARTS {
            return self.note("user-data: too many parts or too deep; the rest is ignored");
        }
        if encoding::is_gzip(bytes) {
            return match encoding::gunzip(bytes, self.budget) {
                Ok(plain) => {
                    self.budget = self.budget.saturating_sub(plain.len());
                    self.part(&plain, name, kind, depth + 1);
                }
                Err(why) => self.note(&format!("{name}: {why}")),
            };
        }
        let start = bytes.trim_ascii_start();
        match kind {
            Some("text/x-shellscript") => self.script(name, bytes),
            Some("text/cloud-config") => cloud_config::read(self, bytes),
            Some("text/cloud-boothook") => self.boothook(name, bytes),
            _ if start.starts_with(b"#!") => self.script(name, start),
            _ if first_line(start) == b"#cloud-config" => cloud_config::read(self, start),
            _ if first_line(start) == b"#cloud-boothook" => self.boothook(name, start),
            _ if mime::is_message(start) => self.multipart(start, depth),
            _ if kind.is_none() && depth < MAX_DEPTH => match encoding::base64(start) {
                Some(plain) => self.part(&plain, name, None, depth + 1),
                None => self.not_understood(name, start),
            },
            _ => self.not_understood(name, start),
        }
    }

    fn multipart(&mut self, bytes: &[u8], depth: usize) {
        match mime::parts(bytes) {
            Ok(parts) => {
                for (number, part) in parts.into_iter().enumerate() {
                    let name = part.name.unwrap_or_else(|| format!("part-{:03}", number + 1));
                    self.part(&part.body, &name, Some(part.kind.as_str()), depth + 1);
                }
            }
            Err(why) => self.note(&format!("user-data: {why}")),
        }
    }

    fn script(&mut self, name: &str, bytes: &[u8]) {
        let step = BootStep::Script { name: name.to_owned(), content: bytes.to_vec() };
        self.scripts.push(BootAction { every_boot: false, step });
    }

    /// A script that runs early and at every boot. The format's own first line is a comment to a shell; without
    /// an interpreter of its own behind it, the shell is meant.
    fn boothook(&mut self, name: &str, bytes: &[u8]) {
        let body = match bytes.strip_prefix(b"#cloud-boothook") {
            Some(rest) => rest.trim_ascii_start(),
            None => bytes,
        };
        let content = if body.starts_with(b"#!") { body.to_vec() } else { [b"#!/bin/sh\n", body].concat() };
        let step = BootStep::Script { name: format!("boothook-{name}"), content };
        self.boot_commands.push(BootAction { every_boot: true, step });
    }

    fn not_understood(&mut self, name: &str, bytes: &[u8]) {
        let line = String::from_utf8_lossy(first_line(bytes)).chars().take(60).collect::<String>();
        self.note(&format!("{name}: unhandled user-data beginning with {line:?}"));
    }

    fn note(&mut self, text: &str) {
        self.notes.push(BootAction { every_boot: false, step: BootStep::Note(text.to_owned()) });
    }
}

fn first_line(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == b'\n').next().unwrap_or_default().trim_ascii_end()
}

#[cfg(test)]
mod tests;
