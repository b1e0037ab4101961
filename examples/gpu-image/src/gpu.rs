//! The device and the compiled shaders of an instance: made for its first request, and kept for the next ones.

use std::cell::RefCell;
use std::rc::Rc;

use crate::bindings::wasi::webgpu::webgpu::{
    GpuAdapterInfo, GpuBindGroupLayout, GpuBindGroupLayoutDescriptor, GpuBindGroupLayoutEntry,
    GpuBufferBindingLayout, GpuBufferBindingType, GpuComputePipeline, GpuComputePipelineDescriptor,
    GpuDevice, GpuLayoutMode, GpuPipelineLayoutDescriptor, GpuProgrammableStage,
    GpuShaderModuleDescriptor, GpuShaderStage, get_gpu,
};
use crate::options::Filter;

/// The passes of a filter, in order.
type Passes = Vec<GpuComputePipeline>;

pub struct Gpu {
    adapter: String,
    pub device: GpuDevice,
    pub layout: GpuBindGroupLayout,
    blur: Passes,
    edges: Passes,
    ink: Passes,
}

thread_local!(static WARM: RefCell<Option<Rc<Gpu>>> = const { RefCell::new(None) });

impl Gpu {
    /// The one of this instance.
    pub async fn warm() -> Result<Rc<Self>, String> {
        if let Some(gpu) = WARM.with_borrow(Clone::clone) {
            return Ok(gpu);
        }
        let gpu = Rc::new(Self::new().await?);
        WARM.set(Some(Rc::clone(&gpu)));
        Ok(gpu)
    }

    /// Lets go of it: a device that has failed may be lost, and the next request gets another one.
    pub fn forget() {
        WARM.set(None);
    }

    pub fn adapter(&self) -> &str {
        &self.adapter
    }

    pub fn passes(&self, filter: &Filter) -> &[GpuComputePipeline] {
        match filter {
            Filter::Blur { .. } => &self.blur,
            Filter::Edges { .. } => &self.edges,
            Filter::Ink { .. } => &self.ink,
        }
    }

    async fn new() -> Result<Self, String> {
        let adapter = get_gpu()
            .request_adapter(None)
            .await
            .ok_or("there is no GPU for this workload")?;
        let device = adapter
            .request_device(None)
            .await
            .map_err(|error| error.message)?;
        let layout = layout(&device);
        let blur = compile(
            &device,
            &layout,
            include_str!("blur.wgsl"),
            &["down", "across"],
        );
        let edges = compile(&device, &layout, include_str!("edges.wgsl"), &["main"]);
        let ink = compile(
            &device,
            &layout,
            include_str!("ink.wgsl"),
            &["down", "across"],
        );
        let (blur, edges, ink) = futures::try_join!(blur, edges, ink)?;
        Ok(Self {
            adapter: named(&adapter.info()),
            device,
            layout,
            blur,
            edges,
            ink,
        })
    }
}

fn named(info: &GpuAdapterInfo) -> String {
    let kind = if info.is_fallback_adapter() {
        "software"
    } else {
        "hardware"
    };
    let mut name = format!("{kind} adapter, vendor {}", info.vendor());
    if !info.architecture().is_empty() {
        name += &format!(", {}", info.architecture());
    }
    name
}

/// What all shaders are bound to, as `picture.wgsl` has it.
fn layout(device: &GpuDevice) -> GpuBindGroupLayout {
    let kinds = [
        GpuBufferBindingType::Uniform,
        GpuBufferBindingType::ReadOnlyStorage,
        GpuBufferBindingType::Storage,
        GpuBufferBindingType::ReadOnlyStorage,
        GpuBufferBindingType::Storage,
    ];
    let entry = |(binding, kind)| GpuBindGroupLayoutEntry {
        binding,
        visibility: GpuShaderStage::COMPUTE,
        buffer: Some(GpuBufferBindingLayout {
            type_: Some(kind),
            has_dynamic_offset: None,
            min_binding_size: None,
        }),
        sampler: None,
        texture: None,
        storage_texture: None,
    };
    device.create_bind_group_layout(&GpuBindGroupLayoutDescriptor {
        entries: (0..).zip(kinds).map(entry).collect(),
        label: Some("band".to_owned()),
    })
}

async fn compile(
    device: &GpuDevice,
    layout: &GpuBindGroupLayout,
    shader: &str,
    entries: &[&str],
) -> Result<Passes, String> {
    let module = device.create_shader_module(&GpuShaderModuleDescriptor {
        code: [include_str!("picture.wgsl"), shader].concat(),
        compilation_hints: None,
        label: None,
    });
    let layout = device.create_pipeline_layout(&GpuPipelineLayoutDescriptor {
        bind_group_layouts: vec![Some(layout)],
        immediate_size: None,
        label: None,
    });
    let pipelines = entries.iter().map(|entry| {
        device.create_compute_pipeline_async(GpuComputePipelineDescriptor {
            compute: GpuProgrammableStage {
                module: &module,
                entry_point: Some((*entry).to_owned()),
                constants: None,
            },
            layout: GpuLayoutMode::Specific(&layout),
            label: Some((*entry).to_owned()),
        })
    });
    let pipelines = futures::future::try_join_all(pipelines).await;
    pipelines.map_err(|error| error.message)
}
