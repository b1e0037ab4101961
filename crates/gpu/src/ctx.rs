//! How an instance finds its GPU.

use std::sync::Arc;

use wasmtime::component::{HasData, ResourceTable};

use crate::broker::Hold;
use crate::ledger::{Account, Caps};

/// What an instance holds: what its workload may have, if that is anything, and an account of its own.
#[derive(Debug, Default)]
pub struct Ctx(Option<(Arc<Hold>, Arc<Account>)>);

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
    pub fn new(hold: Option<&Arc<Hold>>) -> Self {
        Self(hold.map(|hold| {
            let above = Some(Arc::clone(hold.account()));
            let account = Account::new("the instance", Caps::NONE, above);
            (Arc::clone(hold), account)
        }))
    }

    /// What the workload may have.
    pub fn hold(&self) -> Option<&Arc<Hold>> {
        self.0.as_ref().map(|(hold, _)| hold)
    }

    /// What the instance has of that.
    pub fn account(&self) -> Option<&Arc<Account>> {
        self.0.as_ref().map(|(_, account)| account)
    }
}
