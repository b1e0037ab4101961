//! `wasi:sockets/ip-name-lookup@0.3`.

use std::sync::Arc;

use wasmtime::component::Accessor;

use super::ip_name_lookup::{self, ErrorCode};
use super::types::IpAddress;
use crate::sockets::lookup::{LookupError, look_up};
use crate::sockets::{Sockets, View};

impl ip_name_lookup::Host for View<'_> {}

impl<T: 'static> ip_name_lookup::HostWithStore<T> for Sockets {
    async fn resolve_addresses(
        accessor: &Accessor<T, Self>,
        name: String,
    ) -> wasmtime::Result<Result<Vec<IpAddress>, ErrorCode>> {
        let parts = accessor.with(|mut access| Arc::clone(&access.get().ctx.parts));
        Ok(match look_up(parts, name).await {
            Ok(addresses) => Ok(addresses.into_iter().map(IpAddress::from).collect()),
            Err(error) => Err(error.into()),
        })
    }
}

impl From<LookupError> for ErrorCode {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::Denied => Self::AccessDenied,
            LookupError::Invalid => Self::InvalidArgument,
            LookupError::NotFound => Self::NameUnresolvable,
            LookupError::Permanent => Self::PermanentResolverFailure,
            LookupError::Temporary => Self::TemporaryResolverFailure,
        }
    }
}
