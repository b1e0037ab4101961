//! The way in: an adapter.

use std::pin::Pin;

use crate::adapter::Adapter;
use crate::bindings::{GpuRequestAdapterOptions, get_gpu};
use crate::convert::power_preference;
use wgpu::custom::{
    DispatchAdapter, DispatchSurface, EnumerateAdapterFuture, InstanceInterface,
    RequestAdapterFuture,
};

#[derive(Debug)]
pub(crate) struct Instance;

async fn request(options: GpuRequestAdapterOptions) -> Option<DispatchAdapter> {
    let adapter = get_gpu().request_adapter(Some(options)).await?;
    Some(DispatchAdapter::custom(Adapter::new(adapter)))
}

fn options(
    preference: wgpu::PowerPreference,
    force_fallback_adapter: bool,
) -> GpuRequestAdapterOptions {
    GpuRequestAdapterOptions {
        feature_level: None,
        power_preference: power_preference(preference),
        force_fallback_adapter: Some(force_fallback_adapter),
        xr_compatible: None,
    }
}

impl InstanceInterface for Instance {
    fn new(_: wgpu::InstanceDescriptor) -> Self {
        Self
    }

    unsafe fn create_surface(
        &self,
        _: wgpu::SurfaceTargetUnsafe,
    ) -> Result<DispatchSurface, wgpu::CreateSurfaceError> {
        panic!("a component has no window to draw to: render to a texture instead of a surface")
    }

    fn request_adapter(
        &self,
        wish: &wgpu::RequestAdapterOptions<'_, '_>,
    ) -> Pin<Box<dyn RequestAdapterFuture>> {
        let options = options(wish.power_preference, wish.force_fallback_adapter);
        Box::pin(async move {
            request(options)
                .await
                .ok_or(wgpu::RequestAdapterError::NotFound {
                    active_backends: wgpu::Backends::BROWSER_WEBGPU,
                    requested_backends: wgpu::Backends::BROWSER_WEBGPU,
                    supported_backends: wgpu::Backends::BROWSER_WEBGPU,
                    no_fallback_backends: wgpu::Backends::empty(),
                    no_adapter_backends: wgpu::Backends::BROWSER_WEBGPU,
                    incompatible_surface_backends: wgpu::Backends::empty(),
                })
        })
    }

    fn poll_all_devices(&self, _force_wait: bool) -> bool {
        // Devices are polled one by one; what they do goes on while the component awaits.
        true
    }

    fn wgsl_language_features(&self) -> wgpu::WgslLanguageFeatures {
        use wgpu::WgslLanguageFeatures as Features;
        let supported = get_gpu().wgsl_language_features();
        let mut features = Features::empty();
        for (feature, name) in [
            (
                Features::ReadOnlyAndReadWriteStorageTextures,
                "readonly_and_readwrite_storage_textures",
            ),
            (
                Features::Packed4x8IntegerDotProduct,
                "packed_4x8_integer_dot_product",
            ),
            (
                Features::UnrestrictedPointerParameters,
                "unrestricted_pointer_parameters",
            ),
            (Features::PointerCompositeAccess, "pointer_composite_access"),
        ] {
            features.set(feature, supported.has(name));
        }
        features
    }

    fn enumerate_adapters(&self, _: wgpu::Backends) -> Pin<Box<dyn EnumerateAdapterFuture>> {
        let options = options(wgpu::PowerPreference::None, false);
        Box::pin(async move { request(options).await.into_iter().collect() })
    }
}
