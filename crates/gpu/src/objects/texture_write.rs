//! Writing bytes into a texture: what is wrong is said at once, also if the write has to wait for its turn.

use std::borrow::Cow;
use std::sync::Arc;

use wgpu_types as wgt;
use wgt::TextureFormat as Format;

use super::Texture;
use super::texture::Core as TextureCore;
use crate::error::GpuError;
use crate::ledger::Credit;

/// wgpu-core stages rows at multiples of what the driver likes, which is at most this.
const ROW: u64 = 256;

/// A write in its turn.
#[derive(Debug)]
pub(crate) struct TextureWrite<'a> {
    pub(crate) texture: Arc<TextureCore>,
    pub(crate) mip_level: u32,
    pub(crate) origin: wgt::Origin3d,
    pub(crate) aspect: wgt::TextureAspect,
    pub(crate) data: Cow<'a, [u8]>,
    pub(crate) layout: wgt::TexelCopyBufferLayout,
    pub(crate) size: wgt::Extent3d,
    pub(crate) credit: Credit,
}

impl TextureWrite<'_> {
    pub(crate) fn into_owned(self) -> TextureWrite<'static> {
        TextureWrite {
            texture: self.texture,
            mip_level: self.mip_level,
            origin: self.origin,
            aspect: self.aspect,
            data: Cow::Owned(self.data.into_owned()),
            layout: self.layout,
            size: self.size,
            credit: self.credit,
        }
    }
}

/// What a write needs, without what a guest's layout leaves open.
#[derive(Debug)]
pub(crate) struct Needed {
    /// Where the bytes are in what the guest gave.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Where they are in themselves.
    pub(crate) layout: wgt::TexelCopyBufferLayout,
    /// Bytes of staging memory.
    pub(crate) staging: u64,
}

/// What a write needs; `None`: nothing is to be written.
pub(crate) fn check(
    destination: &wgt::TexelCopyTextureInfo<&Texture>,
    length: usize,
    layout: &wgt::TexelCopyBufferLayout,
    size: &wgt::Extent3d,
) -> Result<Option<Needed>, GpuError> {
    let core = &destination.texture.core;
    let refuse = |why: &str| GpuError::validation(format!("a texture was not written: {why}"));
    if core.memory().is_none() {
        return Err(refuse("it is invalid"));
    }
    let descriptor = &core.descriptor;
    if !descriptor.usage.contains(wgt::TextureUsages::COPY_DST) {
        return Err(refuse("it needs the usage copy-dst"));
    }
    if descriptor.sample_count != 1 {
        return Err(refuse("it has several samples"));
    }
    check_range(destination, size).map_err(refuse)?;
    let format = written(descriptor.format, destination.aspect)
        .ok_or_else(|| refuse("this aspect of its format cannot be written"))?;
    let all = wgt::TextureAspect::All;
    let info = layout
        .get_buffer_texture_copy_info(format, all, size)
        .map_err(|error| refuse(unfit(&error)))?;
    let images = info.depth_or_array_layers;
    let many_rows = images > 1 || info.height_blocks > 1;
    if many_rows && layout.bytes_per_row.is_none() {
        return Err(refuse("bytes-per-row is needed for more than one row"));
    }
    if images > 1 && layout.rows_per_image.is_none() {
        return Err(refuse("rows-per-image is needed for more than one image"));
    }
    let start = usize::try_from(layout.offset).ok();
    let end = layout.offset.checked_add(info.bytes_in_copy);
    let end = end.and_then(|end| usize::try_from(end).ok());
    let (Some(start), Some(end)) = (start, end.filter(|end| *end <= length)) else {
        return Err(refuse(&format!(
            "there are {length} bytes, and {} from {} on are needed",
            info.bytes_in_copy, layout.offset
        )));
    };
    if info.bytes_in_copy == 0 || info.row_bytes_dense == 0 {
        return Ok(None);
    }
    let rows = images
        .saturating_sub(1)
        .saturating_mul(info.image_stride_rows)
        .saturating_add(info.height_blocks);
    let row = info.row_bytes_dense.next_multiple_of(ROW);
    Ok(Some(Needed {
        start,
        end,
        // What is not needed may have any value, and drivers multiply it.
        layout: wgt::TexelCopyBufferLayout {
            offset: 0,
            bytes_per_row: layout.bytes_per_row.filter(|_| many_rows),
            rows_per_image: layout.rows_per_image.filter(|_| images > 1),
        },
        staging: rows.saturating_mul(row).max(info.bytes_in_copy),
    }))
}

fn check_range(
    destination: &wgt::TexelCopyTextureInfo<&Texture>,
    size: &wgt::Extent3d,
) -> Result<(), &'static str> {
    let descriptor = &destination.texture.core.descriptor;
    let level = descriptor
        .mip_level_size(destination.mip_level)
        .ok_or("it has not so many mip levels")?
        .physical_size(descriptor.format);
    let origin = destination.origin;
    let within =
        |start: u32, size: u32, whole: u32| start.checked_add(size).is_some_and(|end| end <= whole);
    if !within(origin.x, size.width, level.width)
        || !within(origin.y, size.height, level.height)
        || !within(
            origin.z,
            size.depth_or_array_layers,
            level.depth_or_array_layers,
        )
    {
        return Err("the range is not within the mip level");
    }
    let (width, height) = descriptor.format.block_dimensions();
    let (across, down) = ([origin.x, size.width], [origin.y, size.height]);
    if across.iter().any(|x| !x.is_multiple_of(width))
        || down.iter().any(|y| !y.is_multiple_of(height))
    {
        return Err("the range has to begin and end with whole blocks of its format");
    }
    if descriptor.format.is_depth_stencil_format()
        && (size.width, size.height) != (level.width, level.height)
    {
        return Err("of a depth or stencil format only whole images can be written");
    }
    Ok(())
}

/// The format of the bytes for an aspect, if a guest can write it.
fn written(format: Format, aspect: wgt::TextureAspect) -> Option<Format> {
    let format = match (format, aspect) {
        // The only aspect there is.
        (Format::Stencil8 | Format::Depth16Unorm, wgt::TextureAspect::All) => format,
        _ => format.aspect_specific_format(aspect)?,
    };
    let writable = !matches!(format, Format::Depth24Plus | Format::Depth32Float);
    (writable
        && format
            .block_copy_size(Some(wgt::TextureAspect::All))
            .is_some())
    .then_some(format)
}

fn unfit(error: &wgt::BufferTextureCopyInfoError) -> &'static str {
    match error {
        wgt::BufferTextureCopyInfoError::InvalidBytesPerRow => {
            "bytes-per-row is less than a row has"
        }
        wgt::BufferTextureCopyInfoError::InvalidRowsPerImage => {
            "rows-per-image is less than an image has"
        }
        _ => "its bytes would end beyond 2^64",
    }
}
