//! What a device was told to do, in order. WebGPU says that a write after a submission comes after it: so while a
//! submission waits for its turn at the [`crate::gate`], whatever follows it waits too. When nothing waits, things are done
//! at once, by whoever asks for them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;
use wgpu_core::id::StagingBufferId;

use crate::bill::{Billed, nanos};
use crate::fair::Ticket;
use crate::gate::Flight;
use crate::ledger::Credit;
use crate::objects::{
    BufferCore, CommandBufferCore, DeviceCore, MapRequest, QuerySetCore, TextureCore, TextureWrite,
    Uses,
};
use wgpu_types::TexelCopyTextureInfo;

/// Something that happens to a device in its turn.
#[derive(Debug)]
pub(crate) enum Op {
    /// The only one that waits at the gate.
    Submit(Submission),
    /// Bytes that are in staging memory already.
    WriteBuffer {
        buffer: Arc<BufferCore>,
        offset: u64,
        staging: StagingBufferId,
        credit: Credit,
    },
    /// Bytes that were kept because something waits.
    WriteTexture(TextureWrite<'static>),
    Map(MapRequest),
    Unmap(Arc<BufferCore>),
    DestroyBuffer(Arc<BufferCore>),
    DestroyTexture(Arc<TextureCore>),
    DestroyQuerySet(Arc<QuerySetCore>),
    /// Somebody waits until everything before this is done.
    Done(oneshot::Sender<()>),
    /// Somebody waits until everything before this was handed over.
    Settled(oneshot::Sender<()>),
    DestroyDevice,
}

/// Command buffers that a guest submitted together.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) commands: Vec<Arc<CommandBufferCore>>,
    pub(crate) uses: Uses,
    /// When the guest asked for it.
    pub(crate) asked: Instant,
    pub(crate) credit: Option<Credit>,
}

/// The order of one device.
#[derive(Debug, Default)]
pub(crate) struct Timeline(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The first, if any, is a submission.
    waiting: VecDeque<Op>,
    /// Staging memory that goes with the next submission.
    staged: Vec<Credit>,
}

impl Timeline {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DeviceCore {
    /// Does this now, or when what was asked for before is done.
    pub(crate) fn push(self: &Arc<Self>, op: Op) {
        let mut state = self.timeline.state();
        let submits = matches!(op, Op::Submit(_));
        if submits || !state.waiting.is_empty() {
            state.waiting.push_back(op);
            drop(state);
            if submits {
                self.lease.gate().enqueue(self);
            }
            return;
        }
        let waits = self.run(&mut state, op);
        drop(state);
        if waits {
            self.lease.gate().watch(self);
        }
    }

    /// Writes now, without another copy, or keeps the bytes until what was asked for before is done.
    pub(crate) fn write_texture(&self, write: TextureWrite<'_>) {
        let mut state = self.timeline.state();
        if state.waiting.is_empty() {
            self.write_texture_now(&mut state, write);
        } else {
            state
                .waiting
                .push_back(Op::WriteTexture(write.into_owned()));
        }
    }

    fn write_texture_now(&self, state: &mut State, write: TextureWrite<'_>) {
        let destination = TexelCopyTextureInfo {
            texture: write.texture.id,
            mip_level: write.mip_level,
            origin: write.origin,
            aspect: write.aspect,
        };
        let written = self.lease.global.queue_write_texture(
            self.queue,
            &destination,
            &write.data,
            &write.layout,
            &write.size,
        );
        self.errors.report(written.err());
        state.staged.push(write.credit);
    }

    /// Submits what is first in line, and does what follows it up to the next submission.
    pub(crate) fn turn(self: &Arc<Self>, ticket: Ticket) -> Option<Flight> {
        let mut state = self.timeline.state();
        let Some(Op::Submit(submission)) = state.waiting.pop_front() else {
            return None;
        };
        let flight = self.submit(&mut state, submission, ticket);
        let mut waits = false;
        while let Some(op) = state
            .waiting
            .pop_front_if(|op| !matches!(op, Op::Submit(_)))
        {
            waits |= self.run(&mut state, op);
        }
        drop(state);
        if waits {
            self.lease.gate().watch(self);
        }
        Some(flight)
    }

    /// Bytes that were written and wait for a submission to take them along.
    pub(crate) fn staged(&self) -> u64 {
        self.timeline
            .state()
            .staged
            .iter()
            .map(Credit::amount)
            .sum()
    }

    /// Whether somebody waits for an answer that only a poll brings.
    fn run(&self, state: &mut State, op: Op) -> bool {
        let global = &self.lease.global;
        match op {
            Op::Submit(_) => false,
            Op::WriteBuffer {
                buffer,
                offset,
                staging,
                credit,
            } => {
                let written =
                    global.queue_write_staging_buffer(self.queue, buffer.id, offset, staging);
                self.errors.report(written.err());
                state.staged.push(credit);
                false
            }
            Op::WriteTexture(write) => {
                self.write_texture_now(state, write);
                false
            }
            Op::Map(request) => {
                request.run();
                true
            }
            Op::Unmap(buffer) => {
                buffer.unmap_now();
                false
            }
            Op::DestroyBuffer(buffer) => {
                buffer.destroy_now();
                false
            }
            Op::DestroyTexture(texture) => {
                texture.destroy_now();
                false
            }
            Op::DestroyQuerySet(queries) => {
                queries.destroy_now();
                false
            }
            Op::Done(reply) => {
                global.queue_on_submitted_work_done(
                    self.queue,
                    Box::new(move || {
                        // A guest that gave up the call is not interested.
                        let _ = reply.send(());
                    }),
                );
                true
            }
            Op::Settled(reply) => {
                // A guest that gave up the call is not interested.
                let _ = reply.send(());
                false
            }
            Op::DestroyDevice => {
                global.device_destroy(self.id);
                true
            }
        }
    }

    fn submit(
        self: &Arc<Self>,
        state: &mut State,
        submission: Submission,
        ticket: Ticket,
    ) -> Flight {
        let global = &self.lease.global;
        let Submission {
            commands,
            uses,
            asked,
            credit,
        } = submission;
        let since = Instant::now();
        let waited = since.saturating_duration_since(asked);
        self.bill(Billed::QueueWait, nanos(waited));
        self.bill(Billed::Submissions, 1);
        let dispatches = commands.iter().map(|commands| commands.dispatches).sum();
        self.bill(Billed::Dispatches, dispatches);
        let uses = uses.submit();
        let ids: Vec<_> = commands.iter().map(|commands| commands.id).collect();
        if let Err((_, error)) = global.queue_submit(self.queue, &ids) {
            self.errors.report(Some(error));
        }
        let done = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&done);
        global.queue_on_submitted_work_done(
            self.queue,
            Box::new(move || over.store(true, Ordering::Release)),
        );
        let staged = std::mem::take(&mut state.staged);
        Flight {
            device: Arc::clone(self),
            ticket,
            late: false,
            hopeless: false,
            since,
            done,
            over: false,
            _holds: (uses, staged, credit),
        }
    }
}
