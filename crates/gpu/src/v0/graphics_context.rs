//! `wasi:graphics-context`: where a window would be. A host has no display, so that a context gives frames that are textures of its
//! device and are shown to nobody; their guest can draw into them and copy them.

use wasmtime::component::Resource;

use super::graphics;
use crate::View;
use crate::bound::{AbstractBuffer, GraphicsContext};
use crate::methods::dropped;

impl graphics::Host for View<'_> {}

impl graphics::HostContext for View<'_> {
    fn new(&mut self) -> wasmtime::Result<Resource<GraphicsContext>> {
        self.put(GraphicsContext::default())
    }

    fn get_current_buffer(
        &mut self,
        this: Resource<GraphicsContext>,
    ) -> wasmtime::Result<Resource<AbstractBuffer>> {
        let buffer = self.table.get(&this)?.current_buffer();
        self.put(buffer)
    }

    fn present(&mut self, this: Resource<GraphicsContext>) -> wasmtime::Result<()> {
        self.table.get(&this)?.present();
        Ok(())
    }

    dropped!(GraphicsContext);
}

impl graphics::HostAbstractBuffer for View<'_> {
    dropped!(AbstractBuffer);
}
