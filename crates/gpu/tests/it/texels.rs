//! Texels go in and out of textures: layers, levels, depth, padding, and what shaders read and write.

use weft_gpu::objects::{
    BindingResource, Buffer, Device, TexelCopyBufferInfo, TexelCopyTextureInfo, Texture,
    TextureDescriptor,
};
use wgpu_types as wgt;
use wgt::{BufferUsages, TextureFormat, TextureUsages};

use crate::bench::{
    bench, compute, empty, group, pipeline, read, refused, storage, submit, whole, words,
};
use crate::canvas::filled;

const COPIED: TextureUsages = TextureUsages::COPY_SRC.union(TextureUsages::COPY_DST);

fn size(width: u32, height: u32, depth: u32) -> wgt::Extent3d {
    wgt::Extent3d {
        width,
        height,
        depth_or_array_layers: depth,
    }
}

/// A texture of one byte for each texel that can be copied, unless it is asked for otherwise.
fn bytewise(size: wgt::Extent3d, dimension: wgt::TextureDimension) -> TextureDescriptor {
    TextureDescriptor {
        label: None,
        size,
        mip_level_count: 1,
        sample_count: 1,
        dimension,
        format: TextureFormat::R8Unorm,
        usage: COPIED,
        view_formats: Vec::new(),
    }
}

fn at(texture: &Texture, level: u32, origin: (u32, u32, u32)) -> TexelCopyTextureInfo {
    let (x, y, z) = origin;
    TexelCopyTextureInfo {
        texture: texture.clone(),
        mip_level: level,
        origin: wgt::Origin3d { x, y, z },
        aspect: wgt::TextureAspect::All,
    }
}

fn rows(buffer: &Buffer, offset: u64, row: u32, image: Option<u32>) -> TexelCopyBufferInfo {
    TexelCopyBufferInfo {
        buffer: buffer.clone(),
        layout: wgt::TexelCopyBufferLayout {
            offset,
            bytes_per_row: Some(row),
            rows_per_image: image,
        },
    }
}

/// The texels of a part of a texture, one byte each, without the padding between their rows.
async fn texels(device: &Device, from: &TexelCopyTextureInfo, part: wgt::Extent3d) -> Vec<u8> {
    let row = 256;
    let images = part.height * part.depth_or_array_layers;
    let back = empty(
        device,
        BufferUsages::COPY_SRC | BufferUsages::COPY_DST,
        u64::from(row * images),
    );
    submit(device, |encoder| {
        encoder.copy_texture_to_buffer(from, &rows(&back, 0, row, Some(part.height)), part);
    });
    let bytes = read(device, &back).await;
    let width = usize::try_from(part.width).unwrap();
    bytes
        .chunks(256)
        .flat_map(|row| row[..width].to_vec())
        .collect()
}

fn write(
    device: &Device,
    to: &TexelCopyTextureInfo,
    data: &[u8],
    layout: (u64, Option<u32>, Option<u32>),
    size: wgt::Extent3d,
) {
    let (offset, bytes_per_row, rows_per_image) = layout;
    device.queue().write_texture(
        &wgt::TexelCopyTextureInfo {
            texture: &to.texture,
            mip_level: to.mip_level,
            origin: to.origin,
            aspect: to.aspect,
        },
        data,
        &wgt::TexelCopyBufferLayout {
            offset,
            bytes_per_row,
            rows_per_image,
        },
        &size,
    );
}

/// Bytes that differ from their neighbours in every direction.
fn pattern(length: usize) -> Vec<u8> {
    (1..=length)
        .map(|n| u8::try_from(n * 7 % 251).unwrap())
        .collect()
}

#[tokio::test]
async fn texels_go_from_a_buffer_through_two_textures_and_come_back() {
    let device = bench();
    let all = size(5, 3, 1);
    let descriptor = bytewise(all, wgt::TextureDimension::D2);
    let (one, other) = (
        device.create_texture(&descriptor),
        device.create_texture(&descriptor),
    );
    // Rows of 256 bytes of which 5 are texels, behind 4 bytes of something else.
    let bytes = pattern(4 + 2 * 256 + 5 + 3);
    let from = filled(&device, BufferUsages::COPY_SRC, &bytes);
    submit(&device, |encoder| {
        encoder.copy_buffer_to_texture(&rows(&from, 4, 256, None), &at(&one, 0, (0, 0, 0)), all);
        encoder.copy_texture_to_texture(&at(&one, 0, (0, 0, 0)), &at(&other, 0, (0, 0, 0)), all);
    });
    let expected: Vec<u8> = [4, 260, 516]
        .into_iter()
        .flat_map(|row| bytes[row..row + 5].to_vec())
        .collect();
    assert_eq!(
        texels(&device, &at(&other, 0, (0, 0, 0)), all).await,
        expected
    );
}

