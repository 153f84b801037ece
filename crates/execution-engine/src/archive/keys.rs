//! Keys of the rows.

use state_machine::Millis;

pub(super) const MACHINE: u8 = b'm';
pub(super) const CHILD: u8 = b'c';
pub(super) const EXECUTION: u8 = b'e';
pub(super) const DEFINITION: u8 = b'd';

fn key(kind: u8, name: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(name.len() + 24);
    key.push(kind);
    key.extend_from_slice(name.as_bytes());
    key
}

pub(super) fn execution(arn: &str) -> Vec<u8> {
    key(EXECUTION, arn)
}

pub(super) fn snapshot(arn: &str) -> Vec<u8> {
    key(b's', arn)
}

pub(super) fn definition(revision: &str) -> Vec<u8> {
    key(DEFINITION, revision)
}

pub(super) fn map_run(arn: &str) -> Vec<u8> {
    key(b'r', arn)
}

pub(super) fn left(map_run: &str) -> Vec<u8> {
    key(b'o', map_run)
}

/// Prefix of the Map Runs of an execution.
pub(super) fn map_runs(execution: &str) -> Vec<u8> {
    list(b'x', execution)
}

/// A Map Run in the list of its execution.
pub(super) fn map_run_of(execution: &str, map_run: &str) -> Vec<u8> {
    [map_runs(execution), map_run.as_bytes().to_vec()].concat()
}

/// The rows of a Map Run; those of its children are not among them.
pub(super) fn of_map_run(execution: &str, map_run: &str) -> [Vec<u8>; 3] {
    [map_run_of(execution, map_run), self::map_run(map_run), left(map_run)]
}

/// Prefix of the parts of a history.
pub(super) fn parts(arn: &str) -> Vec<u8> {
    list(b'h', arn)
}

pub(super) fn part(arn: &str, number: usize) -> Vec<u8> {
    let mut key = parts(arn);
    key.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes());
    key
}

/// Prefix of a list.
pub(super) fn list(kind: u8, owner: &str) -> Vec<u8> {
    let mut key = key(kind, owner);
    key.push(0);
    key
}

/// An execution in a list: the later it began, the smaller the key.
pub(super) fn listed(kind: u8, owner: &str, started: Millis, arn: &str) -> Vec<u8> {
    let mut key = list(kind, owner);
    key.extend_from_slice(&(!started.cast_unsigned()).to_be_bytes());
    key.extend_from_slice(arn.as_bytes());
    key
}

/// Start and ARN in a key of [`listed`].
pub(super) fn place<'a>(prefix: &[u8], key: &'a [u8]) -> Option<(Millis, &'a str)> {
    let started = key.get(prefix.len()..prefix.len() + 8)?.try_into().ok().map(u64::from_be_bytes)?;
    Some(((!started).cast_signed(), listed_arn(prefix, key)?))
}

/// The ARN in a key of [`listed`].
pub(super) fn listed_arn<'a>(prefix: &[u8], key: &'a [u8]) -> Option<&'a str> {
    std::str::from_utf8(key.get(prefix.len() + 8..)?).ok()
}
