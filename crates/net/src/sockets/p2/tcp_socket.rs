//! `wasi:sockets/{tcp, tcp-create-socket}@0.2`.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, Pollable, subscribe};

use super::network::{IpAddressFamily, IpSocketAddress};
use super::streams::{Reader, Writer};
use super::tcp::{self, ShutdownType};
use super::{Failure, Network, tcp_create_socket};
use crate::loopback::Role;
use crate::sockets::View;
use crate::sockets::error::Error;
use crate::sockets::link::Link;
use crate::sockets::options::Opt;
use crate::sockets::tcp::{Acceptor, TcpSocket as Socket};

/// A TCP socket, and which operation was begun and not finished.
pub struct TcpSocket {
    socket: Socket,
    acceptor: Option<Acceptor>,
    begun: Option<Operation>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Bind,
    Connect,
    Listen,
}

type Streams = (Resource<DynInputStream>, Resource<DynOutputStream>);
type Accepted = (
    Resource<TcpSocket>,
    Resource<DynInputStream>,
    Resource<DynOutputStream>,
);

impl TcpSocket {
    /// Nothing is begun while something else is under way.
    fn idle(&mut self) -> Result<&mut Self, Failure> {
        match self.begun {
            Some(_) => Err(Error::ConcurrencyConflict.into()),
            None => Ok(self),
        }
    }

    fn begun(&self, operation: Operation) -> Result<(), Failure> {
        if self.begun == Some(operation) {
            Ok(())
        } else {
            Err(Error::NotInProgress.into())
        }
    }
}

impl View<'_> {
    fn tcp(&mut self, socket: &Resource<TcpSocket>) -> Result<&mut TcpSocket, Failure> {
        Ok(self.table.get_mut(socket)?)
    }

    fn option(&mut self, socket: &Resource<TcpSocket>, option: Opt) -> Result<u64, Failure> {
        Ok(self.tcp(socket)?.socket.option(option)?)
    }

    fn set_option(
        &mut self,
        socket: &Resource<TcpSocket>,
        option: Opt,
        value: u64,
    ) -> Result<(), Failure> {
        Ok(self.tcp(socket)?.socket.set_option(option, value)?)
    }

    /// The streams of a new connection. They are no children of the socket: any of the three may be dropped first.
    fn streams(&mut self, receiver: Arc<Link>, sender: Arc<Link>) -> Result<Streams, Failure> {
        let pieces = self.ctx.parts.network.pieces().clone();
        let yields = self.ctx.parts.role == Role::Service;
        let reader: DynInputStream = Box::new(Reader::new(receiver, yields));
        let writer: DynOutputStream = Box::new(Writer::new(sender, pieces));
        Ok((self.table.push(reader)?, self.table.push(writer)?))
    }
}

impl tcp_create_socket::Host for View<'_> {
    fn create_tcp_socket(
        &mut self,
        family: IpAddressFamily,
    ) -> Result<Resource<TcpSocket>, Failure> {
        let socket = Socket::new(self.ctx, family.into())?;
        Ok(self.table.push(TcpSocket {
            socket,
            acceptor: None,
            begun: None,
        })?)
    }
}

impl tcp::Host for View<'_> {}

