//! Calls within compute passes, render passes and bundle encoders.

use arbitrary::Arbitrary;
use weft_gpu::objects::WindowError;
use wgpu_types as wgt;

use super::number::{Float, Number, Slot};
use super::world::World;

/// Which recorder, and what.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Call {
    Compute(Slot, Compute),
    Render(Slot, Render),
    Pass(Slot, Draw),
    Bundle(Slot, Draw),
    FinishBundle(Slot),
}

#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Compute {
    Pipeline(Slot),
    Group(Number, Option<Slot>, Offsets),
    Immediates(Number, u8, (Number, Option<Number>)),
    Dispatch([Number; 3]),
    Indirect(Slot, Number),
    DebugGroup(bool),
    Marker,
    End,
}

/// What only a render pass can do.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Render {
    Viewport([Float; 6]),
    Scissor([Number; 4]),
    Blend(Float),
    Stencil(u32),
    Occlusion(Option<Number>),
    Bundles([Option<Slot>; 2]),
    End,
}

/// What passes and bundles have in common.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Draw {
    Pipeline(Slot),
    Group(Number, Option<Slot>, Offsets),
    Immediates(Number, u8, (Number, Option<Number>)),
    Indices(Slot, bool, Number, Option<Number>),
    Vertices(Number, Option<Slot>, Number, Option<Number>),
    Vertex([Number; 4]),
    Indexed([Number; 4], i32),
    Indirect(Slot, Number),
    IndexedIndirect(Slot, Number),
    DebugGroup(bool),
    Marker,
}

/// Dynamic offsets, and the part of them that is meant.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Offsets {
    all: [Option<Number>; 2],
    part: Option<(Number, Number)>,
}

impl Offsets {
    fn all(&self) -> Vec<u32> {
        self.all
            .iter()
            .flatten()
            .map(|number| number.short())
            .collect()
    }
}

macro_rules! draw {
    ($world:ident, $to:expr, $draw:expr) => {
        match $draw {
            Draw::Pipeline(slot) => $to.set_pipeline($world.painters.get(slot)?),
            Draw::Group(index, group, offsets) => {
                let group = group.and_then(|slot| $world.groups.get(slot));
                let (index, all) = (index.short(), offsets.all());
                match offsets.part {
                    Some((start, length)) => {
                        ignored(&$to.set_bind_group_window(index, group, &all, start.0, length.0))
                    }
                    None => $to.set_bind_group(index, group, &all),
                }
            }
            Draw::Immediates(offset, bytes, (start, size)) => ignored(&$to.set_immediates(
                offset.short(),
                &vec![7; usize::from(bytes)],
                start.0,
                size.map(|size| size.0),
            )),
            Draw::Indices(buffer, short, offset, size) => $to.set_index_buffer(
                $world.buffers.get(buffer)?,
                if short {
                    wgt::IndexFormat::Uint16
                } else {
                    wgt::IndexFormat::Uint32
                },
                offset.0,
                size.map(|size| size.0),
            ),
            Draw::Vertices(slot, buffer, offset, size) => $to.set_vertex_buffer(
                slot.short(),
                buffer.and_then(|slot| $world.buffers.get(slot)),
                offset.0,
                size.map(|size| size.0),
            ),
            Draw::Vertex(counts) => {
                let [a, b, c, d] = counts.map(Number::short);
                $to.draw(a, b, c, d);
            }
            Draw::Indexed(counts, base) => {
                let [a, b, c, d] = counts.map(Number::short);
                $to.draw_indexed(a, b, c, base, d);
            }
            Draw::Indirect(buffer, offset) => {
                $to.draw_indirect($world.buffers.get(buffer)?, offset.0)
            }
            Draw::IndexedIndirect(buffer, offset) => {
                $to.draw_indexed_indirect($world.buffers.get(buffer)?, offset.0);
            }
            Draw::DebugGroup(true) => $to.push_debug_group("group"),
            Draw::DebugGroup(false) => $to.pop_debug_group(),
            Draw::Marker => $to.insert_debug_marker("here"),
        }
    };
}

impl Call {
    pub(crate) fn run(self, world: &mut World) -> Option<()> {
        match self {
            Self::Compute(pass, call) => compute(world, pass, call)?,
            Self::Render(pass, call) => render(world, pass, &call)?,
            Self::Pass(pass, draw) => draw!(world, world.render_passes.get(pass)?, draw),
            Self::Bundle(bundler, draw) => draw!(world, world.bundlers.get(bundler)?, draw),
            Self::FinishBundle(bundler) => {
                let made = world.bundlers.get(bundler)?.finish(None);
                world.bundles.add(made);
            }
        }
        Some(())
    }
}

/// A part that there is not is told to the caller at once, and nothing is recorded.
fn ignored(_told: &Result<(), WindowError>) {}

fn compute(world: &World, pass: Slot, call: Compute) -> Option<()> {
    let pass = world.compute_passes.get(pass)?;
    match call {
        Compute::Pipeline(slot) => pass.set_pipeline(world.computers.get(slot)?),
        Compute::Group(index, group, offsets) => {
            let group = group.and_then(|slot| world.groups.get(slot));
            let (index, all) = (index.short(), offsets.all());
            match offsets.part {
                Some((start, length)) => {
                    ignored(&pass.set_bind_group_window(index, group, &all, start.0, length.0));
                }
                None => pass.set_bind_group(index, group, &all),
            }
        }
        Compute::Immediates(offset, bytes, (start, size)) => ignored(&pass.set_immediates(
            offset.short(),
            &vec![7; usize::from(bytes)],
            start.0,
            size.map(|size| size.0),
        )),
        Compute::Dispatch(groups) => {
            let [x, y, z] = groups.map(Number::short);
            pass.dispatch_workgroups(x, y, z);
        }
        Compute::Indirect(buffer, offset) => {
            pass.dispatch_workgroups_indirect(world.buffers.get(buffer)?, offset.0);
        }
        Compute::DebugGroup(true) => pass.push_debug_group("group"),
        Compute::DebugGroup(false) => pass.pop_debug_group(),
        Compute::Marker => pass.insert_debug_marker("here"),
        Compute::End => pass.end(),
    }
    Some(())
}

fn render(world: &World, pass: Slot, call: &Render) -> Option<()> {
    let pass = world.render_passes.get(pass)?;
    match call {
        Render::Viewport(at) => {
            let [x, y, width, height, near, far] = at.map(|number| number.0);
            pass.set_viewport(x, y, width, height, (near, far));
        }
        Render::Scissor(at) => {
            let [x, y, width, height] = at.map(Number::short);
            pass.set_scissor_rect(x, y, width, height);
        }
        Render::Blend(value) => {
            let value = f64::from(value.0);
            pass.set_blend_constant(wgt::Color {
                r: value,
                g: value,
                b: value,
                a: value,
            });
        }
        Render::Stencil(reference) => pass.set_stencil_reference(*reference),
        Render::Occlusion(Some(index)) => pass.begin_occlusion_query(index.short()),
        Render::Occlusion(None) => pass.end_occlusion_query(),
        Render::Bundles(slots) => {
            let bundles = slots
                .iter()
                .filter_map(|slot| world.bundles.get((*slot)?).cloned());
            pass.execute_bundles(&bundles.collect::<Vec<_>>());
        }
        Render::End => pass.end(),
    }
    Some(())
}
