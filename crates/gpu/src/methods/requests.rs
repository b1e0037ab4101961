//! The two requests that open the driver, on a thread that may wait for it.

use std::sync::Arc;

use crate::Ctx;
use crate::bound::{Adapter, Device};
use crate::broker::Hold;
use crate::convert::Failed;
use crate::descriptors::{DeviceDescriptor, RequestAdapterOptions};
use crate::ledger::Account;
use crate::objects::RequestError;

/// What a request for an adapter takes out of its instance.
pub(crate) type Holder = Option<(Arc<Hold>, Arc<Account>)>;

impl Ctx {
    /// What a request for an adapter needs.
    pub(crate) fn holder(&self) -> Holder {
        self.hold().cloned().zip(self.account().cloned())
    }
}

/// The adapter of an instance, if it has one and that is as the guest wants it.
pub(crate) async fn adapter(holder: Holder, wanted: RequestAdapterOptions) -> Option<Adapter> {
    let (hold, account) = holder?;
    let opened = tokio::task::spawn_blocking(move || hold.lease()).await;
    let lease = match opened {
        Ok(Ok(lease)) => lease,
        Ok(Err(error)) => {
            tracing::warn!(target: "weft::gpu", "an adapter cannot be opened: {error}");
            return None;
        }
        Err(error) => {
            tracing::warn!(target: "weft::gpu", "an adapter cannot be opened: {error}");
            return None;
        }
    };
    let adapter = Adapter::billed(&lease, &account);
    (!wanted.force_fallback || adapter.info().is_fallback_adapter).then_some(adapter)
}

/// Why a guest gets no device.
pub(crate) enum NoDevice {
    /// It asked for what there is not.
    TypeError(String),
    /// What the adapter says.
    Refused(RequestError),
}

/// A device as the guest wants it.
///
/// # Errors
///
/// The handle of the limits is none, or the thread of the driver died: this ends the guest.
pub(crate) async fn device(
    adapter: Adapter,
    wanted: Result<Option<DeviceDescriptor>, Failed>,
) -> wasmtime::Result<Result<Device, NoDevice>> {
    let wanted = match wanted {
        Ok(wanted) => wanted.unwrap_or_default(),
        Err(Failed::Unsupported(unsupported)) => {
            return Ok(Err(NoDevice::TypeError(unsupported.what)));
        }
        Err(Failed::Table(error)) => return Err(error.into()),
    };
    let (label, queue_label) = (wanted.label.clone(), wanted.queue_label.clone());
    let adapter = Arc::new(adapter);
    let made = tokio::task::spawn_blocking(move || {
        adapter.request(wanted.features, wanted.limits.entries())
    });
    Ok(match made.await? {
        Ok(device) => {
            device.set_label(label.unwrap_or_default());
            device.queue().set_label(queue_label.unwrap_or_default());
            Ok(device)
        }
        Err(error) => Err(NoDevice::Refused(error)),
    })
}
