//! The list of adapters: what Vulkan shows, joined with the kernel's records by PCI address, and after it what only the
//! kernel knows of, each with the reason why it cannot be used.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use wgpu_types as wgt;

use super::adapter::{Adapter, Health, Kind, Problem, Vendor, name_of};
use super::cause::{self, Surroundings};
use super::mig::{self, Device};
use super::pci::{self, Function, PciAddress};
use super::selftest;
use super::tree::{self, Node};
use super::vulkan::{self, Shown};
use super::within::{NoAnswer, begin};
use crate::lease;

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
    /// Looks at the machine and tests each adapter. Takes a second or more, and 20 s for each eight drivers that hang: call
    /// it on a thread that may wait.
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
            .map(|shown| (selftest::start(backend, shown.number), shown))
            .collect();
        let ended = running
            .into_iter()
            .map(|(test, shown)| (shown, test.within(PATIENCE)));
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

/// Records that no adapter has been joined with yet.
struct Rest<'a> {
    records: &'a Records,
    seen: Vec<PciAddress>,
    /// Slices that are shown: of which device, and which of its slices.
    slices: Vec<(usize, usize)>,
}

impl<'a> Rest<'a> {
    fn new(records: &'a Records) -> Self {
        Self {
            records,
            seen: Vec::new(),
            slices: Vec::new(),
        }
    }

    /// An adapter that Vulkan shows.
    fn join(&mut self, shown: &Shown, health: Health) -> Adapter {
        let info = &shown.info;
        let software = info.device_type == wgt::DeviceType::Cpu;
        let noop = info.backend == wgt::Backend::Noop;
        let hardware = !software && !noop;
        let function = self.function(shown).filter(|_| hardware);
        let pci = info.device_pci_bus_id.parse().ok();
        let pci = pci
            .or_else(|| function.map(|function| function.address))
            .filter(|_| hardware);
        let slice = self.slice(shown, pci).filter(|_| hardware);
        let physical = function.and_then(|function| function.physical);
        let kind = if noop {
            Kind::Noop
        } else if software {
            Kind::Software
        } else if slice.is_some() {
            Kind::Mig
        } else if physical.is_some() {
            Kind::SriovVf
        } else {
            Kind::Physical
        };
        // A slice leaves its device in the list: that is divided.
        self.seen.extend(pci.filter(|_| kind != Kind::Mig));
        let word = |text: &str| Some(name_of(text)).filter(|text| !text.is_empty());
        Adapter {
            index: 0,
            name: word(&info.name).unwrap_or_else(|| "without a name".to_owned()),
            vendor: Vendor::of(info.vendor),
            device: info.device,
            kind,
            integrated: info.device_type == wgt::DeviceType::IntegratedGpu,
            pci,
            parent: match kind {
                Kind::Mig => pci,
                _ => physical,
            },
            partition: slice,
            virtual_functions: function.map_or(0, |function| function.virtual_functions),
            uuid: shown.uuid,
            memory: shown
                .memory
                .or_else(|| function.and_then(|function| function.memory)),
            kernel_driver: function.and_then(|function| function.driver.clone()),
            driver: word(&info.driver),
            driver_info: word(&info.driver_info),
            limits: Some(shown.limits),
            health,
            open: Some(match noop {
                true => lease::Device::Noop,
                false => lease::Device::Vulkan(shown.number),
            }),
        }
    }

