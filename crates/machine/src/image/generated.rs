//! What the host image brings itself: accounts, settings, the directories of a system.

/// Path under the root, mode, owner (uid and gid).
pub(super) const DIRECTORIES: &[(&str, u32, u32)] = &[
    ("dev", 0o755, 0),
    ("etc", 0o755, 0),
    ("etc/pam.d", 0o755, 0),
    ("etc/profile.d", 0o755, 0),
    ("etc/ssh", 0o755, 0),
    ("etc/ssl", 0o755, 0),
    ("etc/sudoers.d", 0o750, 0),
    ("home", 0o755, 0),
    ("home/ec2-user", 0o700, 1_000),
    ("media", 0o755, 0),
    ("mnt", 0o755, 0),
    ("opt", 0o755, 0),
    ("proc", 0o555, 0),
    ("root", 0o700, 0),
    ("run", 0o755, 0),
    ("srv", 0o755, 0),
    ("sys", 0o555, 0),
    ("tmp", 0o1777, 0),
    ("usr", 0o755, 0),
    ("var", 0o755, 0),
    ("var/cache", 0o755, 0),
    ("var/lib", 0o755, 0),
    ("var/lib/cloud", 0o755, 0),
    ("var/lib/cloud/data", 0o755, 0),
    ("var/lib/cloud/instance", 0o755, 0),
    ("var/lib/cloud/instance/scripts", 0o755, 0),
    ("var/lib/misc", 0o755, 0),
    ("var/log", 0o755, 0),
    ("var/mail", 0o755, 0),
    ("var/opt", 0o755, 0),
    ("var/spool", 0o755, 0),
    ("var/tmp", 0o1777, 0),
];

/// Path under the root and where it points.
pub(super) const LINKS: &[(&str, &str)] = &[
    ("etc/localtime", "/usr/share/zoneinfo/Etc/UTC"),
    ("etc/mtab", "../proc/self/mounts"),
    ("etc/os-release", "../usr/lib/os-release"),
    ("var/lock", "/run/lock"),
    ("var/run", "/run"),
];

/// Path under the root, mode, content.
pub(super) const FILES: &[(&str, u32, &str)] = &[
    ("etc/passwd", 0o644, PASSWD),
    ("etc/group", 0o644, GROUP),
    ("etc/shadow", 0o640, SHADOW),
    ("etc/gshadow", 0o640, ""),
    ("etc/nsswitch.conf", 0o644, NSSWITCH),
    ("etc/profile", 0o644, PROFILE),
    ("etc/environment", 0o644, ""),
    ("etc/shells", 0o644, "/bin/sh\n/bin/bash\n/usr/bin/sh\n/usr/bin/bash\n"),
    ("etc/fstab", 0o644, ""),
    ("etc/machine-id", 0o444, ""),
    ("etc/sudoers", 0o440, SUDOERS),
    ("etc/ssh/sshd_config", 0o600, SSHD),
    ("etc/ssh/ssh_config", 0o644, "Host *\n    SendEnv LANG LC_*\n"),
    ("etc/pam.d/other", 0o644, PAM),
    ("etc/pam.d/su", 0o644, PAM_ROOT_FIRST),
    ("etc/pam.d/su-l", 0o644, PAM_ROOT_FIRST),
    ("etc/pam.d/runuser", 0o644, PAM_ROOT_FIRST),
    ("etc/pam.d/runuser-l", 0o644, PAM_ROOT_FIRST),
    ("etc/pam.d/sudo", 0o644, PAM),
    ("root/.bashrc", 0o644, BASHRC),
    ("root/.profile", 0o644, "[ -n \"$BASH_VERSION\" ] && [ -f ~/.bashrc ] && . ~/.bashrc\n"),
];

/// The accounts that programs of Debian and Red Hat families look for, and Amazon Linux's default user.
const PASSWD: &str = "\
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/usr/sbin/nologin
man:x:6:12:man:/var/cache/man:/usr/sbin/nologin
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
_apt:x:42:65534::/nonexistent:/usr/sbin/nologin
sshd:x:74:65534::/run/sshd:/usr/sbin/nologin
messagebus:x:81:81::/nonexistent:/usr/sbin/nologin
ec2-user:x:1000:1000:EC2 Default User:/home/ec2-user:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
";

const GROUP: &str = "\
root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
adm:x:4:ec2-user
tty:x:5:
disk:x:6:
mail:x:8:
wheel:x:10:ec2-user
man:x:12:
kmem:x:15:
dialout:x:20:
sudo:x:27:ec2-user
www-data:x:33:
shadow:x:42:
utmp:x:43:
messagebus:x:81:
staff:x:50:
users:x:100:
ec2-user:x:1000:
nogroup:x:65534:
";

/// No password matches `*`: everyone enters by key or from the host.
const SHADOW: &str = "\
root:*:19000:0:99999:7:::
daemon:*:19000:0:99999:7:::
sshd:*:19000:0:99999:7:::
ec2-user:*:19000:0:99999:7:::
nobody:*:19000:0:99999:7:::
";

const NSSWITCH: &str = "\
passwd: files
group: files
shadow: files
hosts: files dns
networks: files
protocols: files
services: files
ethers: files
rpc: files
";

const PROFILE: &str = "\
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
if [ -n \"$BASH_VERSION\" ] && [ -n \"$PS1\" ]; then PS1='[\\u@\\h \\W]\\$ '; fi
for part in /etc/profile.d/*.sh; do [ -r \"$part\" ] && . \"$part\"; done
unset part
";

const BASHRC: &str = "[ -n \"$PS1\" ] && PS1='[\\u@\\h \\W]\\$ '\n";

const SUDOERS: &str = "\
Defaults env_reset
Defaults secure_path=\"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"
root ALL=(ALL:ALL) ALL
ec2-user ALL=(ALL) NOPASSWD:ALL
@includedir /etc/sudoers.d
";

/// Keys only; no PAM, so that the host's modules do not matter.
const SSHD: &str = "\
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp internal-sftp
";

const PAM: &str = "\
auth required pam_unix.so
account required pam_unix.so
password required pam_deny.so
session required pam_unix.so
";

const PAM_ROOT_FIRST: &str = "\
auth sufficient pam_rootok.so
auth required pam_unix.so
account required pam_unix.so
password required pam_deny.so
session required pam_unix.so
";

/// One script for `shutdown`, `reboot`, `poweroff` and `halt`: tells PID 1 by the signals it listens to.
pub(super) const SHUTDOWN: &str = r#"#!/bin/sh
# Tells PID 1 of this machine to power off (signal 38) or to reboot (signal 39).
signal=38
delay=0
[ "${0##*/}" = reboot ] && signal=39
for word in "$@"; do
    case $word in
        -r | --reboot) signal=39 ;;
        now | +0 | -*) ;;
        +*) delay=$((${word#+} * 60)) ;;
    esac
done
case " $* " in
    *" -c "* | *" --help "*)
        echo "usage: ${0##*/} [-h|-r|-P] [now|+minutes]" >&2
        exit 1
        ;;
esac
if [ "$delay" = 0 ]; then
    kill -$signal 1
else
    (sleep "$delay" && kill -$signal 1) >/dev/null 2>&1 &
    echo "in $delay seconds"
fi
"#;
