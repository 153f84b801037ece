//! Listener, service and operation detection, the request chain.
