//! `gpu-compute-pass-encoder`, and what passes and bundles have in common.

/// `set-bind-group` and the debug functions of passes and bundles, within their implementations.
macro_rules! common {
    ($w:ident, $type:ty) => {
        fn set_bind_group(
            &mut self,
            this: Resource<$type>,
            index: u32,
            bind_group: Option<Resource<BindGroup>>,
            offsets: Option<Vec<u32>>,
            start: Option<u64>,
            length: Option<u32>,
        ) -> wasmtime::Result<Result<(), $w::SetBindGroupError>> {
            let pass = self.of(&this)?;
            let group = bind_group.map(|group| self.of(&group)).transpose()?;
            let offsets = offsets.unwrap_or_default();
            let start = start.unwrap_or(0);
            let rest = (offsets.len() as u64).saturating_sub(start);
            let length = length.map_or(rest, u64::from);
            let set = pass.set_bind_group_window(index, group.as_ref(), &offsets, start, length);
            Ok(set.map_err(|error| $w::SetBindGroupError {
                kind: $w::SetBindGroupErrorKind::RangeError,
                message: error.to_string(),
            }))
        }

        fn push_debug_group(
            &mut self,
            this: Resource<$type>,
            label: String,
        ) -> wasmtime::Result<()> {
            self.table.get(&this)?.push_debug_group(&label);
            Ok(())
        }

        fn pop_debug_group(&mut self, this: Resource<$type>) -> wasmtime::Result<()> {
            self.table.get(&this)?.pop_debug_group();
            Ok(())
        }

        fn insert_debug_marker(
            &mut self,
            this: Resource<$type>,
            label: String,
        ) -> wasmtime::Result<()> {
            self.table.get(&this)?.insert_debug_marker(&label);
            Ok(())
        }
    };
}

/// `gpu-compute-pass-encoder`, within its implementation.
macro_rules! compute_pass {
    ($w:ident) => {
        fn set_pipeline(
            &mut self,
            this: Resource<ComputePassEncoder>,
            pipeline: Resource<ComputePipeline>,
        ) -> wasmtime::Result<()> {
            self.of(&this)?.set_pipeline(&self.of(&pipeline)?);
            Ok(())
        }

        fn dispatch_workgroups(
            &mut self,
            this: Resource<ComputePassEncoder>,
            x: u32,
            y: Option<u32>,
            z: Option<u32>,
        ) -> wasmtime::Result<()> {
            self.table
                .get(&this)?
                .dispatch_workgroups(x, y.unwrap_or(1), z.unwrap_or(1));
            Ok(())
        }

        fn dispatch_workgroups_indirect(
            &mut self,
            this: Resource<ComputePassEncoder>,
            buffer: Resource<Buffer>,
            offset: u64,
        ) -> wasmtime::Result<()> {
            self.of(&this)?
                .dispatch_workgroups_indirect(&self.of(&buffer)?, offset);
            Ok(())
        }

        fn end(&mut self, this: Resource<ComputePassEncoder>) -> wasmtime::Result<()> {
            self.table.get(&this)?.end();
            Ok(())
        }

        common!($w, ComputePassEncoder);
        labelled!(ComputePassEncoder);
    };
}

pub(crate) use {common, compute_pass};
