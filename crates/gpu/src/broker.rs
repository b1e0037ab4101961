//! Which adapters the machine has, which of them can run WebGPU, and which one is used.
//!
//! [`Inventory::take`] joins what Vulkan shows with what the kernel's records say, so that a device that cannot be used is
//! listed too, with the reason and what to do. [`Inventory::select`] is the policy; a guest has no say in it.

mod adapter;
mod cause;
mod inventory;
mod join;
mod mig;
mod pci;
mod select;
mod selector;
mod selftest;
mod tenants;
mod tree;
mod uuid;
mod vulkan;
mod within;

pub use adapter::{Adapter, Code, Health, Kind, LimitSummary, Problem, Vendor};
pub use inventory::{Backend, Inventory, Listing, Roots};
pub use pci::{NoPciAddress, PciAddress};
pub use select::{NoAdapter, Selected};
pub use selector::{Pattern, Selector, SelectorError};
pub use tenants::{Broker, Hold, NoHold};
pub use uuid::{NoUuid, Uuid};
