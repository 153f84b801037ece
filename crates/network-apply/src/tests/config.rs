//! What a configuration must be.

use crate::{ApplyError, HostConfig};

#[test]
fn names_are_what_file_names_may_be() {
    let long = "x".repeat(41);
    for bad in ["", "Cloud", "a/b", "..", "a b", "ä", long.as_str()] {
        let refused = HostConfig::new(bad).check();
        assert!(matches!(refused, Err(ApplyError::InvalidName(_))), "{bad:?}");
    }
    HostConfig::new("allod-7").check().unwrap();
}

#[test]
fn pools_and_sizes_have_limits() {
    let mut config = HostConfig::new("x");
    config.public_pool = "198.18.0.0/30".parse().unwrap();
    assert!(config.check().is_err());
    config.public_pool = "198.18.0.0/29".parse().unwrap();
    config.check().unwrap();
    assert_eq!(config.host_address().to_string(), "198.18.0.5");
    assert_eq!(config.edge_address().to_string(), "198.18.0.6");
    for (mtu, fine) in [(1279, false), (1280, true), (9001, true), (65_536, false)] {
        config.mtu = mtu;
        assert_eq!(config.check().is_ok(), fine, "{mtu}");
    }
}

#[test]
fn interface_names_fit_and_differ() {
    let one = HostConfig::new("allod-1").host_link();
    assert!(one.len() <= 15);
    assert_ne!(one, HostConfig::new("allod-2").host_link());
}
