//! What a service hands to the gateway, and the named seams by which services meet.
