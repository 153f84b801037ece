//! A difference that does not fit into the send buffer.

use network_plan::{Element, Key, SetId, Step, TABLE, VpcPlan, diff};

use crate::netlink::Socket;
use crate::{filter, netns, nft};

const SET: SetId = SetId::EniAddress6;

/// A plan that has these addresses only.
fn plan(numbers: std::ops::Range<u32>) -> VpcPlan {
    let address = |number: u32| std::net::Ipv6Addr::from(u128::from(number));
    let element = |number| Element::of(Key::new().native(1).address(address(number).into()));
    VpcPlan { elements: [(SET, numbers.map(element).collect())].into(), ..VpcPlan::default() }
}

#[test]
fn a_small_buffer_takes_more_transactions_for_the_same_result() {
    let made = netns::create(|| {
        let mut socket = Socket::netfilter().unwrap();
        // What unprivileged processes got by default for years.
        socket.limit_send_buffer(212_992).unwrap();
        let nothing = VpcPlan::default();
        let (old, new) = (plan(0..16_000), plan(8000..24_000));
        for (from, to, check) in [(&nothing, &old, true), (&old, &new, false), (&new, &nothing, true)] {
            let steps: Vec<Step> = diff(from, to);
            filter::apply_steps(&mut socket, &steps, to, check, None, None).unwrap();
            let wanted = to.elements.get(&SET).cloned().unwrap_or_default();
            assert_eq!(nft::elements(&mut socket, TABLE, SET).unwrap(), wanted);
        }
        // And it really was too small for one.
        let mut batch = nft::Batch::new();
        nft::add_elements(&mut batch, TABLE, SET, &old.elements[&SET]);
        let (_, refusal) = batch.commit(&mut socket).unwrap_err();
        assert_eq!(refusal.errno, libc::EMSGSIZE);
    });
    if let Err(error) = made {
        // A failed assertion inside arrives as an error too.
        assert!(!error.to_string().contains("panicked"), "{error}");
        println!("skipped: {error}");
    }
}
