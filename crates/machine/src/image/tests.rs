use super::*;

fn directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("allod-image-{}-{name}", std::process::id()));
    fs::create_dir_all(&path).unwrap();
    path
}

#[test]
fn the_image_has_an_identity_of_its_own_and_none_of_the_hosts_secrets() {
    let place = directory("identity");
    let image = prepare(&place, Mode::SingleUid).unwrap();
    let root = &image.overlays[0].lower[0];
    let passwd = fs::read_to_string(root.join("etc/passwd")).unwrap();
    assert!(passwd.contains("ec2-user:x:1000:"));
    assert_eq!(fs::read_to_string(root.join("etc/machine-id")).unwrap(), "");
    let shadow = fs::read_to_string(root.join("etc/shadow")).unwrap();
    assert!(shadow.lines().all(|line| line.split(':').nth(1) == Some("*")), "a password: {shadow}");
    for absent in
        ["etc/hosts", "etc/resolv.conf", "etc/ssl/private", "etc/ssh/ssh_host_ed25519_key", "root/.ssh"]
    {
        assert!(!root.join(absent).exists(), "{absent}");
    }
    assert!(root.join("bin").is_symlink());
    fs::remove_dir_all(place).unwrap();
}

#[test]
fn the_version_is_the_same_for_the_same_host() {
    let place = directory("version");
    let one = prepare(&place, Mode::SingleUid).unwrap();
    let two = prepare(&place, Mode::SingleUid).unwrap();
    assert_eq!(one, two);
    assert_eq!(fs::read_dir(&place).unwrap().count(), 1, "nothing is left of the second build");
    fs::remove_dir_all(place).unwrap();
}

#[test]
fn files_that_only_root_may_read_are_not_copied() {
    let place = directory("private");
    let secret = place.join("secret");
    fs::write(&secret, "hidden").unwrap();
    fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
    let mut builder = Builder { root: place.join("image"), hash: Sha256::new(), chown: false };
    builder.copy(&secret, 0).unwrap();
    assert!(!place.join("image").exists());
    fs::set_permissions(&secret, Permissions::from_mode(0o644)).unwrap();
    builder.copy(&secret, 0).unwrap();
    let copy = place.join("image/root").join(secret.strip_prefix("/").unwrap());
    assert_eq!(fs::read_to_string(copy).unwrap(), "hidden");
    fs::remove_dir_all(place).unwrap();
}
