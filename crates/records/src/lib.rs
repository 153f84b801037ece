//! The records every part of the cloud meets through.