    /// The function that an adapter is: by its address, or, where the driver does not tell it, by its ids if they are
    /// those of one function only.
    fn function(&self, shown: &Shown) -> Option<&'a Function> {
        let functions = &self.records.functions;
        if let Ok(address) = shown.info.device_pci_bus_id.parse::<PciAddress>() {
            return functions
                .iter()
                .find(|function| function.address == address);
        }
        let mut same = functions.iter().filter(|function| {
            function.vendor == shown.info.vendor && function.device == shown.info.device
        });
        same.next().filter(|_| same.next().is_none())
    }

    /// The slice that an adapter is, if it is one: by its UUID, or by its name and the device.
    fn slice(&mut self, shown: &Shown, pci: Option<PciAddress>) -> Option<String> {
        let named = shown
            .info
            .name
            .split_once(" MIG ")
            .map(|(_, profile)| name_of(profile));
        let all = self.records.devices.iter().enumerate();
        let all = all.flat_map(|(of, device)| {
            let slices = device.slices.iter().enumerate();
            slices.map(move |(which, slice)| ((of, which), device, slice))
        });
        let free: Vec<_> = all.filter(|(id, ..)| !self.slices.contains(id)).collect();
        let by_uuid = free
            .iter()
            .find(|(_, _, slice)| slice.uuid.is_some() && slice.uuid == shown.uuid);
        let found = by_uuid.or_else(|| {
            free.iter().find(|(_, device, slice)| {
                let here = device.address.is_some() && device.address == pci;
                here && named.as_ref() == Some(&slice.name)
            })
        });
        let found = found.map(|(id, _, slice)| (*id, slice.name.clone()));
        match found {
            Some((id, name)) => {
                self.slices.push(id);
                Some(name)
            }
            None => named,
        }
    }

    /// What Vulkan does not show.
    fn hidden(&self) -> Vec<Adapter> {
        let mut hidden = Vec::new();
        let records = self.records;
        for function in &records.functions {
            if !self.seen.contains(&function.address) {
                let device = records
                    .devices
                    .iter()
                    .find(|device| device.address == Some(function.address));
                hidden.push(hidden_function(function, device, &records.around));
            }
        }
        for (of, device) in records.devices.iter().enumerate() {
            // A container may have NVIDIA's records and not those of the bus.
            let unknown = device.address.filter(|address| {
                let known = records
                    .functions
                    .iter()
                    .any(|function| function.address == *address);
                !known && !self.seen.contains(address)
            });
            if let Some(address) = unknown {
                let function = nvidia(address);
                hidden.push(hidden_function(&function, Some(device), &records.around));
            }
            for (which, slice) in device.slices.iter().enumerate() {
                if !self.slices.contains(&(of, which)) {
                    hidden.push(hidden_slice(device, slice, &records.around));
                }
            }
        }
        hidden
    }
}

/// What is known of a function from NVIDIA's driver alone.
fn nvidia(address: PciAddress) -> Function {
    Function {
        address,
        vendor: Vendor::NVIDIA,
        device: 0,
        class: 0x0302,
        driver: Some("nvidia".to_owned()),
        physical: None,
        virtual_functions: 0,
        memory: None,
        node: None,
    }
}

fn hidden_function(function: &Function, device: Option<&Device>, around: &Surroundings) -> Adapter {
    let vendor = Vendor::of(function.vendor);
    let name = device.and_then(|device| device.model.clone());
    let name = name.or_else(|| cause::compute_only(function).map(ToOwned::to_owned));
    let name = name.unwrap_or_else(|| {
        let (class, ids) = (function.class, (function.vendor, function.device));
        let what = match class {
            0x0302 => "3D controller",
            0x1200 => "accelerator",
            _ => "display controller",
        };
        format!("{} {what} {:04x}:{:04x}", vendor.word, ids.0, ids.1)
    });
    let slices = device.map_or(0, |device| device.slices.len());
    let problem = cause::of_function(function, slices, around);
    Adapter {
        device: function.device,
        kind: match function.physical {
            Some(_) => Kind::SriovVf,
            None => Kind::Physical,
        },
        pci: Some(function.address),
        parent: function.physical,
        virtual_functions: function.virtual_functions,
        uuid: device.and_then(|device| device.uuid),
        memory: function.memory,
        kernel_driver: function.driver.as_deref().map(name_of),
        ..without(name, vendor, problem)
    }
}

fn hidden_slice(device: &Device, slice: &mig::Slice, around: &Surroundings) -> Adapter {
    let model = device
        .model
        .clone()
        .unwrap_or_else(|| "NVIDIA device".to_owned());
    let problem = cause::of_slice(&model, slice, around);
    Adapter {
        kind: Kind::Mig,
        pci: device.address,
        parent: device.address,
        partition: Some(slice.name.clone()),
        uuid: slice.uuid,
        kernel_driver: Some("nvidia".to_owned()),
        ..without(model, Vendor::of(Vendor::NVIDIA), problem)
    }
}

/// An adapter of which only this is known.
fn without(name: String, vendor: Vendor, problem: Problem) -> Adapter {
    Adapter {
        index: 0,
        name,
        vendor,
        device: 0,
        kind: Kind::Physical,
        integrated: false,
        pci: None,
        parent: None,
        partition: None,
        virtual_functions: 0,
        uuid: None,
        memory: None,
        kernel_driver: None,
        driver: None,
        driver_info: None,
        limits: None,
        health: Health::Unusable(problem),
        open: None,
    }
}

#[cfg(test)]
mod tests;
