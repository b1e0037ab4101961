//! Textures, views, samplers, query sets, layouts and bind groups: what is charged, and what is refused.

use proptest::prelude::*;
use weft_gpu::error::ErrorKind;
use weft_gpu::ledger::Charged;
use weft_gpu::objects::{
    BindGroupDescriptor, BindGroupEntry, BindGroupLayout, BindGroupLayoutDescriptor,
    BindingResource, Buffer, Device, PipelineLayoutDescriptor, QuerySetDescriptor, QueryType,
    Texture, TextureDescriptor,
};
use weft_gpu::quota::Quota;
use wgpu_types::{
    BindGroupLayoutEntry, BindingType, BufferBindingType, BufferDescriptor, BufferUsages, Extent3d,
    Origin3d, SamplerBindingType, SamplerDescriptor, ShaderStages, TexelCopyBufferLayout,
    TexelCopyTextureInfo, TextureAspect, TextureDimension, TextureFormat, TextureSampleType,
    TextureUsages, TextureViewDescriptor, TextureViewDimension,
};

use crate::support::{assert_nothing_is_charged, device, lease, vulkan};

fn texture() -> TextureDescriptor {
    TextureDescriptor {
        label: Some("image".to_owned()),
        size: Extent3d {
            width: 64,
            height: 64,
            depth_or_array_layers: 1,
        },
        mip_level_count: 1,
        sample_count: 1,
        dimension: TextureDimension::D2,
        format: TextureFormat::Rgba8Unorm,
        usage: TextureUsages::COPY_DST | TextureUsages::TEXTURE_BINDING,
        view_formats: Vec::new(),
    }
}

fn buffer(device: &Device, size: u64) -> Buffer {
    device.create_buffer(&BufferDescriptor {
        label: None,
        size,
        usage: BufferUsages::UNIFORM,
        mapped_at_creation: false,
    })
}

fn uniform(binding: u32, least: u64) -> BindGroupLayoutEntry {
    entry(
        binding,
        BindingType::Buffer {
            ty: BufferBindingType::Uniform,
            has_dynamic_offset: false,
            min_binding_size: std::num::NonZeroU64::new(least),
        },
    )
}

fn entry(binding: u32, ty: BindingType) -> BindGroupLayoutEntry {
    BindGroupLayoutEntry {
        binding,
        visibility: ShaderStages::COMPUTE,
        ty,
        count: None,
    }
}

fn layout(device: &Device, entries: Vec<BindGroupLayoutEntry>) -> BindGroupLayout {
    device.create_bind_group_layout(&BindGroupLayoutDescriptor {
        label: None,
        entries,
    })
}

fn whole(buffer: &Buffer) -> BindingResource {
    BindingResource::Buffer {
        buffer: buffer.clone(),
        offset: 0,
        size: None,
    }
}

fn group(layout: &BindGroupLayout, resources: Vec<BindingResource>) -> BindGroupDescriptor {
    let entries = resources.into_iter().enumerate();
    BindGroupDescriptor {
        label: None,
        layout: layout.clone(),
        entries: entries
            .map(|(binding, resource)| BindGroupEntry {
                binding: u32::try_from(binding).unwrap(),
                resource,
            })
            .collect(),
    }
}

/// What the call has an error of, if it has one.
fn error_of<T>(device: &Device, kind: ErrorKind, call: impl FnOnce() -> T) -> Option<String> {
    device.errors().push_scope(kind);
    drop(call());
    let error = device.errors().pop_scope().unwrap();
    error.map(|error| error.message)
}

fn write(device: &Device, texture: &Texture, bytes: usize, layout: (Option<u32>, Option<u32>)) {
    device.queue().write_texture(
        &TexelCopyTextureInfo {
            texture,
            mip_level: 0,
            origin: Origin3d::ZERO,
            aspect: TextureAspect::All,
        },
        &vec![7; bytes],
        &TexelCopyBufferLayout {
            offset: 0,
            bytes_per_row: layout.0,
            rows_per_image: layout.1,
        },
        &Extent3d {
            width: 64,
            height: 64,
            depth_or_array_layers: 1,
        },
    );
}