impl tcp::HostTcpSocket for View<'_> {
    fn start_bind(
        &mut self,
        socket: Resource<TcpSocket>,
        network: Resource<Network>,
        local: IpSocketAddress,
    ) -> Result<(), Failure> {
        self.table.get(&network)?;
        let socket = self.tcp(&socket)?.idle()?;
        socket.socket.bind(local.into())?;
        socket.begun = Some(Operation::Bind);
        Ok(())
    }

    fn finish_bind(&mut self, socket: Resource<TcpSocket>) -> Result<(), Failure> {
        let socket = self.tcp(&socket)?;
        socket.begun(Operation::Bind)?;
        socket.begun = None;
        Ok(())
    }

    fn start_connect(
        &mut self,
        socket: Resource<TcpSocket>,
        network: Resource<Network>,
        remote: IpSocketAddress,
    ) -> Result<(), Failure> {
        self.table.get(&network)?;
        let socket = self.tcp(&socket)?.idle()?;
        socket.socket.start_connect(remote.into())?;
        socket.begun = Some(Operation::Connect);
        Ok(())
    }

    fn finish_connect(&mut self, socket: Resource<TcpSocket>) -> Result<Streams, Failure> {
        let tcp = self.tcp(&socket)?;
        tcp.begun(Operation::Connect)?;
        let mut now = Context::from_waker(Waker::noop());
        let Poll::Ready(outcome) = tcp.socket.poll_connected(&mut now) else {
            return Err(Error::WouldBlock.into());
        };
        tcp.begun = None;
        outcome?;
        let (receiver, sender) = (tcp.socket.take_receiver()?, tcp.socket.take_sender()?);
        self.streams(receiver, sender)
    }

    fn start_listen(&mut self, socket: Resource<TcpSocket>) -> Result<(), Failure> {
        let socket = self.tcp(&socket)?.idle()?;
        // 0.2 wants a socket to be bound before it listens.
        if !socket.socket.is_bound() {
            return Err(Error::InvalidState.into());
        }
        socket.acceptor = Some(socket.socket.listen()?);
        socket.begun = Some(Operation::Listen);
        Ok(())
    }

    fn finish_listen(&mut self, socket: Resource<TcpSocket>) -> Result<(), Failure> {
        let socket = self.tcp(&socket)?;
        socket.begun(Operation::Listen)?;
        socket.begun = None;
        Ok(())
    }

    fn accept(&mut self, socket: Resource<TcpSocket>) -> Result<Accepted, Failure> {
        let listener = self.tcp(&socket)?.idle()?;
        let acceptor = listener.acceptor.as_ref().ok_or(Error::InvalidState)?;
        let mut socket = acceptor.try_accept()?;
        let (receiver, sender) = (socket.take_receiver()?, socket.take_sender()?);
        let (input, output) = self.streams(receiver, sender)?;
        let socket = self.table.push(TcpSocket {
            socket,
            acceptor: None,
            begun: None,
        })?;
        Ok((socket, input, output))
    }

    fn local_address(&mut self, socket: Resource<TcpSocket>) -> Result<IpSocketAddress, Failure> {
        Ok(self.tcp(&socket)?.socket.local_address()?.into())
    }

    fn remote_address(&mut self, socket: Resource<TcpSocket>) -> Result<IpSocketAddress, Failure> {
        Ok(self.tcp(&socket)?.socket.remote_address()?.into())
    }

    fn is_listening(&mut self, socket: Resource<TcpSocket>) -> wasmtime::Result<bool> {
        Ok(self.table.get(&socket)?.socket.is_listening())
    }

    fn address_family(&mut self, socket: Resource<TcpSocket>) -> wasmtime::Result<IpAddressFamily> {
        Ok(self.table.get(&socket)?.socket.family().into())
    }

    fn set_listen_backlog_size(
        &mut self,
        socket: Resource<TcpSocket>,
        value: u64,
    ) -> Result<(), Failure> {
        Ok(self.tcp(&socket)?.socket.set_backlog(value)?)
    }

    fn keep_alive_enabled(&mut self, socket: Resource<TcpSocket>) -> Result<bool, Failure> {
        Ok(self.option(&socket, Opt::KeepAlive)? != 0)
    }

    fn set_keep_alive_enabled(
        &mut self,
        socket: Resource<TcpSocket>,
        value: bool,
    ) -> Result<(), Failure> {
        self.set_option(&socket, Opt::KeepAlive, value.into())
    }

    fn keep_alive_idle_time(&mut self, socket: Resource<TcpSocket>) -> Result<u64, Failure> {
        self.option(&socket, Opt::KeepAliveIdle)
    }

    fn set_keep_alive_idle_time(
        &mut self,
        socket: Resource<TcpSocket>,
        value: u64,
    ) -> Result<(), Failure> {
        self.set_option(&socket, Opt::KeepAliveIdle, value)
    }

    fn keep_alive_interval(&mut self, socket: Resource<TcpSocket>) -> Result<u64, Failure> {
        self.option(&socket, Opt::KeepAliveInterval)
    }

    fn set_keep_alive_interval(
        &mut self,
        socket: Resource<TcpSocket>,
        value: u64,
    ) -> Result<(), Failure> {
        self.set_option(&socket, Opt::KeepAliveInterval, value)
    }

    fn keep_alive_count(&mut self, socket: Resource<TcpSocket>) -> Result<u32, Failure> {
        let count = self.option(&socket, Opt::KeepAliveCount)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn set_keep_alive_count(
        &mut self,
        socket: Resource<TcpSocket>,
        value: u32,
    ) -> Result<(), Failure> {
        self.set_option(&socket, Opt::KeepAliveCount, value.into())
    }

    fn hop_limit(&mut self, socket: Resource<TcpSocket>) -> Result<u8, Failure> {
        let hops = self.option(&socket, Opt::HopLimit)?;
        Ok(u8::try_from(hops).unwrap_or(u8::MAX))
    }

    fn set_hop_limit(&mut self, socket: Resource<TcpSocket>, value: u8) -> Result<(), Failure> {
        self.set_option(&socket, Opt::HopLimit, value.into())
    }

    fn receive_buffer_size(&mut self, socket: Resource<TcpSocket>) -> Result<u64, Failure> {
        self.option(&socket, Opt::ReceiveBuffer)
    }

    fn set_receive_buffer_size(
        &mut self,
        socket: Resource<TcpSocket>,
        value: u64,
    ) -> Result<(), Failure> {
        self.set_option(&socket, Opt::ReceiveBuffer, value)
    }

    fn send_buffer_size(&mut self, socket: Resource<TcpSocket>) -> Result<u64, Failure> {
        self.option(&socket, Opt::SendBuffer)
    }

    fn set_send_buffer_size(
        &mut self,
        socket: Resource<TcpSocket>,
        value: u64,
    ) -> Result<(), Failure> {
        self.set_option(&socket, Opt::SendBuffer, value)
    }

    fn subscribe(
        &mut self,
        socket: Resource<TcpSocket>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, socket)
    }

    fn shutdown(&mut self, socket: Resource<TcpSocket>, how: ShutdownType) -> Result<(), Failure> {
        let link = self.tcp(&socket)?.socket.link()?;
        if matches!(how, ShutdownType::Receive | ShutdownType::Both) {
            link.end_reads();
        }
        if matches!(how, ShutdownType::Send | ShutdownType::Both) {
            link.end_writes();
        }
        Ok(())
    }

    fn drop(&mut self, socket: Resource<TcpSocket>) -> wasmtime::Result<()> {
        self.table.delete(socket)?;
        Ok(())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for TcpSocket {
    async fn ready(&mut self) {
        match (self.begun, &mut self.acceptor) {
            (Some(Operation::Connect), _) => {
                // The outcome stays to be asked for.
                poll_fn(|cx| self.socket.poll_outcome(cx)).await;
            }
            (None, Some(acceptor)) => acceptor.readable().await,
            _ => {}
        }
    }
}