#[tokio::test]
async fn what_is_between_the_rows_of_a_buffer_is_not_written() {
    let device = bench();
    let all = size(3, 2, 1);
    let texture = device.create_texture(&bytewise(all, wgt::TextureDimension::D2));
    let to = filled(
        &device,
        BufferUsages::COPY_SRC | BufferUsages::COPY_DST,
        &[9; 516],
    );
    write(
        &device,
        &at(&texture, 0, (0, 0, 0)),
        &pattern(6),
        (0, Some(3), None),
        all,
    );
    submit(&device, |encoder| {
        encoder.copy_texture_to_buffer(&at(&texture, 0, (0, 0, 0)), &rows(&to, 0, 256, None), all);
    });
    let mut expected = vec![9; 516];
    expected[..3].copy_from_slice(&pattern(6)[..3]);
    expected[256..259].copy_from_slice(&pattern(6)[3..]);
    assert_eq!(read(&device, &to).await, expected);
}

#[tokio::test]
async fn every_level_has_texels_of_its_own() {
    let device = bench();
    let mut descriptor = bytewise(size(8, 8, 1), wgt::TextureDimension::D2);
    descriptor.mip_level_count = 4;
    let texture = device.create_texture(&descriptor);
    let side = |level: u32| 8_u32 >> level;
    let bytes = |level: u32| pattern(usize::try_from(side(level).pow(2) + level).unwrap());
    for level in 0..4 {
        let (to, side) = (at(&texture, level, (0, 0, 0)), side(level));
        let layout = (u64::from(level), Some(side), None);
        write(&device, &to, &bytes(level), layout, size(side, side, 1));
    }
    for level in 0..4 {
        let (from, side) = (at(&texture, level, (0, 0, 0)), side(level));
        let expected = &bytes(level)[usize::try_from(level).unwrap()..];
        assert_eq!(
            texels(&device, &from, size(side, side, 1)).await,
            expected,
            "level {level}"
        );
    }
}

#[tokio::test]
async fn layers_are_copied_from_where_they_are_to_where_they_are_wanted() {
    let device = bench();
    let descriptor = bytewise(size(4, 2, 6), wgt::TextureDimension::D2);
    let texture = device.create_texture(&descriptor);
    let other = device.create_texture(&descriptor);
    let bytes = pattern(4 * 2 * 6);
    let whole = size(4, 2, 6);
    let layout = (0, Some(4), Some(2));
    write(&device, &at(&texture, 0, (0, 0, 0)), &bytes, layout, whole);
    submit(&device, |encoder| {
        let (from, to) = (at(&texture, 0, (0, 0, 1)), at(&other, 0, (0, 0, 3)));
        encoder.copy_texture_to_texture(&from, &to, size(4, 2, 2));
    });
    let copied = texels(&device, &at(&other, 0, (0, 0, 0)), whole).await;
    assert_eq!(copied[24..40], bytes[8..24]);
    assert!(
        copied[..24]
            .iter()
            .chain(&copied[40..])
            .all(|byte| *byte == 0),
        "nothing else is written, and what was never written is zero"
    );
}

#[tokio::test]
async fn a_volume_is_written_and_read_in_part() {
    let device = bench();
    let texture = device.create_texture(&bytewise(size(4, 4, 4), wgt::TextureDimension::D3));
    let part = size(2, 2, 2);
    // Images of 3 rows of 5 bytes, of which 2 rows of 2 bytes are texels.
    let bytes = pattern(3 * 5 + 5 + 2);
    let origin = at(&texture, 0, (1, 2, 1));
    write(&device, &origin, &bytes, (0, Some(5), Some(3)), part);
    let expected: Vec<u8> = [0, 5, 15, 20]
        .into_iter()
        .flat_map(|row| bytes[row..row + 2].to_vec())
        .collect();
    assert_eq!(texels(&device, &origin, part).await, expected);
    let all = texels(&device, &at(&texture, 0, (0, 0, 0)), size(4, 4, 4)).await;
    assert_eq!(all.iter().filter(|byte| **byte != 0).count(), 8);
}

#[tokio::test]
async fn copies_that_do_not_fit_are_refused() {
    let device = bench();
    let texture = device.create_texture(&bytewise(size(8, 8, 1), wgt::TextureDimension::D2));
    let here = at(&texture, 0, (0, 0, 0));
    let buffer = empty(
        &device,
        BufferUsages::COPY_SRC | BufferUsages::COPY_DST,
        8 * 256,
    );
    let one = size(8, 8, 1);
    let cases = [
        (rows(&buffer, 0, 8, None), here.clone(), one),
        (rows(&buffer, 0, 0, None), here.clone(), one),
        (rows(&buffer, 256, 256, None), here.clone(), one),
        (rows(&buffer, 0, 256, Some(7)), here.clone(), one),
        (rows(&buffer, 0, 256, None), here.clone(), size(9, 8, 1)),
        (rows(&buffer, 0, 256, None), here.clone(), size(8, 8, 2)),
        (rows(&buffer, 0, 256, None), at(&texture, 1, (0, 0, 0)), one),
        (rows(&buffer, 0, 256, None), at(&texture, 0, (1, 0, 0)), one),
        (
            rows(&buffer, 0, 256, None),
            at(&texture, 0, (u32::MAX, 0, 0)),
            one,
        ),
    ];
    for (rows, texels, size) in cases {
        refused(&device, "", || {
            submit(&device, |encoder| {
                encoder.copy_buffer_to_texture(&rows, &texels, size);
            });
        })
        .await;
        refused(&device, "", || {
            submit(&device, |encoder| {
                encoder.copy_texture_to_buffer(&texels, &rows, size);
            });
        })
        .await;
    }
}

