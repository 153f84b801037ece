//! Ctrl-C and SIGTERM: the running measure ends early and takes away what it made.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

static ASKED: AtomicBool = AtomicBool::new(false);

/// Listens for the signals on a thread of its own. Without it a signal would kill us and leave clouds behind.
pub(crate) fn on_signals() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return };
    std::thread::spawn(move || {
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            ASKED.store(true, Ordering::Relaxed);
        });
    });
}

/// Whether somebody asked us to end.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// An end for something that is waited for; checked in every loop.
pub(crate) struct Deadline {
    what: String,
    end: Instant,
}

impl Deadline {
    /// `what` has this long.
    pub(crate) fn new(what: impl Into<String>, patience: Duration) -> Deadline {
        Deadline { what: what.into(), end: Instant::now() + patience }
    }

    /// An error when the time is over or somebody asked us to end.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(!asked(), "stopped on request");
        anyhow::ensure!(Instant::now() < self.end, "{} took too long", self.what);
        Ok(())
    }

    /// Checks and sleeps a little.
    pub(crate) fn pause(&self, length: Duration) -> anyhow::Result<()> {
        self.check()?;
        std::thread::sleep(length);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_too_long_is_named() {
        let over = Deadline::new("a boot", Duration::ZERO);
        assert_eq!(over.check().unwrap_err().to_string(), "a boot took too long");
        assert!(Deadline::new("a boot", Duration::from_secs(3600)).pause(Duration::ZERO).is_ok());
    }
}
