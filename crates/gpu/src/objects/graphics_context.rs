//! A context without a display: its frames are textures of the device that it is connected with.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wgpu_types::{Extent3d, TextureDescriptor, TextureDimension, TextureFormat, TextureUsages};

use super::{Device, Texture};

/// How large a frame is, since no window says: width and height.
pub const FRAME: (u32, u32) = (1280, 720);

/// `context`: frame after frame.
#[derive(Clone, Debug, Default)]
pub struct GraphicsContext(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    device: Option<Device>,
    frame: Option<Texture>,
}

/// `abstract-buffer`: one frame, or the one that its context has when it is needed.
#[derive(Clone, Debug)]
pub struct AbstractBuffer {
    context: GraphicsContext,
    frame: Option<Texture>,
}

/// A frame of a context that no device draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the frame of a graphics context cannot be made a texture, because the context has no device: connect it with \
     `gpu-device.connect-graphics-context` first"
)]
pub struct NotConnected;

impl GraphicsContext {
    /// From now on this device draws the frames, the current one included.
    pub fn connect(&self, device: Device) {
        *self.state() = State {
            device: Some(device),
            frame: None,
        };
    }

    /// The frame that is drawn now: the same until it is presented.
    pub fn current_buffer(&self) -> AbstractBuffer {
        AbstractBuffer {
            context: self.clone(),
            frame: self.frame(),
        }
    }

    /// Ends the frame. Nobody sees it, but whoever has its texture keeps it.
    pub fn present(&self) {
        self.state().frame = None;
    }

    fn frame(&self) -> Option<Texture> {
        let mut state = self.state();
        let State { device, frame } = &mut *state;
        let device = device.as_ref()?;
        Some(frame.get_or_insert_with(|| drawn_by(device)).clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AbstractBuffer {
    /// The texture of the frame.
    ///
    /// # Errors
    ///
    /// No device was connected with the context.
    pub fn texture(self) -> Result<Texture, NotConnected> {
        self.frame
            .or_else(|| self.context.frame())
            .ok_or(NotConnected)
    }
}

/// A frame in the format that `get-preferred-canvas-format` names.
fn drawn_by(device: &Device) -> Texture {
    let (width, height) = FRAME;
    device.create_texture(&TextureDescriptor {
        label: Some("a frame of a graphics context".to_owned()),
        size: Extent3d {
            width,
            height,
            depth_or_array_layers: 1,
        },
        mip_level_count: 1,
        sample_count: 1,
        dimension: TextureDimension::D2,
        format: TextureFormat::Bgra8Unorm,
        usage: TextureUsages::RENDER_ATTACHMENT
            | TextureUsages::COPY_SRC
            | TextureUsages::COPY_DST
            | TextureUsages::TEXTURE_BINDING,
        view_formats: Vec::new(),
    })
}
