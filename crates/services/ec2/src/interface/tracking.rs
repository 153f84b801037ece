//! Idle timeouts of tracked connections (`ConnectionTrackingSpecification`).

use crate::faults;
use api_ec2::{ConnectionTrackingConfiguration, ConnectionTrackingSpecificationRequest};
use aws_schema::Fault;
use records::ConnectionTracking;

/// Checks a request's timeouts, in seconds.
///
/// # Errors
/// `InvalidParameterValue` out of AWS's ranges.
pub(crate) fn parse(given: &ConnectionTrackingSpecificationRequest) -> Result<ConnectionTracking, Fault> {
    for (name, value, range) in [
        ("TcpEstablishedTimeout", given.tcp_established_timeout, 60..=432_000),
        ("UdpStreamTimeout", given.udp_stream_timeout, 60..=180),
        ("UdpTimeout", given.udp_timeout, 30..=60),
    ] {
        if let Some(seconds) = value.filter(|seconds| !range.contains(seconds)) {
            return Err(faults::invalid_value(
                name,
                &seconds.to_string(),
                &format!("It must be between {} and {} seconds.", range.start(), range.end()),
            ));
        }
    }
    Ok(ConnectionTracking {
        tcp_established: given.tcp_established_timeout,
        udp_stream: given.udp_stream_timeout,
        udp: given.udp_timeout,
    })
}

/// Changes the timeouts a request names.
pub(super) fn merge(old: Option<ConnectionTracking>, new: ConnectionTracking) -> ConnectionTracking {
    let old = old.unwrap_or_default();
    ConnectionTracking {
        tcp_established: new.tcp_established.or(old.tcp_established),
        udp_stream: new.udp_stream.or(old.udp_stream),
        udp: new.udp.or(old.udp),
    }
}

/// As the API shows them; nothing where none were set.
pub(super) fn show(set: Option<ConnectionTracking>) -> Option<ConnectionTrackingConfiguration> {
    set.map(|set| ConnectionTrackingConfiguration {
        tcp_established_timeout: set.tcp_established,
        udp_stream_timeout: set.udp_stream,
        udp_timeout: set.udp,
    })
}
