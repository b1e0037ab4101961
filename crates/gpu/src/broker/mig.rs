//! NVIDIA's own records: which devices its driver has (`/proc/driver/nvidia/gpus`), and the MIG slices they are divided into.
//!
//! The kernel records the ids of slices only. Their profiles and UUIDs are NVML's, which `nvidia-smi -L` prints.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::adapter::name_of;
use super::pci::PciAddress;
use super::tree;
use super::uuid::Uuid;
use super::within::begin;

/// Devices that are looked at.
const DEVICES_MAX: usize = 256;
/// Slices of a device that are looked at; the hardware has at most seven, each with some compute instances.
const SLICES_MAX: usize = 64;
/// Bytes of a listing.
const LISTING_MAX: u64 = 256 << 10;
/// How long `nvidia-smi` may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the names of MIG slices come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// `nvidia-smi -L` is run, if the kernel records that there are slices.
    Ask,
    /// What it once printed.
    Recorded(PathBuf),
}

/// A device of NVIDIA's driver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Device {
    pub(super) address: Option<PciAddress>,
    pub(super) model: Option<String>,
    pub(super) uuid: Option<Uuid>,
    pub(super) slices: Vec<Slice>,
}

/// A MIG slice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Slice {
    /// `1g.10gb`, or the ids where the profile is not known.
    pub(super) name: String,
    pub(super) uuid: Option<Uuid>,
    /// Whether its profile is known to have graphics; `None` if the profile is not known.
    pub(super) graphics: Option<bool>,
}

/// All devices that NVIDIA's driver has, with their slices.
pub(super) fn devices(proc: &Path, listing: &Listing) -> Vec<Device> {
    let root = proc.join("driver/nvidia");
    let mut devices: Vec<Device> = tree::names(&root.join("gpus"))
        .0
        .iter()
        .take(DEVICES_MAX)
        .filter_map(|name| {
            let address = name.parse().ok()?;
            Some(device(&root, &root.join("gpus").join(name), address))
        })
        .collect();
    let text = match listing {
        Listing::Recorded(file) => std::fs::File::open(file).ok().map(read),
        Listing::Ask if devices.iter().any(|device| !device.slices.is_empty()) => ask(),
        Listing::Ask => None,
    };
    for listed in text.as_deref().map(parse).unwrap_or_default() {
        // What has no UUID in the kernel's records is the same device if it is the only one.
        let (alone, full) = (devices.len() == 1, devices.len() >= DEVICES_MAX);
        let known = devices.iter_mut().find(|device| match device.uuid {
            Some(_) => device.uuid == listed.uuid,
            None => alone,
        });
        match known {
            Some(device) if !listed.slices.is_empty() => device.slices = listed.slices,
            Some(_) => {}
            None if full => {}
            None => devices.push(listed),
        }
    }
    devices
}

fn device(root: &Path, folder: &Path, address: PciAddress) -> Device {
    let information = tree::text(&folder.join("information")).unwrap_or_default();
    let field = |wanted: &str| {
        information.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            (name.trim() == wanted).then(|| value.trim())
        })
    };
    let minor: Option<u32> = field("Device Minor").and_then(|minor| minor.parse().ok());
    Device {
        address: Some(address),
        model: field("Model").map(name_of).filter(|name| !name.is_empty()),
        uuid: field("GPU UUID").and_then(|uuid| uuid.parse().ok()),
        slices: minor
            .map(|minor| recorded(&root.join(format!("capabilities/gpu{minor}/mig"))))
            .unwrap_or_default(),
    }
}

/// The slices that the kernel records: `gi7/ci0`.
fn recorded(mig: &Path) -> Vec<Slice> {
    let mut ids = Vec::new();
    for (gpu, folder) in numbered(mig, "gi") {
        let compute = numbered(&mig.join(folder), "ci");
        ids.extend(compute.into_iter().map(|(compute, _)| (gpu, compute)));
        if ids.len() >= SLICES_MAX {
            break;
        }
    }
    ids.sort_unstable();
    ids.truncate(SLICES_MAX);
    ids.into_iter()
        .map(|(gpu, compute)| Slice {
            name: format!("gi {gpu} ci {compute}"),
            uuid: None,
            graphics: None,
        })
        .collect()
}

/// The entries `gi1`, `gi2` .. of a folder.
fn numbered(folder: &Path, word: &str) -> Vec<(u32, String)> {
    let names = tree::names(folder).0.into_iter();
    let numbers = names.filter_map(|name| {
        let number = name.strip_prefix(word)?.parse().ok()?;
        Some((number, name))
    });
    numbers.take(SLICES_MAX).collect()
}

/// Reads what `nvidia-smi -L` prints:
///
/// ```text
/// GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-..)
///   MIG 1g.10gb     Device  0: (UUID: MIG-..)
/// ```
fn parse(text: &str) -> Vec<Device> {
    let mut devices: Vec<Device> = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        let uuid = line
            .split_once("(UUID: ")
            .and_then(|(_, rest)| rest.split_once(')'))
            .and_then(|(uuid, _)| uuid.parse().ok());
        if let Some(rest) = line.strip_prefix("MIG ") {
            let Some(device) = devices.last_mut() else {
                continue;
            };
            let profile = rest.split_whitespace().next().map(name_of);
            let Some(profile) = profile.filter(|_| device.slices.len() < SLICES_MAX) else {
                continue;
            };
            device.slices.push(Slice {
                graphics: Some(profile.contains("+gfx")),
                name: profile,
                uuid,
            });
        } else if let Some(rest) = line.strip_prefix("GPU ") {
            if devices.len() == DEVICES_MAX {
                break;
            }
            let model = rest.split_once(": ").map(|(_, name)| name);
            let model = model.map(|name| name.split(" (UUID").next().unwrap_or(name));
            devices.push(Device {
                model: model.map(name_of).filter(|name| !name.is_empty()),
                uuid,
                ..Device::default()
            });
        }
    }
    devices
}

/// Runs `nvidia-smi -L`.
fn ask() -> Option<String> {
    let mut child = Command::new("nvidia-smi")
        .arg("-L")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .inspect_err(|error| tracing::debug!(error = %error, "nvidia-smi cannot be run"))
        .ok()?;
    let output = child.stdout.take()?;
    let text = begin("weft-nvidia-smi", move || read(output)).within(PATIENCE);
    end(child);
    text.ok()
}

/// Ends the program, whether it is done or hangs; one that hangs in the driver is left to the kernel.
fn end(mut child: Child) {
    let _ = child.kill();
    begin("weft-nvidia-smi-end", move || child.wait())
        .within(PATIENCE)
        .ok();
}

fn read(source: impl Read) -> String {
    let mut bytes = Vec::new();
    // What was read before an error is worth having.
    let _ = source.take(LISTING_MAX).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
