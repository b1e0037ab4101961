//! The resource `tcp-socket` of `wasi:sockets/types@0.3`.

use std::future::poll_fn;
use std::iter;
use std::task::Poll;

use tokio::sync::oneshot;
use wasmtime::component::{Access, Accessor, FutureReader, Resource, StreamReader};

use super::Failure;
use super::streams::{Accepting, Incoming, Outgoing};
use super::types::{self, ErrorCode, IpAddressFamily, IpSocketAddress};
use crate::sockets::options::Opt;
use crate::sockets::tcp::TcpSocket as Socket;
use crate::sockets::{Sockets, View};

/// A TCP socket.
pub struct TcpSocket(pub(super) Socket);

type Ended = FutureReader<Result<(), ErrorCode>>;

impl View<'_> {
    fn tcp3(&mut self, socket: &Resource<TcpSocket>) -> Result<&mut Socket, Failure> {
        Ok(&mut self.table.get_mut(socket)?.0)
    }

    fn option3(&mut self, socket: &Resource<TcpSocket>, option: Opt) -> Result<u64, Failure> {
        Ok(self.tcp3(socket)?.option(option)?)
    }

    fn set_option3(
        &mut self,
        socket: &Resource<TcpSocket>,
        option: Opt,
        value: u64,
    ) -> Result<(), Failure> {
        Ok(self.tcp3(socket)?.set_option(option, value)?)
    }
}

impl<T: Send + 'static> types::HostTcpSocketWithStore<T> for Sockets {
    async fn connect(
        accessor: &Accessor<T, Self>,
        socket: Resource<TcpSocket>,
        remote: IpSocketAddress,
    ) -> Result<(), Failure> {
        accessor.with(|mut access| -> Result<(), Failure> {
            Ok(access.get().tcp3(&socket)?.start_connect(remote.into())?)
        })?;
        poll_fn(|cx| {
            accessor.with(|mut access| match access.get().tcp3(&socket) {
                Ok(socket) => socket.poll_connected(cx).map_err(Failure::from),
                Err(failure) => Poll::Ready(Err(failure)),
            })
        })
        .await
    }

    fn listen(
        mut access: Access<'_, T, Self>,
        socket: Resource<TcpSocket>,
    ) -> Result<StreamReader<Resource<TcpSocket>>, Failure> {
        let view = access.getter();
        let acceptor = access.get().tcp3(&socket)?.listen()?;
        Ok(StreamReader::new(
            &mut access,
            Accepting { acceptor, view },
        )?)
    }

    fn send(
        mut access: Access<'_, T, Self>,
        socket: Resource<TcpSocket>,
        mut data: StreamReader<u8>,
    ) -> wasmtime::Result<Ended> {
        match access.get().table.get_mut(&socket)?.0.take_sender() {
            Ok(link) => {
                let (teller, outcome) = oneshot::channel();
                data.pipe(&mut access, Outgoing::new(link, teller))?;
                FutureReader::new(&mut access, outcome)
            }
            Err(error) => {
                data.close(&mut access)?;
                failed(&mut access, error.into())
            }
        }
    }

    fn receive(
        mut access: Access<'_, T, Self>,
        socket: Resource<TcpSocket>,
    ) -> wasmtime::Result<(StreamReader<u8>, Ended)> {
        match access.get().table.get_mut(&socket)?.0.take_receiver() {
            Ok(link) => {
                let (teller, outcome) = oneshot::channel();
                let data = StreamReader::new(&mut access, Incoming::new(link, teller))?;
                Ok((data, FutureReader::new(&mut access, outcome)?))
            }
            Err(error) => {
                let nothing = StreamReader::new(&mut access, iter::empty())?;
                Ok((nothing, failed(&mut access, error.into())?))
            }
        }
    }
}

/// The end of a stream that never began.
fn failed<T: Send + 'static>(
    access: &mut Access<'_, T, Sockets>,
    error: ErrorCode,
) -> wasmtime::Result<Ended> {
    FutureReader::new(access, async move { wasmtime::error::Ok(Err(error)) })
}