#[test]
fn a_bind_group_holds_the_memory_of_all_it_binds_until_it_is_dropped() {
    for lease in [lease(Quota::default()), vulkan(Quota::default())] {
        let device = device(&lease);
        let layout = layout(
            &device,
            vec![
                uniform(0, 0),
                entry(1, BindingType::Sampler(SamplerBindingType::Filtering)),
                entry(
                    2,
                    BindingType::Texture {
                        sample_type: TextureSampleType::Float { filterable: true },
                        view_dimension: TextureViewDimension::D2,
                        multisampled: false,
                    },
                ),
            ],
        );
        let error = error_of(&device, ErrorKind::Validation, || {
            for direct in [true, false] {
                let buffer = buffer(&device, 256);
                let texture = device.create_texture(&texture());
                let image = if direct {
                    BindingResource::Texture(texture)
                } else {
                    let view = texture.create_view(&TextureViewDescriptor::default());
                    drop(texture);
                    BindingResource::TextureView(view)
                };
                let sampler = device.create_sampler(&SamplerDescriptor::default());
                let group = device.create_bind_group(&group(
                    &layout,
                    vec![whole(&buffer), BindingResource::Sampler(sampler), image],
                ));
                drop(buffer);
                assert_eq!(lease.account().used(Charged::Memory), 256 + 65_536);
                drop(group);
                assert_eq!(lease.account().used(Charged::Memory), 0);
            }
        });
        assert_eq!(error, None);
        let pipeline = device.create_pipeline_layout(&PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: vec![Some(layout), None],
            immediate_size: 0,
        });
        drop((device, pipeline));
        assert_nothing_is_charged(&lease);
    }
}

#[test]
fn a_destroyed_texture_or_query_set_gives_its_memory_back_though_a_handle_is_left() {
    let lease = vulkan(Quota::default());
    let device = device(&lease);
    let texture = device.create_texture(&texture());
    let queries = device
        .create_query_set(&QuerySetDescriptor {
            label: None,
            kind: QueryType::Occlusion,
            count: 16,
        })
        .unwrap();
    assert_eq!(lease.account().used(Charged::Memory), 65_536 + 128);
    texture.destroy();
    queries.destroy();
    assert_eq!(lease.account().used(Charged::Memory), 0);
    assert_eq!((texture.width(), queries.count()), (64, 16));
    assert_eq!(texture.label(), "image");
    drop((texture, device, queries));
    assert_nothing_is_charged(&lease);
}

#[test]
fn an_invalid_texture_is_a_validation_error_and_is_not_charged() {
    type Spoil = fn(&mut TextureDescriptor);
    let spoils: [Spoil; 10] = [
        |it| it.size.width = 0,
        |it| it.size.height = u32::MAX,
        |it| it.size.depth_or_array_layers = u32::MAX,
        |it| it.mip_level_count = u32::MAX,
        |it| it.mip_level_count = 0,
        |it| it.sample_count = 2,
        |it| it.sample_count = 0,
        |it| it.usage = TextureUsages::empty(),
        |it| it.format = TextureFormat::Bc1RgbaUnorm,
        |it| it.dimension = TextureDimension::D1,
    ];
    let lease = lease(Quota::default());
    let device = device(&lease);
    for (number, spoil) in spoils.into_iter().enumerate() {
        let mut descriptor = texture();
        spoil(&mut descriptor);
        let error = error_of(&device, ErrorKind::Validation, || {
            let made = device.create_texture(&descriptor);
            assert_eq!(lease.account().used(Charged::Memory), 0, "{number}");
            made.destroy();
        });
        assert!(error.is_some(), "{number}");
    }
}

