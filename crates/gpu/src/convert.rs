//! From the types of the WIT package to those of the objects, and back. Each conversion is written as a macro that is given
//! the module of the bindings, since other versions of the package have the same names; what only 0.3.0-rc.2 has is in
//! `v3::convert`. Every conversion is total: what cannot be had is an [`Unsupported`], which becomes a validation error.

mod enums;
pub(crate) mod features;
pub(crate) mod flags;
mod formats;
mod records;
mod resources;

pub(crate) use enums::enums;
pub(crate) use formats::texture_formats;
pub(crate) use records::records;
pub(crate) use resources::resources;

use wasmtime::component::ResourceTableError;

use crate::error::GpuError;

/// A guest asked for something that there is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Unsupported {
    /// What it asked for, and why it cannot be had.
    pub what: String,
}

/// A record that names resources cannot be converted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    /// An error of the guest's call, which makes an invalid object.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// The handle is none: the bindings have checked that before, so this ends the guest.
    #[error(transparent)]
    Table(#[from] ResourceTableError),
}

/// An enum of the bindings, all of whose cases are known to the tests.
#[cfg(test)]
pub(crate) trait Cases: Sized + 'static {
    /// Every case, once.
    const CASES: &'static [Self];
}

/// A record that names no resource.
pub(crate) trait Plain {
    /// What the objects take.
    type Plain;

    /// With the defaults of the specification.
    ///
    /// # Errors
    ///
    /// Something in it cannot be had.
    fn plain(self) -> Result<Self::Plain, Unsupported>;
}

/// A record that names resources.
pub(crate) trait Resolve {
    /// What the objects take.
    type Resolved;

    /// With the objects that it names. Resources that it owns are out of the table afterwards, whatever comes of it.
    ///
    /// # Errors
    ///
    /// Something in it cannot be had.
    fn resolve(
        self,
        table: &mut wasmtime::component::ResourceTable,
    ) -> Result<Self::Resolved, Failed>;
}

impl Unsupported {
    /// What a guest asked for, in words.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}

impl From<Unsupported> for GpuError {
    fn from(unsupported: Unsupported) -> Self {
        Self::validation(unsupported.what)
    }
}

/// A number that is one: Web IDL's `float` has neither NaN nor infinities.
///
/// # Errors
///
/// It is NaN or infinite.
pub(crate) fn finite(what: &str, value: f32) -> Result<f32, Unsupported> {
    finite64(what, value.into()).map(|_| value)
}

/// The same for `double`.
///
/// # Errors
///
/// It is NaN or infinite.
pub(crate) fn finite64(what: &str, value: f64) -> Result<f64, Unsupported> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(Unsupported::new(format!(
            "{what} has to be a finite number and is {value}"
        )))
    }
}

/// `GPUTextureViewDescriptor.swizzle`: the identity is all that can be had.
///
/// # Errors
///
/// It is another one, or none.
pub(crate) fn swizzle(swizzle: Option<&str>) -> Result<(), Unsupported> {
    match swizzle {
        None | Some("rgba") => Ok(()),
        Some(other)
            if other.len() == 4
                && other
                    .bytes()
                    .all(|component| b"rgba01".contains(&component)) =>
        {
            Err(Unsupported::new(format!(
                "the swizzle {other} needs the feature texture-component-swizzle, which no device has"
            )))
        }
        Some(_) => Err(Unsupported::new(
            "a swizzle has to be four of the characters r, g, b, a, 0 and 1",
        )),
    }
}

#[cfg(test)]
mod tests;
