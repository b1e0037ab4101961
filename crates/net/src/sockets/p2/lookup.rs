//! `wasi:sockets/ip-name-lookup@0.2`.

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use super::network::{ErrorCode, IpAddress};
use super::{Failure, Network, ip_name_lookup};
use crate::sockets::View;
use crate::sockets::error::{Code, Error};
use crate::sockets::lookup::{LookupError, look_up};

/// A look-up on its way, then its addresses one by one. It goes on while somebody asks or waits.
pub struct Resolution(State);

enum State {
    Asking(Asking),
    Done(Result<std::vec::IntoIter<IpAddr>, Refused>),
}

type Asking = Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, LookupError>> + Send>>;

/// Why there are none.
#[derive(Clone, Copy)]
struct Refused(LookupError);

impl Resolution {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let State::Asking(asking) = &mut self.0 {
            let found = std::task::ready!(asking.as_mut().poll(cx));
            self.0 = State::Done(found.map(Vec::into_iter).map_err(Refused));
        }
        Poll::Ready(())
    }

    fn next(&mut self) -> Result<Option<IpAddr>, Failure> {
        let _ = self.poll(&mut Context::from_waker(Waker::noop()));
        match &mut self.0 {
            State::Asking(_) => Err(Error::WouldBlock.into()),
            State::Done(Ok(addresses)) => Ok(addresses.next()),
            State::Done(Err(refused)) => Err((*refused).into()),
        }
    }
}

impl From<Refused> for Failure {
    fn from(Refused(error): Refused) -> Self {
        Self::Code(match error {
            LookupError::Denied | LookupError::Permanent => {
                Code::Lookup(ErrorCode::PermanentResolverFailure)
            }
            LookupError::Invalid => Code::Socket(Error::InvalidArgument),
            LookupError::NotFound => Code::Lookup(ErrorCode::NameUnresolvable),
            LookupError::Temporary => Code::Lookup(ErrorCode::TemporaryResolverFailure),
        })
    }
}

impl ip_name_lookup::Host for View<'_> {
    fn resolve_addresses(
        &mut self,
        network: Resource<Network>,
        name: String,
    ) -> Result<Resource<Resolution>, Failure> {
        self.table.get(&network)?;
        let mut resolution = Resolution(State::Asking(Box::pin(look_up(
            Arc::clone(&self.ctx.parts),
            name,
        ))));
        // What is refused is refused at once.
        let _ = resolution.poll(&mut Context::from_waker(Waker::noop()));
        if let State::Done(Err(refused)) = resolution.0 {
            return Err(refused.into());
        }
        Ok(self.table.push(resolution)?)
    }
}

impl ip_name_lookup::HostResolveAddressStream for View<'_> {
    fn resolve_next_address(
        &mut self,
        resolution: Resource<Resolution>,
    ) -> Result<Option<IpAddress>, Failure> {
        let address = self.table.get_mut(&resolution)?.next()?;
        Ok(address.map(IpAddress::from))
    }

    fn subscribe(
        &mut self,
        resolution: Resource<Resolution>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, resolution)
    }

    fn drop(&mut self, resolution: Resource<Resolution>) -> wasmtime::Result<()> {
        self.table.delete(resolution)?;
        Ok(())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Resolution {
    async fn ready(&mut self) {
        poll_fn(|cx| self.poll(cx)).await;
    }
}
