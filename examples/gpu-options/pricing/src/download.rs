//! The way back from the GPU, and what can go wrong on it.

use std::sync::{Arc, Mutex, PoisonError};

use futures_channel::oneshot;

/// What went wrong on a device that nobody asked for.
#[derive(Clone, Default)]
pub(crate) struct Failures(Arc<Mutex<Option<String>>>);

impl Failures {
    pub(crate) fn of(device: &wgpu::Device) -> Self {
        let failures = Self::default();
        let (errors, lost) = (failures.clone(), failures.clone());
        device.on_uncaptured_error(Arc::new(move |error| errors.tell(error.to_string())));
        device.set_device_lost_callback(move |reason, message| {
            lost.tell(format!("the device is lost ({reason:?}): {message}"));
        });
        failures
    }

    fn tell(&self, what: String) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(what);
    }

    pub(crate) fn first(&self) -> Option<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Submits the encoder and gives what `buffer` holds then.
pub(crate) async fn download(
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    mut encoder: wgpu::CommandEncoder,
    buffer: &wgpu::Buffer,
) -> Result<Vec<u8>, String> {
    let copy = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("download"),
        size: buffer.size(),
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    encoder.copy_buffer_to_buffer(buffer, 0, &copy, 0, buffer.size());
    queue.submit([encoder.finish()]);
    let (sender, mapped) = oneshot::channel();
    copy.map_async(wgpu::MapMode::Read, .., |result| {
        let _ = sender.send(result);
    });
    // A driver of the machine has to be asked; a component is told while it awaits.
    #[cfg(not(target_family = "wasm"))]
    device
        .poll(wgpu::PollType::wait_indefinitely())
        .map_err(|error| error.to_string())?;
    let failed = "the GPU did not finish what it was given";
    mapped
        .await
        .map_err(|_| failed)?
        .map_err(|error| format!("{failed}: {error}"))?;
    let bytes = copy
        .get_mapped_range(..)
        .map_err(|error| error.to_string())?;
    Ok(bytes.to_vec())
}
