//! Rules that name a group of a peered VPC.

use crate::tags;
use records::{Peer, PeeredRule, Rule, SecurityGroup, VpcPeering};
use state_store::typed::{Scope, Store, Tx};

/// The other VPC, and the way to it.
#[derive(Clone, Debug)]
pub(super) struct Remote {
    pub(super) vpc_id: String,
    pub(super) peering_id: String,
    /// `active`, or what became of the connection.
    pub(super) status: String,
}

/// Notes where the group of a rule lives when that is not `vpc_id`, and forgets an older note of the rule.
pub(super) fn remember(tx: &mut Tx<'_>, scope: &Scope, vpc_id: &str, rule: &Rule) {
    tx.delete::<PeeredRule>(scope, &rule.id);
    let Peer::Group { id, account } = &rule.peer else { return };
    let theirs = Scope::new(account.as_str(), scope.region.clone());
    let Some(group) = tx.get::<SecurityGroup>(&theirs, id).filter(|group| group.vpc_id != vpc_id) else {
        return;
    };
    if let Some(peering) = crate::peering::active_between(tx, scope, vpc_id, &group.vpc_id) {
        let (vpc_id, peering_id) = (group.vpc_id.clone(), peering.id.clone());
        tx.put(scope, PeeredRule { id: rule.id.clone(), vpc_id, peering_id });
    }
}

/// Removes what lies beside a rule that goes away: its tags and its note.
pub(super) fn forget(tx: &mut Tx<'_>, scope: &Scope, rule_id: &str) {
    tags::delete(tx, scope, rule_id);
    tx.delete::<PeeredRule>(scope, rule_id);
}

/// [`forget`] for every rule of a group that goes away.
pub(crate) fn forget_all(tx: &mut Tx<'_>, scope: &Scope, group: &SecurityGroup) {
    for rule in &group.rules {
        forget(tx, scope, &rule.id);
    }
}

/// Where the group of a rule lives, when that is not the rule's own VPC. Another connection between the two VPCs serves
/// as well as the one the rule was made by.
pub(super) fn of(store: &Store, scope: &Scope, vpc_id: &str, rule: &Rule) -> Option<Remote> {
    if !matches!(rule.peer, Peer::Group { .. }) {
        return None;
    }
    let note = store.get::<PeeredRule>(scope, &rule.id)?;
    let mut between = store.by_index::<VpcPeering>(scope, "vpc", vpc_id).into_iter();
    let active = between.find(|peering| peering.is_active() && peering.other(vpc_id).vpc_id == note.vpc_id);
    // A connection whose record is forgotten was deleted long ago.
    let known = active.or_else(|| store.get::<VpcPeering>(scope, &note.peering_id));
    Some(Remote {
        vpc_id: note.vpc_id.clone(),
        peering_id: known.as_ref().map_or_else(|| note.peering_id.clone(), |p| p.id.clone()),
        status: known.map_or_else(|| "deleted".to_owned(), |p| p.status.clone()),
    })
}

/// Whether a rule lets nothing pass any more, because the connection to its group's VPC or that group is gone (AWS:
/// "Identify your referenced security groups").
pub(super) fn is_stale(store: &Store, scope: &Scope, vpc_id: &str, rule: &Rule) -> bool {
    let Peer::Group { id, account } = &rule.peer else { return false };
    let Some(remote) = of(store, scope, vpc_id, rule) else { return false };
    let theirs = Scope::new(account.as_str(), scope.region.clone());
    remote.status != "active" || store.get::<SecurityGroup>(&theirs, id).is_none()
}
