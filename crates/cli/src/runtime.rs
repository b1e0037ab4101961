//! The runtime on which requests are served and guests run.

use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::Context;
use tokio::runtime::Builder;

/// How long threads may take to end when all is over. A guest that cannot be stopped must not keep the process alive.
const ENDING: Duration = Duration::from_secs(1);

/// Runs `work` to its end, with a thread for each core. A second one on a single core would cost more in switches between
/// the two than it helps: guests that compute give way every 10 ms.
pub(crate) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let cores = available_parallelism().map_or(1, std::num::NonZero::get);
    let runtime = Builder::new_multi_thread()
        .worker_threads(cores)
        .thread_name("weft-worker")
        .enable_all()
        .build()
        .context(
            "no threads to run guests on; this process or user has too many threads or open files",
        )?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(ENDING);
    done
}
