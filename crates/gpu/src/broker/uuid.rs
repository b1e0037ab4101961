//! What NVML, CUDA and Vulkan know a device or a slice by: `GPU-8c5c0fbb-..`, `MIG-..`.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A UUID, with the prefix that NVIDIA writes before it. Two are equal when the 16 bytes are.
#[derive(Clone, Copy, Debug)]
pub struct Uuid {
    bytes: [u8; 16],
    prefix: Prefix,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prefix {
    None,
    Gpu,
    Mig,
}

impl Uuid {
    /// A UUID without a prefix.
    pub fn plain(bytes: [u8; 16]) -> Self {
        Self {
            bytes,
            prefix: Prefix::None,
        }
    }

    /// The UUID of an NVIDIA device.
    pub fn gpu(bytes: [u8; 16]) -> Self {
        Self {
            bytes,
            prefix: Prefix::Gpu,
        }
    }
}

impl PartialEq for Uuid {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Uuid {}

/// A text is no UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoUuid;

impl FromStr for Uuid {
    type Err = NoUuid;

    fn from_str(text: &str) -> Result<Self, NoUuid> {
        let (prefix, digits) = match text.split_at_checked(4) {
            Some((word, rest)) if word.eq_ignore_ascii_case("GPU-") => (Prefix::Gpu, rest),
            Some((word, rest)) if word.eq_ignore_ascii_case("MIG-") => (Prefix::Mig, rest),
            _ => (Prefix::None, text),
        };
        let groups: Vec<usize> = digits.split('-').map(str::len).collect();
        if groups != [8, 4, 4, 4, 12] {
            return Err(NoUuid);
        }
        let mut value: u128 = 0;
        for digit in digits.chars().filter(|digit| *digit != '-') {
            let digit = digit.to_digit(16).ok_or(NoUuid)?;
            value = value << 4 | u128::from(digit);
        }
        Ok(Self {
            bytes: value.to_be_bytes(),
            prefix,
        })
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.prefix {
            Prefix::None => "",
            Prefix::Gpu => "GPU-",
            Prefix::Mig => "MIG-",
        })?;
        for (place, byte) in self.bytes.iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