#[test]
fn views_samplers_query_sets_and_layouts_that_break_the_rules_are_validation_errors() {
    let lease = lease(Quota::default());
    let device = device(&lease);
    let refused = |what: &str, call: &dyn Fn()| {
        assert!(
            error_of(&device, ErrorKind::Validation, call).is_some(),
            "{what}"
        );
    };
    let texture = device.create_texture(&texture());
    refused("a view of a level that there is not", &|| {
        drop(texture.create_view(&TextureViewDescriptor {
            base_mip_level: u32::MAX,
            mip_level_count: Some(u32::MAX),
            ..TextureViewDescriptor::default()
        }));
    });
    refused("a sampler with NaN", &|| {
        drop(device.create_sampler(&SamplerDescriptor {
            lod_min_clamp: f32::NAN,
            ..SamplerDescriptor::default()
        }));
    });
    refused("a sampler without anisotropy", &|| {
        drop(device.create_sampler(&SamplerDescriptor {
            anisotropy_clamp: 0,
            ..SamplerDescriptor::default()
        }));
    });
    for count in [0, 4097, u32::MAX] {
        refused("a query set of a wrong size", &|| {
            let descriptor = QuerySetDescriptor {
                label: None,
                kind: QueryType::Occlusion,
                count,
            };
            drop(device.create_query_set(&descriptor).unwrap());
        });
    }
    refused("two entries of one binding", &|| {
        drop(layout(&device, vec![uniform(3, 0), uniform(3, 0)]));
    });
    refused("a binding beyond the limit", &|| {
        drop(layout(&device, vec![uniform(u32::MAX, 0)]));
    });
    let one = layout(&device, vec![uniform(0, 512)]);
    refused("a binding smaller than min-binding-size", &|| {
        let small = buffer(&device, 256);
        drop(device.create_bind_group(&group(&one, vec![whole(&small)])));
    });
    refused("an offset beyond the buffer", &|| {
        let resource = BindingResource::Buffer {
            buffer: buffer(&device, 512),
            offset: u64::MAX - 255,
            size: Some(512),
        };
        drop(device.create_bind_group(&group(&one, vec![resource])));
    });
    refused("a group that lacks a binding", &|| {
        drop(device.create_bind_group(&group(&one, Vec::new())));
    });
    refused("more groups than the limit", &|| {
        drop(device.create_pipeline_layout(&PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: vec![Some(one.clone()); 9],
            immediate_size: 0,
        }));
    });
}

#[test]
fn timestamps_without_the_feature_are_refused_to_the_caller() {
    let device = device(&lease(Quota::default()));
    let refused = device.create_query_set(&QuerySetDescriptor {
        label: None,
        kind: QueryType::Timestamp,
        count: 2,
    });
    assert!(refused.unwrap_err().to_string().contains("timestamp-query"));
}

#[test]
fn beyond_the_quota_of_objects_everything_is_out_of_memory_and_nothing_stays() {
    let lease = lease(Quota {
        objects: 2,
        ..Quota::default()
    });
    let device = device(&lease);
    let texture_descriptor = texture();
    let image = device.create_texture(&texture_descriptor);
    let empty = layout(&device, Vec::new());
    let refused = |call: &dyn Fn()| {
        let error = error_of(&device, ErrorKind::OutOfMemory, call);
        assert!(error.unwrap().contains("2 of 2 GPU objects"));
    };
    device.errors().push_scope(ErrorKind::Validation);
    refused(&|| drop(device.create_texture(&texture_descriptor)));
    refused(&|| drop(image.create_view(&TextureViewDescriptor::default())));
    refused(&|| drop(device.create_sampler(&SamplerDescriptor::default())));
    refused(&|| drop(layout(&device, Vec::new())));
    refused(&|| drop(device.create_bind_group(&group(&empty, Vec::new()))));
    refused(&|| {
        drop(device.create_pipeline_layout(&PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: Vec::new(),
            immediate_size: 0,
        }));
    });
    refused(&|| {
        let descriptor = QuerySetDescriptor {
            label: None,
            kind: QueryType::Occlusion,
            count: 1,
        };
        drop(device.create_query_set(&descriptor).unwrap());
    });
    assert_eq!(device.errors().pop_scope().unwrap(), None);
    drop((image, empty, device));
    assert_nothing_is_charged(&lease);
}

#[test]
fn what_another_adapters_device_made_is_a_validation_error() {
    let (here, there) = (lease(Quota::default()), lease(Quota::default()));
    let (mine, other) = (device(&here), device(&there));
    let foreign = layout(&other, vec![uniform(0, 0)]);
    let error = error_of(&mine, ErrorKind::Validation, || {
        mine.create_bind_group(&group(&foreign, vec![whole(&buffer(&other, 256))]))
    });
    assert!(error.unwrap().contains("another adapter"));
    let texture = other.create_texture(&texture());
    let error = error_of(&mine, ErrorKind::Validation, || {
        write(&mine, &texture, 16_384, (Some(256), None));
    });
    assert!(error.unwrap().contains("another adapter"));
}

