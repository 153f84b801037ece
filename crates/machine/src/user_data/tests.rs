use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

fn steps(bytes: &[u8]) -> Vec<BootStep> {
    decode(bytes).into_iter().map(|action| action.step).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn script(name: &str, content: &str) -> BootStep {
    BootStep::Script { name: name.into(), content: content.into() }
}

#[test]
fn a_script_is_run_as_it_is_also_compressed_or_wrapped() {
    let text = "#!/bin/bash\necho hello\n";
    let expected = vec![script("user-data", text)];
    assert_eq!(steps(text.as_bytes()), expected);
    assert_eq!(steps(&gzip(text.as_bytes())), expected);
    assert_eq!(steps(STANDARD.encode(text).as_bytes()), expected);
    assert_eq!(steps(STANDARD.encode(gzip(text.as_bytes())).as_bytes()), expected);
}

#[test]
fn nothing_gives_nothing_and_nonsense_a_note() {
    assert_eq!(steps(b""), []);
    for nonsense in [b"just text".as_slice(), b"\xff\xfe\x00", b"#include\nhttp://x", &[0x1f, 0x8b, 1, 2]] {
        assert!(matches!(steps(nonsense).as_slice(), [BootStep::Note(_)]), "{nonsense:?}");
    }
}

#[test]
fn a_decompression_bomb_is_refused() {
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 100_000);
    assert!(matches!(steps(&bomb).as_slice(), [BootStep::Note(text)] if text.contains("more than")));
}

#[test]
fn cloud_config_is_ordered_by_stage() {
    let text = "#cloud-config\nruncmd:\n - cd /tmp\n - [ls, \"it's\"]\nbootcmd:\n - echo early\nhostname: web\nwrite_files:\n - path: /a\n   content: |\n     one\n     two\n   permissions: '0600'\n   owner: ann:adm\n";
    let actions = decode(text.as_bytes());
    let (early, rest) = actions.split_first().unwrap();
    assert_eq!((early.every_boot, &early.step), (true, &script("bootcmd", "#!/bin/sh\necho early\n")));
    let steps: Vec<_> = rest.iter().map(|action| action.step.clone()).collect();
    let file = keeper::boot::FileSpec {
        path: "/a".into(),
        content: b"one\ntwo\n".to_vec(),
        mode: 0o600,
        user: Some("ann".into()),
        group: Some("adm".into()),
        append: false,
    };
    let expected = [
        BootStep::WriteFile(file),
        BootStep::Hostname("web".into()),
        script("runcmd", "#!/bin/sh\ncd /tmp\n'ls' 'it'\\''s'\n"),
    ];
    assert_eq!(steps, expected);
}

#[test]
fn files_are_decoded_by_their_encoding() {
    let packed = STANDARD.encode(gzip(b"secret"));
    let text = format!(
        "#cloud-config\nwrite_files:\n- {{path: /a, encoding: b64, content: aGVsbG8=}}\n- {{path: /b, encoding: gz+b64, content: {packed}, permissions: 0755, append: true}}\n- {{path: /c, encoding: rot13, content: x}}\n- {{path: relative, content: x}}\n"
    );
    let steps = steps(text.as_bytes());
    let files: Vec<_> = steps
        .iter()
        .filter_map(|step| match step {
            BootStep::WriteFile(file) => Some((file.content.as_slice(), file.mode, file.append)),
            _ => None,
        })
        .collect();
    assert_eq!(files, [(b"hello".as_slice(), 0o644, false), (b"secret", 0o755, true)]);
    assert_eq!(steps.iter().filter(|step| matches!(step, BootStep::Note(_))).count(), 2);
}

#[test]
fn users_packages_and_keys_are_read() {
    let text = "#cloud-config\nusers:\n - default\n - name: ann\n   groups: wheel, adm\n   sudo: ALL=(ALL) NOPASSWD:ALL\n   ssh_authorized_keys: [ssh-ed25519 AAAA]\n   shell: /bin/bash\n - bob\nssh_authorized_keys:\n - ssh-rsa BBBB\npackages: [nginx, [vim, '9'], --evil]\npackage_update: true\n";
    let ann = keeper::boot::UserSpec {
        name: "ann".into(),
        groups: vec!["wheel".into(), "adm".into()],
        sudo: vec!["ALL=(ALL) NOPASSWD:ALL".into()],
        authorized_keys: vec!["ssh-ed25519 AAAA".into()],
        shell: Some("/bin/bash".into()),
        ..Default::default()
    };
    let bob = keeper::boot::UserSpec { name: "bob".into(), ..Default::default() };
    let expected = [
        BootStep::User(ann),
        BootStep::User(bob),
        BootStep::AuthorizedKeys { user: "ec2-user".into(), keys: vec!["ssh-rsa BBBB".into()] },
        BootStep::Packages { update: true, names: vec!["nginx".into(), "vim".into()] },
    ];
    assert_eq!(steps(text.as_bytes()), expected);
}

#[test]
fn unknown_keys_are_named_on_the_console() {
    let steps = steps(b"#cloud-config\nntp: {enabled: true}\n");
    assert!(matches!(steps.as_slice(), [BootStep::Note(text)] if text.contains("ntp")));
}

#[test]
fn multipart_messages_are_taken_apart() {
    let config = STANDARD.encode("#cloud-config\nhostname: web\n");
    let text = format!(
        "Content-Type: multipart/mixed; boundary=\"//\"\r\nMIME-Version: 1.0\r\n\r\n--//\r\nContent-Type: text/cloud-config;\r\n charset=\"us-ascii\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{config}\r\n--//\r\nContent-Type: text/x-shellscript\r\nContent-Disposition: attachment; filename=\"run.sh\"\r\n\r\n#!/bin/sh\necho one\r\n--//\r\nContent-Type: text/x-unknown\r\n\r\nsomething\r\n--//--\r\n"
    );
    let steps = steps(text.as_bytes());
    assert!(matches!(&steps[0], BootStep::Note(text) if text.contains("something")), "{steps:?}");
    assert_eq!(steps[1..], [BootStep::Hostname("web".into()), script("run.sh", "#!/bin/sh\necho one")]);
}

#[test]
fn a_message_within_itself_ends() {
    let mut text = "#!/bin/sh\n".to_owned();
    for level in 0..20 {
        text =
            format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n{text}\n--b{level}--\n");
    }
    assert!(steps(text.as_bytes()).iter().all(|step| matches!(step, BootStep::Note(_))));
}

#[test]
fn hostile_yaml_ends_quickly() {
    let deep = format!("#cloud-config\nx: {}", "[".repeat(15_000));
    let mut bomb = "#cloud-config\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        bomb = format!("{bomb}a{level}: &a{level} [{}]\n", before.trim_end_matches(", "));
    }
    for hostile in [deep, bomb, "#cloud-config\n- *x\n".into(), "#cloud-config\n{a: ".into()] {
        assert!(matches!(steps(hostile.as_bytes()).as_slice(), [BootStep::Note(_)]));
    }
}

#[test]
fn aliases_work_where_they_are_few() {
    let text = "#cloud-config\nruncmd: &again\n - echo hi\nbootcmd: *again\n";
    assert_eq!(steps(text.as_bytes()).len(), 2);
}

#[test]
fn boothooks_run_at_every_boot() {
    let actions = decode(b"#cloud-boothook\necho early\n");
    assert!(actions[0].every_boot);
    assert_eq!(actions[0].step, script("boothook-user-data", "#!/bin/sh\necho early\n"));
}
