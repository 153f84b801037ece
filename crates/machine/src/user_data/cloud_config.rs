//! The part of `#cloud-config` that is carried out: users, groups of users, ssh_authorized_keys, hostname, fqdn,
//! write_files, packages, package_update, bootcmd, runcmd, final_message. Every other key becomes a note on the
//! console, so that nobody has to guess why it had no effect (cloud-init documentation, "Module reference").

use keeper::boot::{BootAction, BootStep, FileSpec, UserSpec};

use super::yaml::{self, Node};
use super::{Stages, encoding};

/// Keys that have no meaning here and need no note.
const SILENT: [&str; 8] = [
    "package_update",
    "package_upgrade",
    "package_reboot_if_required",
    "preserve_hostname",
    "manage_etc_hosts",
    "output",
    "merge_how",
    "disable_root",
];

/// Adds what a document asks for.
pub(super) fn read(stages: &mut Stages, bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return stages.note("cloud-config: not UTF-8");
    };
    let document = match yaml::parse(text) {
        Ok(document) => document,
        Err(why) => return stages.note(&format!("cloud-config: {why}")),
    };
    let Node::Map(members) = &document else {
        return stages.note("cloud-config: not a mapping");
    };
    for (key, value) in members {
        match key.as_str() {
            "bootcmd" => commands(&mut stages.boot_commands, "bootcmd", value, true),
            "runcmd" => commands(&mut stages.commands, "runcmd", value, false),
            "write_files" => value.items().iter().for_each(|entry| write_file(stages, entry)),
            "users" => value.items().iter().for_each(|entry| user(stages, entry)),
            "ssh_authorized_keys" => {
                let keys = value.words();
                stages.identity.push(first(BootStep::AuthorizedKeys { user: "ec2-user".into(), keys }));
            }
            "fqdn" | "hostname" => hostname(stages, &document, key),
            "packages" => packages(stages, &document, value),
            "final_message" => {
                if let Some(text) = value.text() {
                    stages.scripts.push(first(BootStep::Note(text.to_owned())));
                }
            }
            silent if SILENT.contains(&silent) => {}
            other => stages.note(&format!("cloud-config: {other:?} is not carried out here")),
        }
    }
}

fn first(step: BootStep) -> BootAction {
    BootAction { every_boot: false, step }
}

/// All commands together are one shell script, so that `cd` in one of them holds for the next; a list is one
/// command whose words are quoted.
fn commands(stage: &mut Vec<BootAction>, name: &str, value: &Node, every_boot: bool) {
    let mut script = String::from("#!/bin/sh\n");
    for entry in value.items() {
        match entry {
            Node::List(_) => {
                let words: Vec<String> = entry.words().iter().map(|word| quote(word)).collect();
                script.push_str(&words.join(" "));
            }
            other => script.push_str(other.text().unwrap_or_default()),
        }
        script.push('\n');
    }
    let step = BootStep::Script { name: name.to_owned(), content: script.into_bytes() };
    stage.push(BootAction { every_boot, step });
}

fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn hostname(stages: &mut Stages, document: &Node, key: &str) {
    // With both given the short name counts, and it must not be set twice.
    if key == "fqdn" && document.get("hostname").is_some() {
        return;
    }
    let name = document.get(key).and_then(Node::text).unwrap_or_default();
    let name = if key == "fqdn" { name.split('.').next().unwrap_or_default() } else { name };
    let good = !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    if good {
        stages.identity.push(first(BootStep::Hostname(name.to_owned())));
    } else {
        stages.note(&format!("cloud-config: {name:?} is not a host name"));
    }
}

fn packages(stages: &mut Stages, document: &Node, value: &Node) {
    let mut names = Vec::new();
    for entry in value.items() {
        match entry {
            // `[name, version]`: the version is a wish we hand on in the way apt writes it.
            Node::List(_) => names.extend(entry.words().first().cloned()),
            other => names.extend(other.text().map(str::to_owned)),
        }
    }
    // A name that looks like an option would be one to the package manager.
    names.retain(|name| !name.starts_with('-'));
    let update = document.get("package_update").is_some_and(Node::is_true)
        || document.get("package_upgrade").is_some_and(Node::is_true);
    stages.packages.push(first(BootStep::Packages { update, names }));
}

