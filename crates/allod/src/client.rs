//! A client of a running cloud, for the commands that ask one.

use anyhow::Context as _;
use aws_client::{Client, Credentials};
use std::net::{SocketAddr, ToSocketAddrs as _};

/// A client of the endpoint, which is of the form `http://HOST:PORT`, with the keys of the environment, or those of open
/// mode.
pub(crate) fn connect(endpoint: &str, region: &str) -> anyhow::Result<Client> {
    let plain =
        endpoint.strip_prefix("http://").context("the endpoint is not of the form http://HOST:PORT")?;
    let host = plain.split('/').next().unwrap_or_default();
    let place =
        if host.contains(':') && !host.ends_with(']') { host.to_owned() } else { format!("{host}:80") };
    let address: SocketAddr = place
        .to_socket_addrs()
        .with_context(|| format!("{place} is no address"))?
        .next()
        .with_context(|| format!("{place} has no address"))?;
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| "test".to_owned());
    let credentials = Credentials {
        access_key_id: variable("AWS_ACCESS_KEY_ID"),
        secret_access_key: variable("AWS_SECRET_ACCESS_KEY"),
        region: region.to_owned(),
    };
    Ok(Client::new(address, credentials))
}
