//! Pipelines as the compiler makes them: at once, with errors for the device, or later, with an error for who asked.

use std::sync::Arc;

use super::DeviceCore;
use crate::error::{ErrorKind, GpuError};
use crate::ledger::{Charged, Credit};

/// Why a pipeline was not made: `GPUPipelineError`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PipelineError {
    /// Who is to blame.
    pub reason: PipelineErrorReason,
    /// What happened, for people.
    pub message: String,
}

/// `GPUPipelineErrorReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PipelineErrorReason {
    /// The guest broke a rule of WebGPU.
    Validation,
    /// The compiler could not do it, or not in time.
    Internal,
}

/// A kind of pipeline, with what is needed to make one.
pub(super) trait Kind: Send + Sized + 'static {
    type Id: Copy + Send + 'static;

    /// What is wrong before anything is compiled.
    fn check(&self, device: &DeviceCore) -> Result<(), GpuError>;
    fn create(&self, device: &DeviceCore) -> (Self::Id, Option<GpuError>);
    fn invalid(device: &DeviceCore) -> Self::Id;
    fn forget(device: &DeviceCore, id: Self::Id);
}

/// A pipeline that nobody has yet.
pub(super) struct Compiled<K: Kind> {
    device: Arc<DeviceCore>,
    id: Option<K::Id>,
    error: Option<GpuError>,
}

impl<K: Kind> Compiled<K> {
    fn new(device: &Arc<DeviceCore>, descriptor: &K) -> Self {
        let (id, error) = descriptor.create(device);
        Self {
            device: Arc::clone(device),
            id: Some(id),
            error,
        }
    }

    /// What is wrong becomes an error of the device, and the pipeline is an invalid one.
    pub(super) fn now(device: &Arc<DeviceCore>, descriptor: K) -> K::Id {
        if let Err(error) = descriptor.check(device) {
            device.errors.push(error);
            return K::invalid(device);
        }
        let on = Arc::clone(device);
        let budget = device.lease.quota().compile_time;
        let compiler = device.lease.compiler();
        let error = match compiler.run(budget, move || Self::new(&on, &descriptor)) {
            Ok(mut made) => {
                let error = made.error.take();
                if let Some(id) = made.id.take() {
                    if let Some(error) = error {
                        device.errors.push(error);
                    }
                    return id;
                }
                error
            }
            Err(failure) => Some(GpuError::internal(failure.to_string())),
        };
        if let Some(error) = error {
            device.errors.push(error);
        }
        K::invalid(device)
    }

    /// What is wrong is for who asked only.
    pub(super) fn later(
        device: &Arc<DeviceCore>,
        descriptor: K,
    ) -> impl Future<Output = Result<(K::Id, Credit), PipelineError>> + Send + use<K> {
        let lost = device.errors.is_lost().is_some();
        let object = device.account.charge(Charged::Objects, 1);
        let started = descriptor
            .check(device)
            .and_then(|()| object.map_err(|refused| GpuError::internal(refused.to_string())))
            .map(|object| {
                let on = Arc::clone(device);
                let budget = device.lease.quota().compile_time;
                device.lease.compiler().start(budget, move || {
                    let made = Self::new(&on, &descriptor);
                    (made, object)
                })
            });
        async move {
            let (mut made, object) = started?
                .await
                .map_err(|failure| GpuError::internal(failure.to_string()))?;
            match (made.error.take(), lost) {
                (Some(error), false) => Err(error.into()),
                // Of a lost device nobody is told anything, and everything seems to work.
                _ => match made.id.take() {
                    Some(id) => Ok((id, object)),
                    None => Err(GpuError::internal("the pipeline was not made").into()),
                },
            }
        }
    }
}

impl<K: Kind> Drop for Compiled<K> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            K::forget(&self.device, id);
        }
    }
}

impl From<GpuError> for PipelineError {
    fn from(error: GpuError) -> Self {
        Self {
            reason: match error.kind {
                ErrorKind::Validation => PipelineErrorReason::Validation,
                ErrorKind::OutOfMemory | ErrorKind::Internal => PipelineErrorReason::Internal,
            },
            message: error.message,
        }
    }
}
