//! `wasi:config/store@0.2.0-rc.1`: the configuration that the manifest gives to a component, read-only.

use std::collections::BTreeMap;
use std::sync::Arc;

use zeroize::Zeroize;

use wasmtime::component::{HasData, Linker, LinkerInstance};

use crate::{Call, Calls};

mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit/wasi-config", world: "imports", imports: { default: trappable } });
}

use bindings::wasi::config::store;

/// The name under which a linker offers this interface.
pub const INTERFACE: &str = "wasi:config/store@0.2.0-rc.1";

/// The values that one component sees.
#[derive(Clone, Default)]
pub struct Ctx {
    /// All values by key. Shared by every instance of the component.
    pub values: Arc<Values>,
    /// Told of each call.
    pub calls: Option<Arc<dyn Calls>>,
}

/// Values by key. Some are secrets of the manifest: they are overwritten when they are dropped.
#[derive(Default)]
pub struct Values(BTreeMap<String, String>);

impl FromIterator<(String, String)> for Values {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl Drop for Values {
    fn drop(&mut self) {
        self.0.values_mut().for_each(Zeroize::zeroize);
    }
}

/// How the store data is asked for the context.
pub struct View<'a>(pub &'a Ctx);

/// Ties [`View`] to the linker.
struct Config;

impl HasData for Config {
    type Data<'a> = View<'a>;
}

/// Offers the interface; `view` finds the context of the component in the store data.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> View<'_>,
) -> wasmtime::Result<()> {
    store::add_to_linker::<T, Config>(linker, view)
}

/// Offers the interface under another name: for a component that shares its store with others and must not share
/// its configuration with them.
pub fn add_to_instance<T: 'static>(
    instance: &mut LinkerInstance<'_, T>,
    view: impl for<'a> Fn(&'a mut T) -> View<'a> + Clone + Send + Sync + 'static,
) -> wasmtime::Result<()> {
    let get = view.clone();
    instance.func_wrap("get", move |mut cx, (key,): (String,)| {
        Ok((get(cx.data_mut()).lookup(&key),))
    })?;
    instance.func_wrap("get-all", move |mut cx, (): ()| {
        Ok((view(cx.data_mut()).entries(),))
    })
}

impl View<'_> {
    fn begins(&self, function: &'static str) -> Option<Box<dyn Call>> {
        self.0.calls.as_ref()?.begins(function)
    }

    fn lookup(&self, key: &str) -> Result<Option<String>, store::Error> {
        let _call = self.begins("wasi.config.get");
        Ok(self.0.values.0.get(key).cloned())
    }

    fn entries(&self) -> Result<Vec<(String, String)>, store::Error> {
        let _call = self.begins("wasi.config.get-all");
        Ok(self
            .0
            .values
            .0
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect())
    }
}

impl store::Host for View<'_> {
    fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<String>, store::Error>> {
        Ok(self.lookup(&key))
    }

    fn get_all(&mut self) -> wasmtime::Result<Result<Vec<(String, String)>, store::Error>> {
        Ok(self.entries())
    }
}

#[cfg(test)]
mod tests;
