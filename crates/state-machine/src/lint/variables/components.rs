//! Strongly connected components: groups of states each of which can be reached from every other (Tarjan's algorithm, with
//! a stack of its own: a machine may have tens of thousands of states in a row).

/// The components of what can be reached.
pub(super) struct Components {
    /// The component of each node; `None`: it is not reached.
    pub(super) of: Vec<Option<usize>>,
    /// The nodes of each. A component leads only to those with lower numbers.
    pub(super) members: Vec<Vec<usize>>,
}

/// Finds them; node `n` leads to `leads[n]`.
pub(super) fn components(start: Option<usize>, leads: &[Vec<usize>]) -> Components {
    let mut found = Components { of: vec![None; leads.len()], members: Vec::new() };
    /// A node that was not met yet.
    const NEW: usize = usize::MAX;
    let (mut order, mut low) = (vec![NEW; leads.len()], vec![NEW; leads.len()]);
    let mut met = 0;
    // Nodes whose component is not complete, and the way to the node at hand with the next of its leads.
    let (mut open, mut way): (Vec<usize>, Vec<(usize, usize)>) = (Vec::new(), Vec::new());
    way.extend(start.map(|start| (start, 0)));
    while let Some((node, next)) = way.last_mut() {
        let node = *node;
        if *next == 0 && order[node] == NEW {
            (order[node], low[node]) = (met, met);
            met += 1;
            open.push(node);
        }
        if let Some(&to) = leads[node].get(*next) {
            *next += 1;
            if order[to] == NEW {
                way.push((to, 0));
            } else if found.of[to].is_none() {
                low[node] = low[node].min(order[to]);
            }
            continue;
        }
        way.pop();
        if let Some((from, _)) = way.last() {
            low[*from] = low[*from].min(low[node]);
        }
        if low[node] == order[node] {
            let number = found.members.len();
            let from = open.iter().rposition(|member| *member == node).unwrap_or_default();
            let members = open.split_off(from);
            for member in &members {
                found.of[*member] = Some(number);
            }
            found.members.push(members);
        }
    }
    found
}
