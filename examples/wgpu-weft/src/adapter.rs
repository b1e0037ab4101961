//! The adapter that the host chose for this workload.

use std::pin::Pin;

use crate::bindings::{GpuAdapter, GpuDeviceDescriptor};
use crate::convert::{adapter_info, features_of, label, limits_of, names_of, required_limits};
use crate::device::Device;
use crate::queue::Queue;
use std::rc::Rc;
use wgpu::custom::{
    AdapterInterface, DispatchDevice, DispatchQueue, DispatchSurface, RequestDeviceFuture,
};

#[derive(Debug)]
pub(crate) struct Adapter(Rc<GpuAdapter>);

impl Adapter {
    pub(crate) fn new(adapter: GpuAdapter) -> Self {
        Self(Rc::new(adapter))
    }
}

impl AdapterInterface for Adapter {
    fn request_device(
        &self,
        desc: &wgpu::DeviceDescriptor<'_>,
    ) -> Pin<Box<dyn RequestDeviceFuture>> {
        let adapter = Rc::clone(&self.0);
        let features = names_of(desc.required_features);
        let limits = desc.required_limits.clone();
        let label = label(desc.label);
        Box::pin(async move {
            let descriptor = GpuDeviceDescriptor {
                required_features: Some(features.map_err(wgpu::RequestDeviceError::from_message)?),
                required_limits: Some(required_limits(&limits)),
                default_queue: None,
                label,
            };
            let device = adapter
                .request_device(Some(descriptor))
                .await
                .map_err(|error| wgpu::RequestDeviceError::from_message(error.message))?;
            let device = Device::new(device);
            let queue = Queue::new(&device);
            Ok((DispatchDevice::custom(device), DispatchQueue::custom(queue)))
        })
    }

    fn is_surface_supported(&self, _: &DispatchSurface) -> bool {
        false
    }

    fn features(&self) -> wgpu::Features {
        features_of(&self.0.features(), &self.limits())
    }

    fn limits(&self) -> wgpu::Limits {
        limits_of(&self.0.limits())
    }

    fn downlevel_capabilities(&self) -> wgpu::DownlevelCapabilities {
        // All that WebGPU demands.
        wgpu::DownlevelCapabilities::default()
    }

    fn get_info(&self) -> wgpu::AdapterInfo {
        adapter_info(&self.0.info())
    }

    fn get_texture_format_features(
        &self,
        format: wgpu::TextureFormat,
    ) -> wgpu::TextureFormatFeatures {
        format.guaranteed_format_features(self.features())
    }

    fn get_presentation_timestamp(&self) -> wgpu::PresentationTimestamp {
        wgpu::PresentationTimestamp::INVALID_TIMESTAMP
    }

    fn cooperative_matrix_properties(&self) -> Vec<wgpu::CooperativeMatrixProperties> {
        Vec::new()
    }
}
