//! Takes batches out of a queue and hands them on: to a collector, or to somebody in this process.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::export::{Exporter, Sent};
use crate::queue::Queue;
use crate::receiver::Receiver;
use crate::signal::{Item, Signal, message};
use crate::stats::{Loss, Stats};

/// Who gets the batches.
pub(crate) enum Sink {
    Receiver(Arc<dyn Receiver>),
    Collector(Box<Exporter>),
}

/// The task of one queue.
pub(crate) struct Worker<S: Signal> {
    pub(crate) queue: Arc<Queue>,
    pub(crate) sink: Sink,
    /// For how long something waits for a batch to become whole.
    pub(crate) delay: Duration,
    pub(crate) stats: Arc<Stats>,
    /// Cancelled when only what waits is still to be sent.
    pub(crate) closing: CancellationToken,
    pub(crate) signal: PhantomData<S>,
}

impl<S: Signal> Worker<S> {
    pub(crate) async fn run(mut self) {
        loop {
            tokio::select! {
                () = self.queue.full() => {}
                () = tokio::time::sleep(self.delay) => {}
                () = self.closing.cancelled() => {}
            }
            let ending = self.closing.is_cancelled();
            loop {
                let (batch, more) = self.queue.take();
                if batch.is_empty() {
                    break;
                }
                self.send(batch).await;
                if !more && !ending {
                    break;
                }
            }
            if ending {
                return;
            }
        }
    }

    async fn send(&mut self, batch: Vec<Item>) {
        let counters = self.stats.of(S::KIND);
        let mut unsettled = Unsettled {
            stats: &self.stats,
            signal: S::KIND,
            items: u64::try_from(batch.len()).unwrap_or(u64::MAX),
        };
        let items = unsettled.items;
        let message = message(&batch);
        drop(batch);
        match &mut self.sink {
            Sink::Receiver(receiver) => {
                S::give(receiver.as_ref(), message);
                counters.count_sent(items);
            }
            Sink::Collector(exporter) => {
                match exporter.send(S::GRPC, &message, &self.closing).await {
                    Sent::Taken(response) => {
                        let (refused, why) = S::refused(response);
                        let refused = refused.min(items);
                        exporter.tell(refused, &why);
                        counters.count_sent(items.saturating_sub(refused));
                        counters.count_lost(Loss::Refused, refused);
                    }
                    Sent::Refused => counters.count_lost(Loss::Refused, items),
                    Sent::Unreachable if self.closing.is_cancelled() => {
                        counters.count_lost(Loss::Shutdown, items);
                    }
                    Sent::Unreachable => counters.count_lost(Loss::Unreachable, items),
                }
            }
        }
        unsettled.settle();
    }
}

impl<S: Signal> Drop for Worker<S> {
    /// What still waits when nobody sends any more is lost.
    fn drop(&mut self) {
        loop {
            let (batch, _) = self.queue.take();
            if batch.is_empty() {
                return;
            }
            drop(Unsettled {
                stats: &self.stats,
                signal: S::KIND,
                items: u64::try_from(batch.len()).unwrap_or(u64::MAX),
            });
        }
    }
}

/// A batch whose fate is open. Dropped so, because the host ends, it is lost.
struct Unsettled<'a> {
    stats: &'a Stats,
    signal: crate::stats::SignalKind,
    items: u64,
}

impl Unsettled<'_> {
    fn settle(&mut self) {
        self.stats.of(self.signal).leave(self.items);
        self.items = 0;
    }
}

impl Drop for Unsettled<'_> {
    fn drop(&mut self) {
        if self.items > 0 {
            let counters = self.stats.of(self.signal);
            counters.count_lost(Loss::Shutdown, self.items);
            counters.leave(self.items);
        }
    }
}
