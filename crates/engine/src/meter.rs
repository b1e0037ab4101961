//! How long a guest's code holds a thread: measured as guest code is entered and left, charged to its workload's account.

use std::sync::Arc;
use std::time::Instant;

use wasmtime::CallHook;

use crate::cpu::Account;

/// The meter of one store.
pub(crate) struct Meter {
    account: Arc<Account>,
    /// When guest code was entered, while it runs. Only one thread of a store runs at a time.
    entered: Option<Instant>,
}

impl Meter {
    pub(crate) fn new(account: Arc<Account>) -> Self {
        Self {
            account,
            entered: None,
        }
    }

    /// The account that is charged.
    pub(crate) fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// The border between guest and host is crossed.
    pub(crate) fn crossed(&mut self, hook: CallHook) {
        match hook {
            CallHook::CallingWasm | CallHook::ReturningFromHost => {
                self.entered = Some(Instant::now());
            }
            CallHook::CallingHost | CallHook::ReturningFromWasm => self.left(),
        }
    }

    fn left(&mut self) {
        if let Some(entered) = self.entered.take() {
            let nanos = entered.elapsed().as_nanos();
            self.account.charge(u64::try_from(nanos).unwrap_or(u64::MAX));
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.left();
    }
}
