//! Joins what Vulkan shows with the kernel's records, by PCI address; what only the kernel knows of is listed with the reason
//! why it cannot be used.

use wgpu_types as wgt;

use super::adapter::{Adapter, Health, Kind, Problem, Vendor, name_of};
use super::cause::{self, Surroundings};
use super::inventory::Records;
use super::mig::{self, Device};
use super::pci::{Function, PciAddress};
use super::vulkan::Shown;
use crate::lease;

/// Records that no adapter has been joined with yet.
pub(super) struct Rest<'a> {
    records: &'a Records,
    seen: Vec<PciAddress>,
    /// Slices that are shown: of which device, and which of its slices.
    slices: Vec<(usize, usize)>,
}

impl<'a> Rest<'a> {
    pub(super) fn new(records: &'a Records) -> Self {
        Self {
            records,
            seen: Vec::new(),
            slices: Vec::new(),
        }
    }

    /// An adapter that Vulkan shows.
    pub(super) fn join(&mut self, shown: &Shown, health: Health) -> Adapter {
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
    pub(super) fn hidden(&self) -> Vec<Adapter> {
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
