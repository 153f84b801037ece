//! The operations as a client sees them: JSON requests through the table, JSON answers.

mod cloud;
mod learned_routes;
mod listings;
mod network_security_groups;
mod port_forwardings;

use cloud::Cloud;
