//! Who has what of which adapter. A workload's hold is settled when it is started, from what it asks for and what the host
//! allows; the adapter is opened when the workload first asks for it, and closed when nobody uses it for a while.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use super::{Adapter, Inventory, NoAdapter, Selected, Selector, SelectorError};
use crate::ask::{Allowed, Ask, Refusal};
use crate::gate::Gate;
use crate::lease::{self, Lease};
use crate::ledger::{Account, Caps, Charged};
use crate::quota::Quota;

/// For so long at least an adapter stays open that a workload does not use.
const IDLE: Duration = Duration::from_secs(60);

/// The GPUs of a host, shared out among tenants.
#[derive(Debug)]
pub struct Broker {
    inventory: Inventory,
    /// What a workload gets that names no adapter.
    usual: Selector,
    allowed: Allowed,
    adapters: Vec<Shared>,
    tenants: Mutex<HashMap<(usize, String), Weak<Account>>>,
}

/// What all workloads on one adapter share.
#[derive(Debug)]
struct Shared {
    account: Arc<Account>,
    gate: OnceLock<Arc<Gate>>,
}

/// What a workload may have: settled, and nothing of it used yet.
#[derive(Debug)]
pub struct Hold {
    adapter: lease::Device,
    name: Arc<str>,
    remark: Option<String>,
    quota: Quota,
    account: Arc<Account>,
    gate: Arc<Gate>,
    /// While it is open.
    open: Mutex<Option<Arc<Lease>>>,
}

