//! Texture formats. All of WebGPU's are wgpu's too; wgpu has a few others, which no guest can name.

/// `GPUTextureFormat` both ways; given are the formats that 0.0.1 has not.
macro_rules! texture_formats {
    ($w:ident: $($more:tt)*) => {
        $crate::convert::texture_formats! { @all $w;
            $($more)*
            R8unorm => { R8Unorm }
            R8snorm => { R8Snorm }
            R8uint => { R8Uint }
            R8sint => { R8Sint }
            R16uint => { R16Uint }
            R16sint => { R16Sint }
            R16float => { R16Float }
            Rg8unorm => { Rg8Unorm }
            Rg8snorm => { Rg8Snorm }
            Rg8uint => { Rg8Uint }
            Rg8sint => { Rg8Sint }
            R32uint => { R32Uint }
            R32sint => { R32Sint }
            R32float => { R32Float }
            Rg16uint => { Rg16Uint }
            Rg16sint => { Rg16Sint }
            Rg16float => { Rg16Float }
            Rgba8unorm => { Rgba8Unorm }
            Rgba8unormSrgb => { Rgba8UnormSrgb }
            Rgba8snorm => { Rgba8Snorm }
            Rgba8uint => { Rgba8Uint }
            Rgba8sint => { Rgba8Sint }
            Bgra8unorm => { Bgra8Unorm }
            Bgra8unormSrgb => { Bgra8UnormSrgb }
            Rgb9e5ufloat => { Rgb9e5Ufloat }
            Rgb10a2uint => { Rgb10a2Uint }
            Rgb10a2unorm => { Rgb10a2Unorm }
            Rg11b10ufloat => { Rg11b10Ufloat }
            Rg32uint => { Rg32Uint }
            Rg32sint => { Rg32Sint }
            Rg32float => { Rg32Float }
            Rgba16uint => { Rgba16Uint }
            Rgba16sint => { Rgba16Sint }
            Rgba16float => { Rgba16Float }
            Rgba32uint => { Rgba32Uint }
            Rgba32sint => { Rgba32Sint }
            Rgba32float => { Rgba32Float }
            Stencil8 => { Stencil8 }
            Depth16unorm => { Depth16Unorm }
            Depth24plus => { Depth24Plus }
            Depth24plusStencil8 => { Depth24PlusStencil8 }
            Depth32float => { Depth32Float }
            Depth32floatStencil8 => { Depth32FloatStencil8 }
            Bc1RgbaUnorm => { Bc1RgbaUnorm }
            Bc1RgbaUnormSrgb => { Bc1RgbaUnormSrgb }
            Bc2RgbaUnorm => { Bc2RgbaUnorm }
            Bc2RgbaUnormSrgb => { Bc2RgbaUnormSrgb }
            Bc3RgbaUnorm => { Bc3RgbaUnorm }
            Bc3RgbaUnormSrgb => { Bc3RgbaUnormSrgb }
            Bc4RUnorm => { Bc4RUnorm }
            Bc4RSnorm => { Bc4RSnorm }
            Bc5RgUnorm => { Bc5RgUnorm }
            Bc5RgSnorm => { Bc5RgSnorm }
            Bc6hRgbUfloat => { Bc6hRgbUfloat }
            Bc6hRgbFloat => { Bc6hRgbFloat }
            Bc7RgbaUnorm => { Bc7RgbaUnorm }
            Bc7RgbaUnormSrgb => { Bc7RgbaUnormSrgb }
            Etc2Rgb8unorm => { Etc2Rgb8Unorm }
            Etc2Rgb8unormSrgb => { Etc2Rgb8UnormSrgb }
            Etc2Rgb8a1unorm => { Etc2Rgb8A1Unorm }
            Etc2Rgb8a1unormSrgb => { Etc2Rgb8A1UnormSrgb }
            Etc2Rgba8unorm => { Etc2Rgba8Unorm }
            Etc2Rgba8unormSrgb => { Etc2Rgba8UnormSrgb }
            EacR11unorm => { EacR11Unorm }
            EacR11snorm => { EacR11Snorm }
            EacRg11unorm => { EacRg11Unorm }
            EacRg11snorm => { EacRg11Snorm }
            Astc4x4Unorm => { Astc { block: AstcBlock::B4x4, channel: AstcChannel::Unorm } }
            Astc4x4UnormSrgb => { Astc { block: AstcBlock::B4x4, channel: AstcChannel::UnormSrgb } }
            Astc5x4Unorm => { Astc { block: AstcBlock::B5x4, channel: AstcChannel::Unorm } }
            Astc5x4UnormSrgb => { Astc { block: AstcBlock::B5x4, channel: AstcChannel::UnormSrgb } }
            Astc5x5Unorm => { Astc { block: AstcBlock::B5x5, channel: AstcChannel::Unorm } }
            Astc5x5UnormSrgb => { Astc { block: AstcBlock::B5x5, channel: AstcChannel::UnormSrgb } }
            Astc6x5Unorm => { Astc { block: AstcBlock::B6x5, channel: AstcChannel::Unorm } }
            Astc6x5UnormSrgb => { Astc { block: AstcBlock::B6x5, channel: AstcChannel::UnormSrgb } }
            Astc6x6Unorm => { Astc { block: AstcBlock::B6x6, channel: AstcChannel::Unorm } }
            Astc6x6UnormSrgb => { Astc { block: AstcBlock::B6x6, channel: AstcChannel::UnormSrgb } }
            Astc8x5Unorm => { Astc { block: AstcBlock::B8x5, channel: AstcChannel::Unorm } }
            Astc8x5UnormSrgb => { Astc { block: AstcBlock::B8x5, channel: AstcChannel::UnormSrgb } }
            Astc8x6Unorm => { Astc { block: AstcBlock::B8x6, channel: AstcChannel::Unorm } }
            Astc8x6UnormSrgb => { Astc { block: AstcBlock::B8x6, channel: AstcChannel::UnormSrgb } }
            Astc8x8Unorm => { Astc { block: AstcBlock::B8x8, channel: AstcChannel::Unorm } }
            Astc8x8UnormSrgb => { Astc { block: AstcBlock::B8x8, channel: AstcChannel::UnormSrgb } }
            Astc10x5Unorm => { Astc { block: AstcBlock::B10x5, channel: AstcChannel::Unorm } }
            Astc10x5UnormSrgb => { Astc { block: AstcBlock::B10x5, channel: AstcChannel::UnormSrgb } }
            Astc10x6Unorm => { Astc { block: AstcBlock::B10x6, channel: AstcChannel::Unorm } }
            Astc10x6UnormSrgb => { Astc { block: AstcBlock::B10x6, channel: AstcChannel::UnormSrgb } }
            Astc10x8Unorm => { Astc { block: AstcBlock::B10x8, channel: AstcChannel::Unorm } }
            Astc10x8UnormSrgb => { Astc { block: AstcBlock::B10x8, channel: AstcChannel::UnormSrgb } }
            Astc10x10Unorm => { Astc { block: AstcBlock::B10x10, channel: AstcChannel::Unorm } }
            Astc10x10UnormSrgb => { Astc { block: AstcBlock::B10x10, channel: AstcChannel::UnormSrgb } }
            Astc12x10Unorm => { Astc { block: AstcBlock::B12x10, channel: AstcChannel::Unorm } }
            Astc12x10UnormSrgb => { Astc { block: AstcBlock::B12x10, channel: AstcChannel::UnormSrgb } }
            Astc12x12Unorm => { Astc { block: AstcBlock::B12x12, channel: AstcChannel::Unorm } }
            Astc12x12UnormSrgb => { Astc { block: AstcBlock::B12x12, channel: AstcChannel::UnormSrgb } }
        }
    };
    (@all $w:ident; $($wit:ident => { $($wgpu:tt)+ })*) => {
        #[cfg(test)]
        impl $crate::convert::Cases for $w::GpuTextureFormat {
            const CASES: &'static [Self] = &[$(Self::$wit),*];
        }

        impl From<$w::GpuTextureFormat> for wgpu_types::TextureFormat {
            fn from(format: $w::GpuTextureFormat) -> Self {
                use wgpu_types::{AstcBlock, AstcChannel};
                match format {
                    $($w::GpuTextureFormat::$wit => Self::$($wgpu)+,)*
                }
            }
        }

        impl TryFrom<wgpu_types::TextureFormat> for $w::GpuTextureFormat {
            type Error = $crate::convert::Unsupported;

            fn try_from(format: wgpu_types::TextureFormat) -> Result<Self, Self::Error> {
                use wgpu_types::{AstcBlock, AstcChannel, TextureFormat};
                match format {
                    $(TextureFormat::$($wgpu)+ => Ok(Self::$wit),)*
                    other => Err($crate::convert::Unsupported::new(format!(
                        "the WIT package has no texture format {other:?}"
                    ))),
                }
            }
        }
    };
}

pub(crate) use texture_formats;
