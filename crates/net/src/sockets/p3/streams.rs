//! A connection as streams of 0.3, and the connections of a listener as one.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::BytesMut;
use tokio::sync::oneshot;
use wasmtime::StoreContextMut;
use wasmtime::component::{
    Destination, Resource, Source, StreamConsumer, StreamProducer, StreamResult,
};

use super::TcpSocket;
use super::types::ErrorCode;
use crate::sockets::View;
use crate::sockets::error::Error;
use crate::sockets::link::Link;
use crate::sockets::tcp::Acceptor;

/// Bytes of one piece, where the reader does not say how many it takes.
const PIECE: usize = 8 << 10;

/// Who is told how a stream ended.
type Outcome = oneshot::Sender<Result<(), ErrorCode>>;

/// One direction of a connection; its drop ends the direction.
struct Half {
    link: Arc<Link>,
    outcome: Option<Outcome>,
    end: fn(&Link),
}

/// What the peer sends.
pub(super) struct Incoming(Option<Half>);

/// What is sent to the peer.
pub(super) struct Outgoing(Option<Half>);

/// Connections of a listener.
pub(super) struct Accepting<T> {
    pub(super) acceptor: Acceptor,
    pub(super) view: for<'a> fn(&'a mut T) -> View<'a>,
}

impl Incoming {
    pub(super) fn new(link: Arc<Link>, outcome: Outcome) -> Self {
        Self(Some(Half {
            link,
            outcome: Some(outcome),
            end: Link::end_reads,
        }))
    }
}

impl Outgoing {
    pub(super) fn new(link: Arc<Link>, outcome: Outcome) -> Self {
        Self(Some(Half {
            link,
            outcome: Some(outcome),
            end: Link::end_writes,
        }))
    }
}

impl Half {
    fn tell(&mut self, outcome: Result<(), Error>) {
        if let Some(teller) = self.outcome.take() {
            // Nobody may care.
            let _ = teller.send(outcome.map_err(ErrorCode::from));
        }
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        (self.end)(&self.link);
        self.tell(Ok(()));
    }
}

/// What a stream is told while nothing happens.
fn waiting(finish: bool) -> Poll<wasmtime::Result<StreamResult>> {
    if finish {
        Poll::Ready(Ok(StreamResult::Cancelled))
    } else {
        Poll::Pending
    }
}

fn told(result: StreamResult) -> Poll<wasmtime::Result<StreamResult>> {
    Poll::Ready(Ok(result))
}

/// The end of one direction: it is let go of, and whoever waits for the outcome hears it.
fn over(
    half: &mut Option<Half>,
    outcome: Result<(), Error>,
) -> Poll<wasmtime::Result<StreamResult>> {
    if let Some(mut half) = half.take() {
        half.tell(outcome);
    }
    told(StreamResult::Dropped)
}

impl<T> StreamProducer<T> for Incoming {
    type Item = u8;
    type Buffer = BytesMut;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut store: StoreContextMut<'a, T>,
        destination: Destination<'a, u8, BytesMut>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let Some(half) = &self.0 else {
            return told(StreamResult::Dropped);
        };
        // A read of nothing asks whether there is something.
        if destination.remaining(&mut store) == Some(0) {
            return match half.link.poll_readable(cx) {
                Poll::Ready(()) => told(StreamResult::Completed),
                Poll::Pending => waiting(finish),
            };
        }
        let mut to = destination.as_direct(store, PIECE);
        match half.link.poll_read(cx, to.remaining()) {
            Poll::Ready(Ok(0)) => over(&mut self.0, Ok(())),
            Poll::Ready(Ok(count)) => {
                to.mark_written(count);
                told(StreamResult::Completed)
            }
            Poll::Ready(Err(error)) => over(&mut self.0, Err(error)),
            Poll::Pending => waiting(finish),
        }
    }
}

impl<T> StreamConsumer<T> for Outgoing {
    type Item = u8;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'_, T>,
        source: Source<'_, u8>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let Some(half) = &self.0 else {
            return told(StreamResult::Dropped);
        };
        let mut from = source.as_direct(store);
        // A write of nothing asks whether there is room.
        if from.remaining().is_empty() {
            return match half.link.poll_writable(cx) {
                Poll::Ready(()) => told(StreamResult::Completed),
                Poll::Pending => waiting(finish),
            };
        }
        match half.link.poll_write(cx, from.remaining()) {
            Poll::Ready(Ok(count)) => {
                from.mark_read(count);
                told(StreamResult::Completed)
            }
            Poll::Ready(Err(error)) => over(&mut self.0, Err(error)),
            Poll::Pending => waiting(finish),
        }
    }
}

impl<T: 'static> StreamProducer<T> for Accepting<T> {
    type Item = Resource<TcpSocket>;
    type Buffer = Option<Self::Item>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut store: StoreContextMut<'a, T>,
        mut destination: Destination<'a, Self::Item, Self::Buffer>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        if destination.remaining(&mut store) == Some(0) {
            return match self.acceptor.poll_readable(cx) {
                Poll::Ready(()) => told(StreamResult::Completed),
                Poll::Pending => waiting(finish),
            };
        }
        match self.acceptor.poll_accept(cx) {
            Poll::Ready(Ok(socket)) => {
                let view = (self.view)(store.data_mut());
                let socket = view.table.push(TcpSocket(socket))?;
                destination.set_buffer(Some(socket));
                told(StreamResult::Completed)
            }
            // The network is gone: there will be no more.
            Poll::Ready(Err(_)) => told(StreamResult::Dropped),
            Poll::Pending => waiting(finish),
        }
    }
}