#[tokio::test]
async fn a_written_texture_holds_staging_memory_until_the_write_is_done() {
    for lease in [lease(Quota::default()), vulkan(Quota::default())] {
        let device = device(&lease);
        let texture = device.create_texture(&texture());
        let error = error_of(&device, ErrorKind::Validation, || {
            write(&device, &texture, 16_384, (Some(256), None));
            // Only what is used of the layout counts: drivers multiply the rest.
            write(&device, &texture, 16_384, (Some(256), Some(u32::MAX)));
        });
        assert_eq!(error, None);
        assert_eq!(lease.account().used(Charged::Staging), 2 * 16_384);
        device.queue().submit(&[]);
        device.queue().on_submitted_work_done().await;
        drop((texture, device));
    }
}

#[test]
fn a_write_that_breaks_the_rules_is_a_validation_error_and_stages_nothing() {
    let lease = lease(Quota::default());
    let device = device(&lease);
    let texture = device.create_texture(&texture());
    for (bytes, layout) in [
        (16_383, (Some(256), None)),
        (16_384, (None, None)),
        (16_384, (Some(255), None)),
        (16_384, (Some(u32::MAX), None)),
        (16_384, (Some(256), Some(63))),
        (0, (Some(256), None)),
    ] {
        let error = error_of(&device, ErrorKind::Validation, || {
            write(&device, &texture, bytes, layout);
        });
        assert!(error.is_some(), "{bytes} {layout:?}");
    }
    assert_eq!(lease.account().used(Charged::Staging), 0);
}

fn any_size() -> impl Strategy<Value = u32> {
    prop_oneof![0..70_u32, Just(2048), Just(8192), Just(8193), any::<u32>()]
}

prop_compose! {
    fn any_texture()(
        size in (any_size(), any_size(), any_size()),
        mips in prop_oneof![0..16_u32, any::<u32>()],
        samples in prop_oneof![Just(1), Just(4), any::<u32>()],
        dimension in prop_oneof![Just(TextureDimension::D1), Just(TextureDimension::D2), Just(TextureDimension::D3)],
        format in prop_oneof![
            Just(TextureFormat::R8Unorm), Just(TextureFormat::Rgba32Float),
            Just(TextureFormat::Depth24PlusStencil8), Just(TextureFormat::Stencil8),
            Just(TextureFormat::Bc1RgbaUnorm), Just(TextureFormat::Rgb9e5Ufloat),
        ],
        usage in 0..64_u32,
        view in any::<bool>(),
    ) -> TextureDescriptor {
        TextureDescriptor {
            label: None,
            size: Extent3d { width: size.0, height: size.1, depth_or_array_layers: size.2 },
            mip_level_count: mips,
            sample_count: samples,
            dimension,
            format,
            usage: TextureUsages::from_bits_retain(usage),
            view_formats: if view { vec![TextureFormat::Rgba8Unorm] } else { Vec::new() },
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_texture_is_charged_at_least_what_its_texels_take_and_never_ends_the_host(descriptor in any_texture()) {
        let lease = lease(Quota { memory: 1 << 40, ..Quota::default() });
        let device = device(&lease);
        let before = device.errors().uncaptured();
        let texture = device.create_texture(&descriptor);
        let view = texture.create_view(&TextureViewDescriptor::default());
        let charged = lease.account().used(Charged::Memory);
        drop(before);
        if charged > 0 {
            let size = descriptor.size;
            let texels = u64::from(size.width) * u64::from(size.height) * u64::from(size.depth_or_array_layers);
            let (width, height) = descriptor.format.block_dimensions();
            let bytes = texels / u64::from(width * height)
                * u64::from(descriptor.format.block_copy_size(None).unwrap_or(5))
                * u64::from(descriptor.sample_count);
            prop_assert!(charged >= bytes, "{charged} of {bytes}");
        }
        drop((view, texture, device));
        prop_assert_eq!(lease.account().used(Charged::Memory), 0);
    }
}
