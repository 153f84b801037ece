//! A connection whose client must take its answers at a least pace.
//!
//! Reading has its own limits (head time, body rate). Without this one, a client that asks for a
//! large answer and never reads it would keep its seat and the answer's memory for ever.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// What a client gets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Time to take an answer, whatever its size …
    pub(crate) grace: Duration,
    /// … and the bytes per second it must then be taken with.
    pub(crate) rate: u64,
}

/// A stream whose writes fail with `TimedOut` when the peer is slower than the pace.
#[derive(Debug)]
pub(crate) struct Paced<S> {
    stream: S,
    pace: Pace,
    /// Since when there is something the peer does not take; `None` while all goes out at once,
    /// which is nearly always and costs nothing.
    congestion: Option<Congestion>,
}

#[derive(Debug)]
struct Congestion {
    since: Instant,
    taken: u64,
    timer: Pin<Box<Sleep>>,
}

impl<S> Paced<S> {
    pub(crate) fn new(stream: S, pace: Pace) -> Self {
        Self { stream, pace, congestion: None }
    }

    /// Looks at the outcome of a write of `wanted` bytes.
    fn watch(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<usize>>,
        wanted: usize,
    ) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Ready(Ok(taken)) if taken >= wanted => self.congestion = None,
            Poll::Ready(Ok(taken)) => {
                if let Some(congestion) = &mut self.congestion {
                    congestion.taken += taken as u64;
                }
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                ready!(self.poll_deadline(context));
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        outcome
    }

    /// Ready when the peer has been too slow for too long.
    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let pace = self.pace;
        let congestion = self.congestion.get_or_insert_with(|| {
            let since = Instant::now();
            Congestion { since, taken: 0, timer: Box::pin(sleep_until(since + pace.grace)) }
        });
        let earned = Duration::from_secs(congestion.taken / pace.rate.max(1));
        let deadline = congestion.since + pace.grace + earned;
        if congestion.timer.deadline() != deadline {
            congestion.timer.as_mut().reset(deadline);
        }
        congestion.timer.as_mut().poll(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, outcome, bytes.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.watch(context, outcome, pieces.iter().map(|piece| piece.len()).sum())
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    fn pace() -> Pace {
        Pace { grace: Duration::from_secs(30), rate: 100 }
    }

    /// Paused time: the runtime jumps to the next timer as soon as nothing else can happen.
    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let (ours, _theirs) = duplex(1_000);
        let mut ours = Paced::new(ours, pace());
        let start = Instant::now();
        let error = ours.write_all(&[0; 5_000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_trickle_is_not_enough() {
        let (ours, mut theirs) = duplex(1_000);
        let mut ours = Paced::new(ours, pace());
        #[expect(clippy::disallowed_methods, reason = "waited for below")]
        let trickle = tokio::spawn(async move {
            let mut piece = [0; 10];
            while theirs.read_exact(&mut piece).await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        let error = ours.write_all(&vec![0; 100_000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(ours);
        trickle.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn the_least_pace_is_enough() {
        let (ours, mut theirs) = duplex(1_000);
        let mut ours = Paced::new(ours, pace());
        #[expect(clippy::disallowed_methods, reason = "waited for below")]
        let reader = tokio::spawn(async move {
            let mut piece = [0; 100];
            let mut taken = 0;
            while theirs.read_exact(&mut piece).await.is_ok() {
                taken += piece.len();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            taken
        });
        ours.write_all(&vec![0; 100_000]).await.unwrap();
        drop(ours);
        assert_eq!(reader.await.unwrap(), 100_000);
    }
}
