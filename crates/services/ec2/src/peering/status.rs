//! The life of a connection (AWS: "VPC peering connection lifecycle").

use records::{Millis, VpcPeering};
use state_store::typed::Scope;

pub(super) const INITIATING: &str = "initiating-request";
pub(super) const PENDING: &str = "pending-acceptance";
pub(super) const PROVISIONING: &str = "provisioning";
pub(super) const ACTIVE: &str = "active";
pub(super) const FAILED: &str = "failed";
pub(super) const REJECTED: &str = "rejected";
pub(super) const EXPIRED: &str = "expired";
pub(super) const DELETED: &str = "deleted";

/// An unanswered request ends after seven days.
pub(super) const ANSWER_TIME: Millis = 7 * DAY;
const HOUR: Millis = 3_600_000;
const DAY: Millis = 24 * HOUR;
/// How long an ended connection is shown to the side that ended it, and to both within one account …
const SHORT: Millis = 2 * HOUR;
/// … and to the other account.
const LONG: Millis = 2 * DAY;

/// The status as of `now`: a request nobody answered in time has expired, whatever the record says.
pub(super) fn at(peering: &VpcPeering, now: Millis) -> (&str, &str) {
    if peering.status == PENDING && now >= peering.expires {
        return (EXPIRED, "Expired");
    }
    (&peering.status, &peering.status_message)
}

/// Words of the status after `account` deleted the connection. They are also how we know who did.
pub(super) fn deleted_by(account: &str) -> String {
    format!("Deleted by {account}")
}

/// Until when the connection is shown in a scope; `None` while it lives.
fn shown_until(peering: &VpcPeering, viewer: &Scope, now: Millis) -> Option<Millis> {
    let one_account = peering.requester.account == peering.accepter.account;
    let is_requester = *viewer.account == *peering.requester.account;
    match at(peering, now).0 {
        EXPIRED => Some(peering.expires + LONG),
        // The accepter's account never learns of a request that failed.
        FAILED if is_requester => Some(peering.changed + SHORT),
        FAILED => Some(peering.changed),
        REJECTED if one_account || !is_requester => Some(peering.changed + SHORT),
        REJECTED => Some(peering.changed + LONG),
        DELETED if one_account || peering.status_message == deleted_by(&viewer.account) => {
            Some(peering.changed + SHORT)
        }
        DELETED => Some(peering.changed + LONG),
        _ => None,
    }
}

/// Whether the caller of a scope still sees the connection.
pub(super) fn is_visible(peering: &VpcPeering, viewer: &Scope, now: Millis) -> bool {
    shown_until(peering, viewer, now).is_none_or(|end| now < end)
}

/// Whether nobody sees it any more, so that the record may go.
pub(super) fn is_forgotten(peering: &VpcPeering, now: Millis) -> bool {
    let sides = [&peering.requester, &peering.accepter];
    sides.iter().all(|side| !is_visible(peering, &side.scope(), now))
}

/// Whether it stands between two VPCs, or may come to stand: then there can be no second one.
pub(crate) fn is_open(peering: &VpcPeering, now: Millis) -> bool {
    matches!(at(peering, now).0, PENDING | ACTIVE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use records::PeeringSide;

    fn side(account: &str) -> PeeringSide {
        PeeringSide {
            account: account.to_owned(),
            region: "us-east-1".to_owned(),
            vpc_id: format!("vpc-{account}"),
            cidrs: Vec::new(),
            ipv6_cidrs: Vec::new(),
            allow_remote_dns: false,
        }
    }

    fn peering(accepter: &str, status: &str, message: &str) -> VpcPeering {
        VpcPeering {
            id: "pcx-1".to_owned(),
            requester: side("111111111111"),
            accepter: side(accepter),
            status: status.to_owned(),
            status_message: message.to_owned(),
            expires: ANSWER_TIME,
            changed: 0,
        }
    }

    #[test]
    fn requests_expire() {
        let request = peering("111111111111", PENDING, "");
        assert_eq!(at(&request, ANSWER_TIME - 1).0, PENDING);
        assert_eq!(at(&request, ANSWER_TIME).0, EXPIRED);
        assert!(is_open(&request, 0) && !is_open(&request, ANSWER_TIME));
        assert!(
            !is_forgotten(&request, ANSWER_TIME + LONG - 1) && is_forgotten(&request, ANSWER_TIME + LONG)
        );
    }

    #[test]
    fn how_long_each_side_sees_the_end() {
        let (requester, accepter) = (side("111111111111").scope(), side("222222222222").scope());
        for (other, status, message, for_requester, for_accepter) in [
            ("111111111111", REJECTED, "", SHORT, SHORT),
            ("222222222222", REJECTED, "", LONG, SHORT),
            ("222222222222", DELETED, "Deleted by 111111111111", SHORT, LONG),
            ("222222222222", DELETED, "Deleted by 222222222222", LONG, SHORT),
            ("111111111111", DELETED, "Deleted by 111111111111", SHORT, SHORT),
            ("222222222222", FAILED, "", SHORT, 0),
        ] {
            let ended = peering(other, status, message);
            let other_scope = if other == "111111111111" { &requester } else { &accepter };
            for (scope, time) in [(&requester, for_requester), (other_scope, for_accepter)] {
                assert!(time == 0 || is_visible(&ended, scope, time - 1), "{status} {scope}");
                assert!(!is_visible(&ended, scope, time), "{status} {scope}");
            }
            assert!(is_forgotten(&ended, LONG));
        }
        assert!(is_visible(&peering("222222222222", ACTIVE, ""), &requester, Millis::MAX));
    }
}
