//! Keeps web pages from driving the cloud through the user's browser.
//!
//! In open mode any signature is accepted, so a page could forge one. Two things it cannot forge:
//! the `Origin` its requests carry, and the `Host` the browser was told (DNS rebinding).

use std::net::IpAddr;

use http::header;

use crate::head::Head;
use crate::refusal::Refusal;

/// Names below which every name is this endpoint: browsers and resolvers send them to loopback.
const LOOPBACK_SUFFIXES: [&str; 2] = [".localhost", ".localhost.localstack.cloud"];

/// Refuses requests with an unexpected `Host` or from a foreign origin.
pub(crate) fn check(head: &Head, host_names: &[String]) -> Result<(), Refusal> {
    let host = head.host().ok_or(Refusal::NoHost)?;
    // A request with two hosts could show each reader another.
    if head.parts.headers.get_all(header::HOST).iter().nth(1).is_some() {
        return Err(Refusal::NoHost);
    }
    if !is_own_name(host, head.local, host_names) {
        return Err(Refusal::UnexpectedHost(shortened(host)));
    }
    // An absolute-form target would name the host a second time.
    if head.parts.uri.authority().is_some_and(|authority| !authority.as_str().eq_ignore_ascii_case(host)) {
        return Err(Refusal::UnexpectedHost(shortened(host)));
    }
    if let Some(origin) = head.parts.headers.get(header::ORIGIN) {
        let origin = String::from_utf8_lossy(origin.as_bytes());
        if !is_same_origin(&origin, host) {
            return Err(Refusal::ForeignOrigin(shortened(&origin)));
        }
    }
    // A GET that a foreign page makes for an image or a link has no Origin, but says this.
    match head.header_named("sec-fetch-site") {
        None | Some("same-origin" | "none") => Ok(()),
        Some(site) => Err(Refusal::ForeignOrigin(shortened(site))),
    }
}

/// Whether `host` (with or without port) is a name of this endpoint.
fn is_own_name(host: &str, local: Option<IpAddr>, host_names: &[String]) -> bool {
    let Some(name) = without_port(host) else { return false };
    // The SDKs put this before the name of any endpoint for StartSyncExecution of Step Functions (`hostPrefix`).
    let name = name.strip_prefix("sync-").unwrap_or(name);
    if let Ok(address) = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        // Behind an address literal stands no name that could be rebound; still only our own count.
        return address.is_loopback() || Some(address) == local;
    }
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost"
        || name == "localhost.localstack.cloud"
        || LOOPBACK_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
        || host_names.iter().any(|known| matches_name(&known.to_ascii_lowercase(), &name))
}

fn matches_name(known: &str, name: &str) -> bool {
    match known.strip_prefix('*') {
        Some(suffix) => suffix.starts_with('.') && name.ends_with(suffix),
        None => known == name,
    }
}

/// The name of `name:port`, `[v6]:port` or either without port; `None` if the port is no number.
fn without_port(host: &str) -> Option<&str> {
    let (name, port) = match host.rfind(']') {
        Some(end) => host.split_at(end + 1),
        None => host.find(':').map_or((host, ""), |colon| host.split_at(colon)),
    };
    let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    (is_port && !name.is_empty()).then_some(name)
}

/// Whether a page of `origin` belongs to the endpoint that was called as `host`.
fn is_same_origin(origin: &str, host: &str) -> bool {
    origin.split_once("://").is_some_and(|(scheme, authority)| {
        matches!(scheme, "http" | "https") && authority.eq_ignore_ascii_case(host)
    })
}

/// Text of a stranger, short enough for an answer.
fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(headers: &[(&str, &str)]) -> Head {
        let mut request = http::Request::builder().uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let parts = request.body(()).unwrap().into_parts().0;
        Head { request_id: String::new(), peer: None, local: Some([192, 0, 2, 7].into()), parts }
    }

    fn refused(headers: &[(&str, &str)]) -> Option<u16> {
        let names = ["cloud.example".to_owned(), "*.wild.example".to_owned()];
        check(&head(headers), &names).err().map(|refusal| refusal.status().as_u16())
    }

    #[test]
    fn own_names_pass() {
        for host in [
            "localhost:4566",
            "sync-localhost:4566",
            "sync-127.0.0.1:4566",
            "LOCALHOST",
            "localhost.",
            "127.0.0.1:4566",
            "127.9.9.9",
            "[::1]:4566",
            "192.0.2.7:4566",
            "bucket.s3.localhost:4566",
            "localhost.localstack.cloud:4566",
            "sqs.eu-central-1.localhost.localstack.cloud",
            "cloud.example:443",
            "a.b.wild.example",
        ] {
            assert_eq!(refused(&[("host", host)]), None, "{host}");
        }
    }

    #[test]
    fn rebound_names_do_not() {
        for host in [
            "attacker.example:4566",
            "localhost.attacker.example",
            "notlocalhost",
            "xlocalhost.localstack.cloud",
            "192.0.2.8",
            "wild.example",
            "localhost:attacker",
            "localhost@attacker.example",
            ":4566",
            "[::1",
            "127.0.0.1.attacker.example",
        ] {
            assert_eq!(refused(&[("host", host)]), Some(403), "{host}");
        }
        assert_eq!(refused(&[]), Some(400));
        assert_eq!(refused(&[("host", "localhost"), ("host", "attacker.example")]), Some(400));
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        for (origin, allowed) in [
            ("http://localhost:4566", true),
            ("https://localhost:4566", true),
            ("http://localhost:3000", false),
            ("http://attacker.example", false),
            ("null", false),
            ("", false),
            ("file://localhost:4566", false),
            ("http://localhost:4566.attacker.example", false),
        ] {
            let status = refused(&[("host", "localhost:4566"), ("origin", origin)]);
            assert_eq!(status.is_none(), allowed, "{origin}");
        }
        for (site, allowed) in
            [("same-origin", true), ("none", true), ("cross-site", false), ("same-site", false)]
        {
            let status = refused(&[("host", "localhost:4566"), ("sec-fetch-site", site)]);
            assert_eq!(status.is_none(), allowed, "{site}");
        }
    }
}
