//! Users and groups as the files of a machine name them. The files are the machine's own and may hold
//! anything; a line that makes no sense is skipped.

use std::fs;
use std::io;

/// A user's entry in `/etc/passwd`, with the groups that list them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) groups: Vec<u32>,
    pub(crate) home: String,
    pub(crate) shell: String,
}

impl Account {
    /// What root is where there is no `/etc/passwd`.
    fn root() -> Self {
        Self {
            name: "root".into(),
            uid: 0,
            gid: 0,
            groups: Vec::new(),
            home: "/root".into(),
            shell: "/bin/sh".into(),
        }
    }

    /// Looks a user up by name or number in this mount namespace. Root always exists.
    pub(crate) fn find(name: &str) -> Option<Self> {
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let group = fs::read_to_string("/etc/group").unwrap_or_default();
        Self::parse(&passwd, &group, name).or_else(|| matches!(name, "root" | "0").then(Self::root))
    }

    fn parse(passwd: &str, group: &str, name: &str) -> Option<Self> {
        let mut account = passwd.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let &[login, _, uid, gid, _, home, shell] = fields.as_slice() else { return None };
            if login != name && uid != name {
                return None;
            }
            Some(Self {
                name: login.into(),
                uid: uid.parse().ok()?,
                gid: gid.parse().ok()?,
                groups: Vec::new(),
                home: home.into(),
                shell: if shell.is_empty() { "/bin/sh".into() } else { shell.into() },
            })
        })?;
        account.groups = group
            .lines()
            .filter_map(|line| {
                let fields: Vec<&str> = line.split(':').collect();
                let &[_, _, gid, members] = fields.as_slice() else { return None };
                members.split(',').any(|member| member == account.name).then(|| gid.parse().ok())?
            })
            .collect();
        Some(account)
    }
}

/// A group by name or number.
pub(crate) fn find_group(name: &str) -> Option<u32> {
    let text = fs::read_to_string("/etc/group").unwrap_or_default();
    text.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let &[group, _, gid, ..] = fields.as_slice() else { return None };
        (group == name || gid == name).then(|| gid.parse().ok())?
    })
}

/// The first number from 1,000 on that neither file uses.
pub(crate) fn free_id() -> u32 {
    let used: Vec<u32> = ["/etc/passwd", "/etc/group"]
        .iter()
        .flat_map(|path| {
            let text = fs::read_to_string(path).unwrap_or_default();
            text.lines().filter_map(|line| line.split(':').nth(2)?.parse().ok()).collect::<Vec<u32>>()
        })
        .collect();
    (1_000..u32::MAX).find(|id| !used.contains(id)).unwrap_or(u32::MAX)
}

/// Appends a line to a file that ends with a newline or not.
pub(crate) fn append_line(path: &str, line: &str, mode: u32) -> io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let text = fs::read(path).unwrap_or_default();
    let mut file = fs::OpenOptions::new().append(true).create(true).mode(mode).open(path)?;
    let glue = if text.is_empty() || text.ends_with(b"\n") { "" } else { "\n" };
    file.write_all(format!("{glue}{line}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/bash\nbroken line\na:x:b:c:::\nec2-user:x:1000:1000::/home/ec2-user:\n";
    const GROUP: &str = "root:x:0:\nwheel:x:10:ec2-user,other\nno:x\nadm:x:4:other\n";

    #[test]
    fn users_are_found_by_name_and_number() {
        let by_name = Account::parse(PASSWD, GROUP, "ec2-user").unwrap();
        assert_eq!((by_name.uid, by_name.gid, by_name.shell.as_str()), (1000, 1000, "/bin/sh"));
        assert_eq!(by_name.groups, [10]);
        assert_eq!(Account::parse(PASSWD, GROUP, "1000"), Some(by_name));
        assert_eq!(Account::parse(PASSWD, GROUP, "root").unwrap().shell, "/bin/bash");
    }

    #[test]
    fn nonsense_is_not_found() {
        for name in ["", "a", "broken line", "nobody", "x"] {
            assert_eq!(Account::parse(PASSWD, GROUP, name), None, "{name}");
        }
    }
}
