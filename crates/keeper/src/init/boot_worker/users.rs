//! Making users and letting them in.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown};
use std::path::Path;

use super::files::write_all;
use crate::boot::UserSpec;
use crate::init::accounts::{Account, append_line, find_group, free_id};

/// Gives a user of the image (or a fresh one) the key pair's public key.
pub(super) fn login_user(name: &str, keys: &[String]) -> io::Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    if Account::find(name).is_none() {
        create(&UserSpec { name: name.to_owned(), ..UserSpec::default() })?;
    }
    authorize(name, keys)
}

/// Creates a user if absent, then adds keys and sudo rules.
pub(super) fn create(user: &UserSpec) -> io::Result<()> {
    check_name(&user.name)?;
    if Account::find(&user.name).is_none() {
        add(user)?;
    }
    for group in &user.groups {
        join(&user.name, group)?;
    }
    if !user.sudo.is_empty() {
        let mut rules = String::new();
        for rule in &user.sudo {
            rules.extend([user.name.as_str(), " ", rule.as_str(), "\n"]);
        }
        write_all(&format!("/etc/sudoers.d/90-cloud-init-{}", user.name), rules.as_bytes(), 0o440)?;
    }
    authorize(&user.name, &user.authorized_keys)
}

fn add(user: &UserSpec) -> io::Result<()> {
    let id = free_id();
    let name = &user.name;
    let home = user.home.clone().unwrap_or_else(|| format!("/home/{name}"));
    let shell = user.shell.clone().unwrap_or_else(|| "/bin/sh".to_owned());
    if [&home, &shell, &user.gecos].iter().any(|field| field.contains([':', '\n'])) {
        return Err(io::Error::other(format!("user {name}: colon or newline in a field")));
    }
    append_line("/etc/group", &format!("{name}:x:{id}:"), 0o644)?;
    append_line("/etc/passwd", &format!("{name}:x:{id}:{id}:{}:{home}:{shell}", user.gecos), 0o644)?;
    // No password ever matches `!`: such a user enters by key only.
    append_line("/etc/shadow", &format!("{name}:!:19000:0:99999:7:::"), 0o640)?;
    if !Path::new(&home).exists() {
        DirBuilder::new().recursive(true).mode(0o755).create(&home)?;
        fs::set_permissions(&home, Permissions::from_mode(0o700))?;
        chown(&home, Some(id), Some(id))?;
    }
    Ok(())
}

/// Adds a user to a group, which is made when absent.
fn join(user: &str, group: &str) -> io::Result<()> {
    check_name(group)?;
    if find_group(group).is_none() {
        return append_line("/etc/group", &format!("{group}:x:{}:{user}", free_id()), 0o644);
    }
    let text = fs::read_to_string("/etc/group")?;
    let fresh: String = text.lines().map(|line| add_member(line, group, user) + "\n").collect();
    write_all("/etc/group", fresh.as_bytes(), 0o644)
}

fn add_member(line: &str, group: &str, user: &str) -> String {
    let mut fields: Vec<&str> = line.split(':').collect();
    let [name, _, _, members] = fields.as_mut_slice() else { return line.to_owned() };
    if *name != group || members.split(',').any(|member| member == user) {
        return line.to_owned();
    }
    let joined = if members.is_empty() { user.to_owned() } else { format!("{members},{user}") };
    *members = &joined;
    fields.join(":")
}

/// Adds public keys to a user's `authorized_keys`; those already there are not repeated.
pub(super) fn authorize(name: &str, keys: &[String]) -> io::Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let account = Account::find(name).ok_or_else(|| io::Error::other(format!("no user {name}")))?;
    let directory = format!("{}/.ssh", account.home);
    if !Path::new(&directory).exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
        chown(&directory, Some(account.uid), Some(account.gid))?;
    }
    let path = format!("{directory}/authorized_keys");
    let known = fs::read_to_string(&path).unwrap_or_default();
    for key in keys.iter().map(|key| key.trim()).filter(|key| !key.is_empty() && !key.contains('\n')) {
        if !known.lines().any(|line| line.trim() == key) {
            append_line(&path, key, 0o600)?;
        }
    }
    chown(&path, Some(account.uid), Some(account.gid))
}

/// The names useradd(8) accepts: what goes into colon-separated files must not contain separators.
fn check_name(name: &str) -> io::Result<()> {
    let mut bytes = name.bytes();
    let good = name.len() <= 32
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase() || first == b'_')
        && bytes.all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'.')
        });
    if good { Ok(()) } else { Err(io::Error::other(format!("{name:?} is not a user or group name"))) }
}

#[cfg(test)]
mod tests {
    use super::{add_member, check_name};

    #[test]
    fn members_are_added_once_and_only_to_their_group() {
        assert_eq!(add_member("wheel:x:10:", "wheel", "ann"), "wheel:x:10:ann");
        assert_eq!(add_member("wheel:x:10:bob", "wheel", "ann"), "wheel:x:10:bob,ann");
        assert_eq!(add_member("wheel:x:10:ann", "wheel", "ann"), "wheel:x:10:ann");
        assert_eq!(add_member("adm:x:4:", "wheel", "ann"), "adm:x:4:");
        assert_eq!(add_member("nonsense", "wheel", "ann"), "nonsense");
    }

    #[test]
    fn names_that_would_break_the_files_are_refused() {
        for good in ["ann", "_apt", "ec2-user", "a.b"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "Ann", "a:b", "a\nb", "0root", "../x", &"a".repeat(33)] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }
}