impl types::HostTcpSocket for View<'_> {
    fn create(&mut self, family: IpAddressFamily) -> Result<Resource<TcpSocket>, Failure> {
        let socket = Socket::new(self.ctx, family.into())?;
        Ok(self.table.push(TcpSocket(socket))?)
    }

    fn bind(&mut self, socket: Resource<TcpSocket>, local: IpSocketAddress) -> Result<(), Failure> {
        Ok(self.tcp3(&socket)?.bind(local.into())?)
    }

    fn get_local_address(
        &mut self,
        socket: Resource<TcpSocket>,
    ) -> Result<IpSocketAddress, Failure> {
        Ok(self.tcp3(&socket)?.local_address()?.into())
    }

    fn get_remote_address(
        &mut self,
        socket: Resource<TcpSocket>,
    ) -> Result<IpSocketAddress, Failure> {
        Ok(self.tcp3(&socket)?.remote_address()?.into())
    }

    fn get_is_listening(&mut self, socket: Resource<TcpSocket>) -> wasmtime::Result<bool> {
        Ok(self.table.get(&socket)?.0.is_listening())
    }

    fn get_address_family(
        &mut self,
        socket: Resource<TcpSocket>,
    ) -> wasmtime::Result<IpAddressFamily> {
        Ok(self.table.get(&socket)?.0.family().into())
    }

    fn set_listen_backlog_size(
        &mut self,
        socket: Resource<TcpSocket>,
        value: u64,
    ) -> Result<(), Failure> {
        Ok(self.tcp3(&socket)?.set_backlog(value)?)
    }

    fn get_keep_alive_enabled(&mut self, socket: Resource<TcpSocket>) -> Result<bool, Failure> {
        Ok(self.option3(&socket, Opt::KeepAlive)? != 0)
    }

    fn set_keep_alive_enabled(
        &mut self,
        socket: Resource<TcpSocket>,
        value: bool,
    ) -> Result<(), Failure> {
        self.set_option3(&socket, Opt::KeepAlive, value.into())
    }

    fn get_keep_alive_idle_time(&mut self, socket: Resource<TcpSocket>) -> Result<u64, Failure> {
        self.option3(&socket, Opt::KeepAliveIdle)
    }

    fn set_keep_alive_idle_time(
        &mut self,
        socket: Resource<TcpSocket>,
        value: u64,
    ) -> Result<(), Failure> {
        self.set_option3(&socket, Opt::KeepAliveIdle, value)
    }

    fn get_keep_alive_interval(&mut self, socket: Resource<TcpSocket>) -> Result<u64, Failure> {
        self.option3(&socket, Opt::KeepAliveInterval)
    }

    fn set_keep_alive_interval(
        &mut self,
        socket: Resource<TcpSocket>,
        value: u64,
    ) -> Result<(), Failure> {
        self.set_option3(&socket, Opt::KeepAliveInterval, value)
    }

    fn get_keep_alive_count(&mut self, socket: Resource<TcpSocket>) -> Result<u32, Failure> {
        let count = self.option3(&socket, Opt::KeepAliveCount)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn set_keep_alive_count(
        &mut self,
        socket: Resource<TcpSocket>,
        value: u32,
    ) -> Result<(), Failure> {
        self.set_option3(&socket, Opt::KeepAliveCount, value.into())
    }

    fn get_hop_limit(&mut self, socket: Resource<TcpSocket>) -> Result<u8, Failure> {
        let hops = self.option3(&socket, Opt::HopLimit)?;
        Ok(u8::try_from(hops).unwrap_or(u8::MAX))
    }

    fn set_hop_limit(&mut self, socket: Resource<TcpSocket>, value: u8) -> Result<(), Failure> {
        self.set_option3(&socket, Opt::HopLimit, value.into())
    }

    fn get_receive_buffer_size(&mut self, socket: Resource<TcpSocket>) -> Result<u64, Failure> {
        self.option3(&socket, Opt::ReceiveBuffer)
    }

    fn set_receive_buffer_size(
        &mut self,
        socket: Resource<TcpSocket>,
        value: u64,
    ) -> Result<(), Failure> {
        self.set_option3(&socket, Opt::ReceiveBuffer, value)
    }

    fn get_send_buffer_size(&mut self, socket: Resource<TcpSocket>) -> Result<u64, Failure> {
        self.option3(&socket, Opt::SendBuffer)
    }

    fn set_send_buffer_size(
        &mut self,
        socket: Resource<TcpSocket>,
        value: u64,
    ) -> Result<(), Failure> {
        self.set_option3(&socket, Opt::SendBuffer, value)
    }

    fn drop(&mut self, socket: Resource<TcpSocket>) -> wasmtime::Result<()> {
        self.table.delete(socket)?;
        Ok(())
    }
}
