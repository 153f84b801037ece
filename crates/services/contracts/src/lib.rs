//! What a service hands to the gateway, and the named seams by which services meet.
//!
//! A service is a struct that holds an [`Platform`] and a [`ServiceTable`] of handlers. Services never import one
//! another: they meet through records, or through a trait in [`seams`].
#![forbid(unsafe_code)]

pub mod audit;
mod audit_text;
mod call;
mod change;
mod clock;
mod ids;
mod no_host;
mod page;
mod platform;
mod seal;
pub mod seams;
mod settle;
mod table;
mod wildcard;

pub use audit_text::{HIDDEN, audit_text};
pub use call::{Call, Caller, Principal, PrincipalKind};
pub use change::{Change, Done};
pub use clock::{Clock, ManualClock, SystemClock};
pub use ids::{access_key_id, account_of_key, hex_id, new_id, new_uuid, secret_text};
pub use no_host::NoHost;
pub use page::{Page, PageError, PageKey};
pub use platform::{CloudConfig, Platform};
pub use seal::{AUTHORIZATION_MESSAGE, SealError, Sealer};
pub use settle::Refusals;
pub use table::{BoxFuture, Prepared, Reply, ServiceTable};
pub use wildcard::like;
