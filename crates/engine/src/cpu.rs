//! stub
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
pub(crate) struct Cpu;
pub(crate) struct Account(AtomicU64);
pub(crate) struct Turn; impl Turn { pub(crate) fn for_a_slice(self) {} }
impl Cpu {
    pub(crate) fn new(_workers: usize) -> Arc<Self> { Arc::new(Self) }
    pub(crate) fn account(self: &Arc<Self>, _tenant: &str, _limit: Option<u32>) -> Arc<Account> { Arc::new(Account(AtomicU64::new(0))) }
    pub(crate) fn tick(&self) {}
}
impl Account {
    pub(crate) fn charge(&self, nanos: u64) { self.0.fetch_add(nanos, Ordering::Relaxed); }
    pub(crate) fn used(&self) -> std::time::Duration { std::time::Duration::from_nanos(self.0.load(Ordering::Relaxed)) }
    pub(crate) fn must_wait(&self) -> bool { false }
    pub(crate) async fn turn(self: &Arc<Self>) -> Turn { Turn }
}
