//! Being told to end: SIGINT and SIGTERM are noted, the next step of the work fails, and everything is cleaned up as after
//! any other failure. Whoever is started by us has the usual behaviour again (execve(2) resets handlers).

use std::sync::atomic::{AtomicBool, Ordering};

static TOLD: AtomicBool = AtomicBool::new(false);

extern "C" fn note(_: libc::c_int) {
    TOLD.store(true, Ordering::SeqCst);
}

/// From now on signals are noted.
#[allow(unsafe_code, reason = "a handler for a signal has no safe interface in the standard library")]
pub fn listen() {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: the handler does nothing but store to an atomic, which is safe whenever it interrupts.
        unsafe { libc::signal(signal, note as *const () as libc::sighandler_t) };
    }
}

/// Whether we were told to end.
pub fn is_told() -> bool {
    TOLD.load(Ordering::SeqCst)
}

/// Fails when we were told to end.
///
/// # Errors
/// Then.
pub fn check() -> anyhow::Result<()> {
    anyhow::ensure!(!is_told(), "interrupted");
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    #[allow(unsafe_code, reason = "raising a signal")]
    fn a_signal_is_noted() {
        super::listen();
        assert!(super::check().is_ok());
        // SAFETY: no pointers; the handler is ours.
        assert_eq!(unsafe { libc::raise(libc::SIGTERM) }, 0);
        assert!(super::is_told() && super::check().is_err());
    }
}
