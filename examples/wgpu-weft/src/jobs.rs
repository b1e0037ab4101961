//! Work of a device that ends by itself (mappings, the end of submissions) and calls back when it does.
//!
//! Each job is polled from two sides: by a task that is spawned beside the program, so that it goes on while the
//! program awaits, and by [`Jobs::poll`], for programs that wait with `Device::poll`.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

type Work = Pin<Box<dyn Future<Output = ()>>>;

/// A future that has been asked for its value, so that the host has begun what it stands for.
pub(crate) fn begun<T: 'static>(
    future: impl Future<Output = T> + 'static,
) -> Pin<Box<dyn Future<Output = T>>> {
    let mut future = Box::pin(future);
    if !in_task() {
        return future;
    }
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(value) => Box::pin(async { value }),
        Poll::Pending => future,
    }
}

#[derive(Default)]
pub(crate) struct Jobs {
    open: RefCell<Vec<Rc<Job>>>,
    /// Set while [`Jobs::poll`] polls: tasks that are spawned then would be waited for.
    polling: Cell<bool>,
}

#[derive(Default)]
struct Job {
    /// None while it is polled, and once it is done.
    work: RefCell<Option<Work>>,
    done: Cell<bool>,
    /// Whether a spawned task looks after it, and how to wake that.
    driven: Cell<bool>,
    driver: RefCell<Option<Waker>>,
}

impl Job {
    fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        let Some(mut work) = self.work.take() else {
            // Done, or asked for again by its own callback.
            return Poll::Ready(());
        };
        if work.as_mut().poll(context).is_pending() {
            self.work.replace(Some(work));
            return Poll::Pending;
        }
        self.done.set(true);
        Poll::Ready(())
    }

    fn wake_driver(&self) {
        if let Some(driver) = self.driver.take() {
            driver.wake();
        }
    }
}

impl Jobs {
    pub(crate) fn add(self: &Rc<Self>, work: impl Future<Output = ()> + 'static) {
        let job = Rc::new(Job::default());
        job.work.replace(Some(Box::pin(work)));
        let mut open = self.open.borrow_mut();
        open.retain(|job| !job.done.get());
        open.push(Rc::clone(&job));
        drop(open);
        self.drive(&job);
    }

    /// Spawns a task for a job that has none.
    fn drive(self: &Rc<Self>, job: &Rc<Job>) {
        if job.done.get() || self.polling.get() || !in_task() || job.driven.replace(true) {
            return;
        }
        let (jobs, job) = (Rc::clone(self), Rc::clone(job));
        let driver = poll_fn(move |context| {
            if jobs.polling.get() {
                // This task was taken up by the wait in `Jobs::poll`, which polls the job itself.
                job.driven.set(false);
                return Poll::Ready(());
            }
            job.driver.replace(Some(context.waker().clone()));
            job.poll(context)
        });
        wit_bindgen::spawn_local(driver);
    }

    /// Polls every job, and waits for all of them where `wait` says so, or until `until` is over. Returns whether all
    /// are done.
    pub(crate) fn poll(
        self: &Rc<Self>,
        wait: bool,
        until: impl Future<Output = ()>,
        also: impl Future<Output = ()>,
    ) -> bool {
        let outer = self.polling.replace(true);
        let done = wit_bindgen::block_on(async {
            let mut until = std::pin::pin!(until);
            let mut looked = false;
            let done = poll_fn(|context| {
                let all = self.poll_all(context);
                let over = until.as_mut().poll(context).is_ready();
                if all || over || (!wait && looked) {
                    return Poll::Ready(all);
                }
                if !wait {
                    // Once more after the host has been asked what is new.
                    looked = true;
                    context.waker().wake_by_ref();
                }
                Poll::Pending
            })
            .await;
            also.await;
            done
        });
        self.polling.set(outer);
        let open = self.open.borrow().clone();
        for job in &open {
            job.wake_driver();
            self.drive(job);
        }
        done
    }

    fn poll_all(&self, context: &mut Context<'_>) -> bool {
        let mut all = true;
        // A copy: callbacks may begin new jobs.
        let open = self.open.borrow().clone();
        for job in open {
            all &= job.poll(context).is_ready();
        }
        let mut open = self.open.borrow_mut();
        open.retain(|job| !job.done.get());
        all && open.is_empty()
    }
}

/// Whether the component runs an async function just now, so that something can be awaited or spawned.
fn in_task() -> bool {
    unsafe extern "C" {
        fn wasip3_task_set(task: *mut c_void) -> *mut c_void;
    }
    // SAFETY: this is wit-bindgen's documented way to get at the current task, which is put back at once; nothing
    // between the two calls looks at it.
    unsafe {
        let task = wasip3_task_set(std::ptr::null_mut());
        wasip3_task_set(task);
        !task.is_null()
    }
}
