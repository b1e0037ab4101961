//! The list of adapters: asks the kernel's records and Vulkan, tests what is shown, and has both joined.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::adapter::{Adapter, Health};
use super::cause::Surroundings;
use super::join::Rest;
use super::mig::{self, Device};
use super::pci::{self, Function};
use super::selftest;
use super::tree::{self, Node};
use super::vulkan::{self, Shown};
use super::within::{NoAnswer, begin};

pub use super::mig::Listing;

/// How long a driver may take to answer: to list its adapters, or for one self-test.
const PATIENCE: Duration = Duration::from_secs(10);
/// Self-tests at a time.
const TESTS_MAX: usize = 8;
/// Manifests of Vulkan drivers that are looked at.
const DRIVERS_MAX: usize = 64;

/// Where the machine's records are. Recorded ones are test data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots {
    /// `/sys`.
    pub sys: PathBuf,
    /// `/proc`.
    pub proc: PathBuf,
    /// `/dev`.
    pub dev: PathBuf,
    /// Folders with manifests of Vulkan drivers, or such files.
    pub vulkan: Vec<PathBuf>,
    /// Where the names of MIG slices come from.
    pub listing: Listing,
    /// `NVIDIA_DRIVER_CAPABILITIES` of this process.
    pub nvidia_capabilities: Option<String>,
}

impl Default for Roots {
    /// Those of this machine.
    fn default() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let vulkan = match variable("VK_DRIVER_FILES").or_else(|| variable("VK_ICD_FILENAMES")) {
            Some(files) => std::env::split_paths(&files).collect(),
            None => ["/etc", "/usr/local/etc", "/usr/local/share", "/usr/share"]
                .into_iter()
                .map(|folder| PathBuf::from(folder).join("vulkan/icd.d"))
                .collect(),
        };
        Self {
            sys: "/sys".into(),
            proc: "/proc".into(),
            dev: "/dev".into(),
            vulkan,
            listing: Listing::Ask,
            nvidia_capabilities: variable("NVIDIA_DRIVER_CAPABILITIES"),
        }
    }
}

/// What adapters are opened with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// Vulkan.
    #[default]
    Vulkan,
    /// The backend without a driver, which runs no shaders: for tests.
    Noop,
}

/// All adapters of the machine, in an order that only depends on the machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Inventory {
    /// Hardware by PCI address, then software.
    pub adapters: Vec<Adapter>,
    /// What the operator should know besides: records that were cut short, a driver that hangs.
    pub notes: Vec<String>,
}

/// What the kernel's records say.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    pub(super) functions: Vec<Function>,
    pub(super) devices: Vec<Device>,
    pub(super) around: Surroundings,
    pub(super) cut: bool,
}

impl Inventory {
    /// Looks at the machine and tests each adapter. Takes a second or so; with drivers that hang 10 s for the list, and 10 s
    /// for each eight adapters: call it on a thread that may wait.
    pub fn take(roots: &Roots, backend: Backend) -> Self {
        let mut notes = Vec::new();
        let listed = begin("weft-gpu-list", move || vulkan::shown(backend)).within(PATIENCE);
        let shown = listed.unwrap_or_else(|error| {
            notes.push(match error {
                NoAnswer::Late => format!(
                    "Vulkan did not list its adapters within {} s: one of its drivers hangs; VK_DRIVER_FILES can name the others",
                    PATIENCE.as_secs()
                ),
                NoAnswer::Gone => "Vulkan's list of adapters broke off".to_owned(),
            });
            Vec::new()
        });
        let tested = tested(shown, backend);
        let mut this = Self::of(records(roots), tested);
        notes.append(&mut this.notes);
        this.notes = notes;
        this
    }

    /// Whether WebGPU can run on any adapter.
    pub fn is_usable(&self) -> bool {
        self.adapters.iter().any(Adapter::is_healthy)
    }

    /// Joins the two.
    pub(super) fn of(mut records: Records, shown: Vec<(Shown, Health)>) -> Self {
        records.around.vulkan_works = !shown.is_empty();
        let mut notes = Vec::new();
        if records.cut {
            notes.push("the machine has more PCI functions than are looked at".to_owned());
        }
        let mut rest = Rest::new(&records);
        let mut adapters: Vec<Adapter> = shown
            .into_iter()
            .map(|(shown, health)| rest.join(&shown, health))
            .collect();
        adapters.extend(rest.hidden());
        adapters.sort_by(|a, b| {
            let place = |adapter: &Adapter| {
                (
                    !adapter.kind.is_hardware(),
                    adapter.pci.is_none(),
                    adapter.pci,
                    adapter.kind,
                )
            };
            // The sort is stable: slices stay in the driver's order.
            place(a).cmp(&place(b))
        });
        for (index, adapter) in adapters.iter_mut().enumerate() {
            adapter.index = index;
        }
        Self { adapters, notes }
    }
}

/// Tests all adapters, some at a time.
fn tested(shown: Vec<Shown>, backend: Backend) -> Vec<(Shown, Health)> {
    let mut tested = Vec::new();
    let mut waiting = shown.into_iter().peekable();
    while waiting.peek().is_some() {
        let running: Vec<_> = waiting
            .by_ref()
            .take(TESTS_MAX)
            .map(|shown| (selftest::start(backend, shown.number, &shown.info), shown))
            .collect();
        let end = Instant::now() + PATIENCE;
        let ended = running
            .into_iter()
            .map(|(test, shown)| (shown, test.until(end, PATIENCE)));
        tested.extend(ended);
    }
    tested
}

pub(super) fn records(roots: &Roots) -> Records {
    let (functions, cut) = pci::functions(&roots.sys, &roots.dev);
    let devices = mig::devices(&roots.proc, &roots.listing);
    let nvidia_control = tree::node(&roots.dev.join("nvidiactl"));
    let around = Surroundings {
        vulkan_drivers: vulkan_drivers(&roots.vulkan),
        nvidia_capabilities: roots.nvidia_capabilities.clone(),
        static_libc: cfg!(target_env = "musl"),
        nvidia_control: (nvidia_control != Node::Absent || !devices.is_empty())
            .then_some(nvidia_control),
        vulkan_works: false,
    };
    Records {
        functions,
        devices,
        around,
        cut,
    }
}

/// Whose Vulkan drivers are installed, by their manifests.
fn vulkan_drivers(places: &[PathBuf]) -> Vec<&'static str> {
    let files = places.iter().flat_map(|place| {
        if place.is_dir() {
            let names = tree::names(place).0.into_iter();
            names
                .take(DRIVERS_MAX)
                .map(|name| place.join(name))
                .collect()
        } else {
            vec![place.clone()]
        }
    });
    let mut vendors = Vec::new();
    for file in files {
        let Some(text) = tree::text(&file) else {
            continue;
        };
        let name = file.file_name().and_then(|name| name.to_str());
        let both = format!("{} {text}", name.unwrap_or_default()).to_lowercase();
        for (sign, vendor) in [
            ("nvidia", "nvidia"),
            ("nouveau", "nvidia"),
            ("radeon", "amd"),
            ("amd_icd", "amd"),
            ("amdvlk", "amd"),
            ("intel", "intel"),
            ("virtio", "virtio"),
        ] {
            if both.contains(sign) && !vendors.contains(&vendor) {
                vendors.push(vendor);
            }
        }
    }
    vendors
}

#[cfg(test)]
mod tests;
