//! Work by key: each key is worked on by one task at a time, and never forgotten when it is asked for meanwhile.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Runs `work(key)` for each key asked for; at most `width` at once.
pub(crate) struct Queue {
    /// Keys being worked on; true when asked for again meanwhile.
    busy: Mutex<HashMap<String, bool>>,
    places: Semaphore,
}

impl Queue {
    /// A queue that works on `width` keys at once.
    pub(crate) fn new(width: usize) -> Arc<Queue> {
        Arc::new(Queue { busy: Mutex::new(HashMap::new()), places: Semaphore::new(width) })
    }

    /// Asks for a key. The wake-up carries nothing else: the work reads the world itself.
    pub(crate) fn ask<F, Fut>(self: &Arc<Self>, key: &str, work: F)
    where
        F: Fn(String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send,
    {
        {
            let mut busy = self.busy.lock();
            if let Some(again) = busy.get_mut(key) {
                *again = true;
                return;
            }
            busy.insert(key.to_owned(), false);
        }
        let (queue, key) = (self.clone(), key.to_owned());
        #[expect(clippy::disallowed_methods, reason = "ends when nobody asks any more; the places bound it")]
        tokio::spawn(async move {
            loop {
                {
                    let Ok(_place) = queue.places.acquire().await else { return };
                    work(key.clone()).await;
                }
                let mut busy = queue.busy.lock();
                match busy.get_mut(&key) {
                    Some(again) if *again => *again = false,
                    _ => {
                        busy.remove(&key);
                        return;
                    }
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn one_at_a_time_and_nothing_lost() {
        let queue = Queue::new(4);
        let (runs, inside) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        for _ in 0..5 {
            let (runs, inside) = (runs.clone(), inside.clone());
            queue.ask("a", move |_| {
                let (runs, inside) = (runs.clone(), inside.clone());
                async move {
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    inside.fetch_sub(1, Ordering::SeqCst);
                    runs.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        // The first ask runs, the four others fold into one more run.
        assert_eq!(runs.load(Ordering::SeqCst), 2);
        assert!(queue.busy.lock().is_empty());
    }
}
