//! A plan to nf_tables, routes and veth, by netlink.
