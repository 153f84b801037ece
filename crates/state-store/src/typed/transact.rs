//! Optimistic transactions: run, try to commit, run again on conflict.

use super::{Mark, Store, Tx, Undo};
use crate::{MAX_OPERATIONS, StoreError};

/// Conflicts after which a transaction queues up with others that lost as often.
const FREE_ATTEMPTS: u32 = 8;
/// Conflicts after which a transaction gives up.
const MAX_ATTEMPTS: u32 = 256;

/// The value of a committed transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed<T> {
    /// What the closure returned.
    pub value: T,
    /// The revision of the change; for a transaction without writes, one at which its reads were true.
    pub revision: u64,
    /// Takes the change back.
    pub undo: Undo,
}

impl Store {
    /// Runs `f` and makes its writes durable as one step, provided that nothing it has read, single
    /// records and lists alike, has changed meanwhile; otherwise runs it again. `f` may therefore run
    /// several times and must do nothing but compute. An error returned by `f` aborts: nothing is
    /// written, and the error is handed on once the reads it rests on are known to be durable truth.
    /// A transaction without writes never touches the log. Under a [`Mark`] the first that writes puts it down.
    ///
    /// # Errors
    /// `f`'s own, or a [`StoreError`]: limits, durability, an unreadable record, or
    /// [`StoreError::Contention`], or [`StoreError::AlreadyDone`] where the mark stands already.
    pub async fn transact<T, E, F>(&self, f: F) -> Result<Committed<T>, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
        E: From<StoreError> + Send,
        T: Send,
    {
        let mut turn = None;
        let mark = Mark::current();
        let open = match &mark {
            Some(mark) => mark.open().await,
            None => None,
        };
        // Room for the mark's own condition.
        let most = MAX_OPERATIONS - usize::from(open.is_some());
        for attempt in 0..MAX_ATTEMPTS {
            if attempt == FREE_ATTEMPTS {
                turn = Some(self.contended().lock().await);
            }
            let (outcome, transaction) = {
                let mut tx = Tx::new(self);
                let outcome = f(&mut tx);
                let transaction = tx.finish(outcome.is_ok(), most);
                (outcome, transaction)
            };
            let mut transaction = transaction.map_err(E::from)?;
            let only_reads = transaction.then.is_empty();
            if let Some(open) = &open {
                open.join(self, &mut transaction)?;
            }
            let undo = Undo::before(self, &transaction.then);
            match self.backend().transaction(transaction).await {
                Ok(result) if result.succeeded => {
                    drop(turn);
                    if let Some(open) = open
                        && !only_reads
                    {
                        open.made();
                    }
                    let revision = result.revision;
                    return outcome.map(|value| Committed { value, revision, undo: undo.at(revision) });
                }
                Ok(_conflict) => {}
                // What was read has been taken back; reads must go on, so look again.
                Err(StoreError::Durability { .. }) if only_reads => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Contention { attempts: MAX_ATTEMPTS }.into())
    }
}