/// A workload cannot have a GPU.
#[derive(Debug, thiserror::Error)]
pub enum NoHold {
    /// What it asks for is wrong, or too much.
    #[error("{}", lines(.0))]
    Refused(Vec<Refusal>),
    /// There is no such adapter, or none at all.
    #[error(transparent)]
    NoAdapter(#[from] NoAdapter),
    /// The machine has no thread to watch the adapter.
    #[error("the thread that watches the adapter cannot be started: {0}")]
    NoThread(#[from] std::io::Error),
}

impl Broker {
    /// Shares out these adapters. `usual` is for workloads that name none.
    pub fn new(inventory: Inventory, usual: Selector, allowed: Allowed) -> Arc<Self> {
        let shared = |adapter: &Adapter| Shared {
            account: Account::new(
                format!("the adapter {}", adapter.name),
                adapter.memory.map_or(Caps::NONE, |memory| {
                    Caps::NONE.with(Charged::Memory, memory)
                }),
                None,
            ),
            gate: OnceLock::new(),
        };
        Arc::new(Self {
            adapters: inventory.adapters.iter().map(shared).collect(),
            inventory,
            usual,
            allowed,
            tenants: Mutex::default(),
        })
    }

    /// The adapters.
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Whether a workload may have what its manifest asks for, as far as can be told before it starts.
    ///
    /// # Errors
    ///
    /// All that is wrong with it.
    pub fn check(&self, ask: &Ask) -> Result<(), NoHold> {
        self.settle(ask).map(drop)
    }

    /// Settles what the workload `name` of a tenant gets.
    ///
    /// # Errors
    ///
    /// It asks for what it cannot have.
    pub fn hold(&self, tenant: &str, name: &str, ask: &Ask) -> Result<Arc<Hold>, NoHold> {
        let (selected, device, quota) = self.settle(ask)?;
        let adapter = selected.adapter;
        let Some(shared) = self.adapters.get(adapter.index) else {
            return Err(self.nothing(ask));
        };
        let gate = match shared.gate.get() {
            Some(gate) => Arc::clone(gate),
            // Two at once may make one each; the first that is kept is everybody's.
            None => {
                let gate = Gate::start(&adapter.label())?;
                Arc::clone(shared.gate.get_or_init(|| gate))
            }
        };
        let above = self.tenant(adapter.index, tenant, &shared.account);
        Ok(Arc::new(Hold {
            adapter: device,
            // Where it stands alone, its name needs no quotes.
            name: adapter.label().replace('`', "").into(),
            remark: selected.remark(),
            account: Account::limited(
                format!("the workload {tenant}/{name}"),
                quota.caps(),
                quota.gpu_time,
                Some(above),
            ),
            quota,
            gate,
            open: Mutex::default(),
        }))
    }

    fn settle(&self, ask: &Ask) -> Result<(Selected<'_>, lease::Device, Quota), NoHold> {
        let selector = match &ask.adapter {
            // No workload switches on what the host has switched off.
            _ if self.usual == Selector::Off => Selector::Off,
            None => self.usual.clone(),
            Some(written) => written.parse().map_err(|error: SelectorError| {
                NoHold::Refused(vec![Refusal {
                    key: "adapter".to_owned(),
                    reason: error.to_string(),
                }])
            })?,
        };
        let quota = ask.within(&self.allowed).map_err(NoHold::Refused)?;
        let stuck = |adapter: &Adapter| {
            let shared = self.adapters.get(adapter.index);
            let gate = shared.and_then(|shared| shared.gate.get());
            gate.is_some_and(|gate| gate.is_stuck())
        };
        let selected = self.inventory.select_but(&selector, stuck)?;
        let device = selected.adapter.open.ok_or_else(|| self.nothing(ask))?;
        Ok((selected, device, quota))
    }

    /// An adapter that was listed as healthy and cannot be opened: the inventory makes none such.
    fn nothing(&self, ask: &Ask) -> NoHold {
        let wanted = ask
            .adapter
            .as_ref()
            .and_then(|written| written.parse().ok());
        NoHold::NoAdapter(NoAdapter {
            wanted: wanted.unwrap_or_else(|| self.usual.clone()),
            considered: Vec::new(),
        })
    }

    fn tenant(&self, adapter: usize, name: &str, above: &Arc<Account>) -> Arc<Account> {
        let mut tenants = self.tenants();
        tenants.retain(|_, account| account.strong_count() > 0);
        let key = (adapter, name.to_owned());
        if let Some(account) = tenants.get(&key).and_then(Weak::upgrade) {
            return account;
        }
        let caps = Caps::NONE.with(Charged::Memory, self.allowed.memory);
        let account = Account::limited(
            format!("the tenant {name}"),
            caps,
            self.allowed.gpu_time,
            Some(Arc::clone(above)),
        );
        tenants.insert(key, Arc::downgrade(&account));
        account
    }

    fn tenants(&self) -> MutexGuard<'_, HashMap<(usize, String), Weak<Account>>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hold {
    /// The adapter, opened for this workload. It stays open for a while after the last who has what this returns is gone: the
    /// next request finds it warm. Opening one takes tens of milliseconds: to be called where that may wait.
    ///
    /// # Errors
    ///
    /// The driver does not show the adapter any more.
    pub fn lease(self: &Arc<Self>) -> Result<Arc<Lease>, lease::NoSuchAdapter> {
        let mut open = self.opened();
        if let Some(lease) = &*open {
            return Ok(Arc::clone(lease));
        }
        let (quota, account, gate) = (
            self.quota.clone(),
            Arc::clone(&self.account),
            Arc::clone(&self.gate),
        );
        let lease = Lease::new(self.adapter, quota, account, gate)?;
        *open = Some(Arc::clone(&lease));
        drop(open);
        // Without a runtime there is nobody to close it later: it stays open for as long as the workload is there.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(Self::close_when_idle(Arc::downgrade(self)));
        }
        Ok(lease)
    }

    /// Closes the adapter when nobody has used it twice in a row that this looked. Ends then, or with the workload.
    async fn close_when_idle(this: Weak<Self>) {
        let mut idle = false;
        loop {
            tokio::time::sleep(IDLE / 2).await;
            let Some(this) = this.upgrade() else { return };
            let mut open = this.opened();
            let alone = open
                .as_ref()
                .is_none_or(|lease| Arc::strong_count(lease) == 1);
            if idle && alone {
                let closed = open.take();
                drop(open);
                drop(closed);
                return;
            }
            idle = alone;
        }
    }

    /// Whether the adapter is open at the moment.
    pub fn is_open(&self) -> bool {
        self.opened().is_some()
    }

    fn opened(&self) -> MutexGuard<'_, Option<Arc<Lease>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the adapter is called, for people.
    pub fn adapter(&self) -> &Arc<str> {
        &self.name
    }

    /// What whoever starts the workload should know of the choice: that it is software, or not the only one.
    pub fn remark(&self) -> Option<&str> {
        self.remark.as_deref()
    }

    /// What the workload may use.
    pub fn quota(&self) -> &Quota {
        &self.quota
    }

    /// What it uses.
    pub fn account(&self) -> &Arc<Account> {
        &self.account
    }
}

fn lines(refusals: &[Refusal]) -> impl fmt::Display + use<> {
    refusals
        .iter()
        .map(Refusal::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

#[cfg(test)]
mod tests;
