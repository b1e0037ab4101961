//! GPUs as PCI knows them: addresses, and what the kernel records of each function below `/sys/bus/pci/devices`.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::tree::{self, Node};

/// The address of a PCI function: domain, bus, device, function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PciAddress {
    domain: u32,
    bus: u8,
    device: u8,
    function: u8,
}

/// A text is no PCI address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPciAddress;

impl FromStr for PciAddress {
    type Err = NoPciAddress;

    /// Reads `0000:01:00.0`, or `01:00.0` of the first domain.
    fn from_str(text: &str) -> Result<Self, NoPciAddress> {
        let (rest, function) = text.split_once('.').ok_or(NoPciAddress)?;
        let parts: Vec<&str> = rest.split(':').collect();
        let (domain, bus, device) = match *parts.as_slice() {
            [bus, device] => ("0000", bus, device),
            [domain, bus, device] => (domain, bus, device),
            _ => return Err(NoPciAddress),
        };
        let address = Self {
            domain: hex(domain, 4..=8, u32::MAX)?,
            bus: hex(bus, 2..=2, 0xff)? as u8,
            device: hex(device, 2..=2, 0x1f)? as u8,
            function: hex(function, 1..=1, 7)? as u8,
        };
        Ok(address)
    }
}

fn hex(
    digits: &str,
    length: std::ops::RangeInclusive<usize>,
    most: u32,
) -> Result<u32, NoPciAddress> {
    let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let value = u32::from_str_radix(digits, 16).map_err(|_| NoPciAddress)?;
    if !plain || !length.contains(&digits.len()) || value > most {
        return Err(NoPciAddress);
    }
    Ok(value)
}

impl fmt::Display for PciAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            domain,
            bus,
            device,
            function,
        } = self;
        write!(f, "{domain:04x}:{bus:02x}:{device:02x}.{function}")
    }
}

impl Serialize for PciAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A display controller or accelerator, as the kernel records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) address: PciAddress,
    pub(super) vendor: u32,
    pub(super) device: u32,
    /// Class and subclass: `0x0300`.
    pub(super) class: u16,
    /// The kernel's driver that is bound to it.
    pub(super) driver: Option<String>,
    /// The physical function that this one is virtual of.
    pub(super) physical: Option<PciAddress>,
    /// How many virtual functions it is divided into.
    pub(super) virtual_functions: u32,
    /// Bytes of memory; of AMD's driver only.
    pub(super) memory: Option<u64>,
    /// What is known of its render node in `/dev/dri`; `None` if the kernel has none for it.
    pub(super) node: Option<(String, Node)>,
}

/// All GPUs and accelerators on the bus, in the order of their addresses, and whether some were left out.
pub(super) fn functions(sys: &Path, dev: &Path) -> (Vec<Function>, bool) {
    let bus = sys.join("bus/pci/devices");
    let (names, more) = tree::names(&bus);
    let mut functions: Vec<Function> = names
        .iter()
        .filter_map(|name| read(&bus.join(name), name.parse().ok()?, dev))
        .collect();
    functions.sort_by_key(|function| function.address);
    (functions, more)
}

fn read(folder: &Path, address: PciAddress, dev: &Path) -> Option<Function> {
    let short =
        |name: &str| tree::number(&folder.join(name)).and_then(|number| u32::try_from(number).ok());
    let class = u16::try_from(short("class")? >> 8).ok()?;
    if class >> 8 != 0x03 && class != 0x1200 {
        return None;
    }
    let node = tree::names(&folder.join("drm"))
        .0
        .into_iter()
        .find(|name| {
            let number = name.strip_prefix("renderD");
            number.is_some_and(|number| number.parse::<u16>().is_ok())
        })
        .map(|name| {
            let node = tree::node(&dev.join("dri").join(&name));
            (name, node)
        });
    Some(Function {
        address,
        vendor: short("vendor")?,
        device: short("device")?,
        class,
        driver: tree::link(&folder.join("driver")),
        physical: tree::link(&folder.join("physfn")).and_then(|name| name.parse().ok()),
        virtual_functions: short("sriov_numvfs").unwrap_or(0),
        memory: tree::number(&folder.join("mem_info_vram_total")).filter(|bytes| *bytes > 0),
        node,
    })
}
