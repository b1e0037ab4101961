//! How an instance finds its GPU.

use std::sync::Arc;

use wasmtime::component::{HasData, ResourceTable};

use crate::broker::Hold;

/// What an instance holds: what its workload may have, if that is anything.
#[derive(Clone, Debug, Default)]
pub struct Ctx(Option<Arc<Hold>>);

/// How the store is asked for it.
pub struct View<'a> {
    /// What the instance holds.
    pub ctx: &'a Ctx,
    /// Everything that the guest holds.
    pub table: &'a mut ResourceTable,
}

/// The projection from a store's data to a [`View`].
pub struct Gpus;

impl HasData for Gpus {
    type Data<'a> = View<'a>;
}

impl Ctx {
    /// Of a workload that has this, or none.
    pub fn new(hold: Option<Arc<Hold>>) -> Self {
        Self(hold)
    }

    /// What the workload may have.
    pub fn hold(&self) -> Option<&Arc<Hold>> {
        self.0.as_ref()
    }
}