#[tokio::test]
async fn a_shader_writes_texels_that_another_one_reads() {
    let device = bench();
    let texture = device.create_texture(&TextureDescriptor {
        format: TextureFormat::R32Uint,
        usage: TextureUsages::STORAGE_BINDING | TextureUsages::TEXTURE_BINDING,
        ..bytewise(size(4, 4, 1), wgt::TextureDimension::D2)
    });
    let seen = storage(&device, &[0; 16]);
    let writer = pipeline(
        &device,
        "@group(0) @binding(0) var texels: texture_storage_2d<r32uint, write>;
        @compute @workgroup_size(4, 4) fn main(@builtin(local_invocation_id) id: vec3u) {
            textureStore(texels, id.xy, vec4u(id.y * 100u + id.x, 0u, 0u, 0u));
        }",
        None,
    );
    let reader = pipeline(
        &device,
        "@group(0) @binding(0) var texels: texture_2d<u32>;
        @group(0) @binding(1) var<storage, read_write> seen: array<u32>;
        @compute @workgroup_size(4, 4) fn main(@builtin(local_invocation_id) id: vec3u) {
            seen[id.y * 4u + id.x] = textureLoad(texels, id.xy, 0).x;
        }",
        None,
    );
    let written = group(
        &device,
        &writer,
        vec![BindingResource::Texture(texture.clone())],
    );
    let read = group(
        &device,
        &reader,
        vec![BindingResource::Texture(texture), whole(&seen)],
    );
    compute(&device, |pass| {
        for (pipeline, group) in [(&writer, &written), (&reader, &read)] {
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, Some(group), &[]);
            pass.dispatch_workgroups(1, 1, 1);
        }
    });
    let expected: Vec<u32> = (0..16).map(|i| i / 4 * 100 + i % 4).collect();
    assert_eq!(words(&device, &seen).await, expected);
}

#[tokio::test]
async fn a_sampler_says_what_is_between_and_beside_texels() {
    let device = bench();
    let texture = device.create_texture(&TextureDescriptor {
        usage: COPIED | TextureUsages::TEXTURE_BINDING,
        ..bytewise(size(2, 1, 1), wgt::TextureDimension::D2)
    });
    let layout = (0, Some(2), None);
    let to = at(&texture, 0, (0, 0, 0));
    write(&device, &to, &[0, 255], layout, size(2, 1, 1));
    // In hundredths: the middle between both, and the middle of the one right of the last.
    let pipeline = pipeline(
        &device,
        "@group(0) @binding(0) var texels: texture_2d<f32>;
        @group(0) @binding(1) var how: sampler;
        @group(0) @binding(2) var<storage, read_write> seen: array<u32>;
        @compute @workgroup_size(1) fn main() {
            let between = textureSampleLevel(texels, how, vec2f(0.5, 0.5), 0.0).x;
            let beside = textureSampleLevel(texels, how, vec2f(1.25, 0.5), 0.0).x;
            seen[0] = u32(round(between * 100.0));
            seen[1] = u32(round(beside * 100.0));
        }",
        None,
    );
    let (clamp, repeat) = (wgt::AddressMode::ClampToEdge, wgt::AddressMode::Repeat);
    let cases = [
        (wgt::FilterMode::Linear, clamp, [50, 100]),
        (wgt::FilterMode::Nearest, clamp, [100, 100]),
        (wgt::FilterMode::Nearest, repeat, [100, 0]),
    ];
    for (filter, address, expected) in cases {
        let sampler = device.create_sampler(&wgt::SamplerDescriptor {
            address_mode_u: address,
            mag_filter: filter,
            min_filter: filter,
            lod_max_clamp: 32.0,
            ..wgt::SamplerDescriptor::default()
        });
        let seen = storage(&device, &[7; 2]);
        let group = group(
            &device,
            &pipeline,
            vec![
                BindingResource::Texture(texture.clone()),
                BindingResource::Sampler(sampler),
                whole(&seen),
            ],
        );
        compute(&device, |pass| {
            pass.set_pipeline(&pipeline);
            pass.set_bind_group(0, Some(&group), &[]);
            pass.dispatch_workgroups(1, 1, 1);
        });
        assert_eq!(
            words(&device, &seen).await,
            expected,
            "{filter:?} {address:?}"
        );
    }
}