fn user(stages: &mut Stages, entry: &Node) {
    let name = entry.text().or_else(|| entry.get("name").and_then(Node::text));
    let Some(name) = name else { return stages.note("cloud-config: a user without name") };
    // `default` is the image's default user, who exists anyway.
    if name == "default" {
        return;
    }
    let field = |key: &str| entry.get(key).and_then(Node::text).map(str::to_owned);
    let list = |key: &str| entry.get(key).map(Node::words).unwrap_or_default();
    let sudo = list("sudo").into_iter().filter(|rule| !rule.eq_ignore_ascii_case("false")).collect();
    let groups = list("groups")
        .iter()
        .flat_map(|text| text.split(',').map(|group| group.trim().to_owned()).collect::<Vec<_>>())
        .filter(|group| !group.is_empty())
        .collect();
    let mut keys = list("ssh_authorized_keys");
    keys.extend(list("ssh-authorized-keys"));
    let user = UserSpec {
        name: name.to_owned(),
        gecos: field("gecos").unwrap_or_default(),
        home: field("homedir"),
        shell: field("shell"),
        groups,
        sudo,
        authorized_keys: keys,
    };
    stages.identity.push(first(BootStep::User(user)));
}

fn write_file(stages: &mut Stages, entry: &Node) {
    let Some(path) = entry.get("path").and_then(Node::text).filter(|path| path.starts_with('/')) else {
        return stages.note("cloud-config: a file without absolute path");
    };
    let content = match entry.get("content") {
        Some(Node::Scalar { text, .. }) => text.as_bytes(),
        _ => b"",
    };
    let encoding = entry.get("encoding").and_then(Node::text).unwrap_or_default();
    let content = match decode(content, encoding, stages.budget) {
        Ok(content) => content,
        Err(why) => return stages.note(&format!("cloud-config: {path}: {why}")),
    };
    stages.budget = stages.budget.saturating_sub(content.len());
    let Some(mode) = entry.get("permissions").map_or(Some(0o644), permissions) else {
        return stages.note(&format!("cloud-config: {path}: permissions are not octal digits"));
    };
    let owner = entry.get("owner").and_then(Node::text).unwrap_or_default();
    let (user, group) = owner.split_once(':').unwrap_or((owner, ""));
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let file = FileSpec {
        path: path.to_owned(),
        content,
        mode,
        user: some(user),
        group: some(group),
        append: entry.get("append").is_some_and(Node::is_true),
    };
    let late = entry.get("defer").is_some_and(Node::is_true);
    let stage = if late { &mut stages.late_files } else { &mut stages.files };
    stage.push(first(BootStep::WriteFile(file)));
}

fn decode(content: &[u8], encoding: &str, budget: usize) -> Result<Vec<u8>, String> {
    let mut content = content.to_vec();
    let (compressed, wrapped) = match encoding {
        "" | "text/plain" => (false, false),
        "b64" | "base64" => (false, true),
        "gz" | "gzip" => (true, false),
        "gz+b64" | "gz+base64" | "gzip+b64" | "gzip+base64" => (true, true),
        other => return Err(format!("unknown encoding {other:?}")),
    };
    if wrapped {
        content = encoding::base64(&content).ok_or("not valid base64")?;
    }
    if compressed {
        content = encoding::gunzip(&content, budget)?;
    }
    Ok(content)
}

/// Octal digits, as text or with YAML's leading zero; a plain number without one is decimal, as YAML reads it.
fn permissions(node: &Node) -> Option<u32> {
    let Node::Scalar { text, plain } = node else { return None };
    let digits = text.strip_prefix("0o").unwrap_or(text);
    let decimal = *plain && !text.starts_with('0');
    u32::from_str_radix(digits, if decimal { 10 } else { 8 }).ok().filter(|mode| *mode <= 0o7777)
}
