//! Waiting on a socket with a time limit ends with an error when the process is stopped and continued (signal(7)); the
//! standard library does not go on waiting where one call may give less than all.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// Makes a call again that a signal broke off; at most one begins after `patience` is over. So somebody who is woken after
/// a long stop still looks whether something came, and an endless row of signals holds nobody up for ever.
///
/// # Errors
/// The call's own, of every other kind; `Interrupted` only when the patience is over.
pub fn unbroken<T>(patience: Duration, mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let end = Instant::now() + patience;
    loop {
        let last = Instant::now() > end;
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted && !last => {}
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_signal_broke_off_is_tried_again_and_not_for_ever() {
        let mut outcomes = vec![Err(ErrorKind::WouldBlock), Ok(7), Err(ErrorKind::Interrupted)];
        let mut next = || outcomes.pop().map_or(Ok(0), |outcome| outcome.map_err(io::Error::from));
        assert_eq!(unbroken(Duration::from_secs(60), &mut next).ok(), Some(7));
        assert!(unbroken(Duration::from_secs(60), &mut next).is_err());
        let endless = || Err::<(), _>(ErrorKind::Interrupted.into());
        assert!(unbroken(Duration::ZERO, endless).is_err());
    }
}
