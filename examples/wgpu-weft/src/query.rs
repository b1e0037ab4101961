//! Query sets.

use std::rc::Rc;

use crate::bindings::{GpuQuerySet, GpuQuerySetDescriptor, GpuQueryType};
use crate::convert::label;
use crate::device::Shared;
use wgpu::custom::QuerySetInterface;

/// None where the host refused to make it, which was reported.
#[derive(Debug)]
pub(crate) struct QuerySet(pub(crate) Option<GpuQuerySet>);

impl QuerySet {
    pub(crate) fn new(shared: &Rc<Shared>, desc: &wgpu::QuerySetDescriptor<'_>) -> Self {
        let kind = match desc.ty {
            wgpu::QueryType::Occlusion => GpuQueryType::Occlusion,
            wgpu::QueryType::Timestamp => GpuQueryType::Timestamp,
            wgpu::QueryType::PipelineStatistics(_) => {
                shared.refuse("WebGPU has no queries of pipeline statistics".to_owned());
                return Self(None);
            }
        };
        let made = shared.device.create_query_set(&GpuQuerySetDescriptor {
            type_: kind,
            count: desc.count,
            label: label(desc.label),
        });
        if let Err(error) = &made {
            shared.refuse(error.message.clone());
        }
        Self(made.ok())
    }
}

impl QuerySetInterface for QuerySet {
    fn destroy(&self) {
        if let Some(set) = &self.0 {
            set.destroy();
        }
    }
}
