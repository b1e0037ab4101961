//! `wasmcloud:secrets@2.1.0`: secrets by name, looked at only when a component asks for the value itself.
//!
//! A component gets a handle first (`store.get`, or the import of one secret under a label), and the value with
//! `reveal`, which is told to a [`Watcher`]. The handle holds the value that the secret had when the handle was made:
//! whoever wants to see a rotation gets a new handle.

mod store;

use std::sync::Arc;

use wasmtime::component::{
    Accessor, Linker, LinkerInstance, Resource, ResourceTable, ResourceType,
};

use crate::{Call, Calls};

pub use self::store::{Error, Got, Store, Value, Watcher};

/// The names under which a linker offers the interfaces that need no label.
pub const STORE: &str = "wasmcloud:secrets/store@2.1.0";
/// See [`STORE`].
pub const REVEAL: &str = "wasmcloud:secrets/reveal@2.1.0";

/// Characters that a name may have. Longer ones do not exist, and are not looked for.
const KEY_MAX: usize = 1024;

/// What one component is given.
#[derive(Clone)]
pub struct Ctx {
    /// Where its secrets are.
    pub store: Arc<dyn Store>,
    /// Who is told that it looked at one.
    pub watcher: Arc<dyn Watcher>,
    /// Told of each call.
    pub calls: Option<Arc<dyn Calls>>,
}

/// How the store data is asked for the context, and for the table of what the guest holds.
pub struct View<'a> {
    /// What the component is given.
    pub ctx: &'a Ctx,
    /// Where its handles are.
    pub table: &'a mut ResourceTable,
}

/// What is noted of a call: the name of the secret, if there is one of this name. What a guest makes up is not passed on.
const NAME: &str = "weft.secret.name";

/// A handle of a guest: the WIT resource `secret`.
struct Secret {
    key: Arc<str>,
    value: Value,
}

/// Offers `store` and `reveal`; `view` finds the context of the component in the store data.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> View<'_>,
) -> wasmtime::Result<()> {
    add_store(&mut linker.instance(STORE)?, view)?;
    add_reveal(&mut linker.instance(REVEAL)?, view)
}

/// Offers `store` under any name.
pub fn add_store<T: Send + 'static>(
    instance: &mut LinkerInstance<'_, T>,
    view: impl for<'a> Fn(&'a mut T) -> View<'a> + Copy + Send + Sync + 'static,
) -> wasmtime::Result<()> {
    let dropped = move |mut cx: wasmtime::StoreContextMut<'_, T>, handle| {
        let handle = Resource::<Secret>::new_own(handle);
        view(cx.data_mut()).table.delete(handle)?;
        Ok(())
    };
    instance.resource("secret", ResourceType::host::<Secret>(), dropped)?;
    instance.func_wrap_concurrent("get", move |accessor: &Accessor<T>, (key,): (String,)| {
        let begun = begins(accessor, view, "wasmcloud.secrets.get");
        Box::pin(async move {
            Ok((match fetch(begun, &key).await {
                Ok(value) => Ok(hand_out(accessor, view, key.into(), value)?),
                Err(error) => Err(error),
            },))
        })
    })
}

/// Offers `reveal` under any name.
pub fn add_reveal<T: Send + 'static>(
    instance: &mut LinkerInstance<'_, T>,
    view: impl for<'a> Fn(&'a mut T) -> View<'a> + Copy + Send + Sync + 'static,
) -> wasmtime::Result<()> {
    instance.func_wrap_concurrent(
        "reveal",
        move |accessor: &Accessor<T>, (handle,): (Resource<Secret>,)| {
            let revealed = accessor.with(|mut access| {
                let View { ctx, table } = view(access.get());
                let secret = table.get(&handle)?;
                let call = call(ctx, "wasmcloud.secrets.reveal");
                if let Some(mut call) = call {
                    call.note(NAME, &secret.key);
                }
                ctx.watcher.revealed(&secret.key);
                Ok((secret.value.reveal(),))
            });
            Box::pin(async move { revealed })
        },
    )
}

/// Offers one secret as an instance of `wasmcloud:secrets/secret`. Fails the call when the secret is gone: the function
/// has no other way to say so.
pub fn add_labelled<T: Send + 'static>(
    instance: &mut LinkerInstance<'_, T>,
    key: &str,
    view: impl for<'a> Fn(&'a mut T) -> View<'a> + Copy + Send + Sync + 'static,
) -> wasmtime::Result<()> {
    let key: Arc<str> = key.into();
    instance.func_wrap_concurrent("get", move |accessor: &Accessor<T>, (): ()| {
        let key = Arc::clone(&key);
        let begun = begins(accessor, view, "wasmcloud.secrets.get");
        Box::pin(async move {
            match fetch(begun, &key).await {
                Ok(value) => Ok((hand_out(accessor, view, key, value)?,)),
                Err(error) => Err(wasmtime::format_err!("the secret `{key}` {error}")),
            }
        })
    })
}

/// A look-up that has begun: while the guest calls, since only then it is known for which request.
struct Begun {
    store: Arc<dyn Store>,
    call: Option<Box<dyn Call>>,
}

fn begins<T: 'static>(
    accessor: &Accessor<T>,
    view: impl for<'a> Fn(&'a mut T) -> View<'a>,
    function: &'static str,
) -> Begun {
    accessor.with(|mut access| {
        let ctx = view(access.get()).ctx;
        Begun {
            store: Arc::clone(&ctx.store),
            call: call(ctx, function),
        }
    })
}

fn call(ctx: &Ctx, function: &'static str) -> Option<Box<dyn Call>> {
    ctx.calls.as_ref()?.begins(function)
}

async fn fetch(begun: Begun, key: &str) -> Result<Value, Error> {
    let Begun { store, mut call } = begun;
    let got = if key.len() > KEY_MAX {
        Err(Error::NotFound)
    } else {
        store.get(key).await
    };
    if let Some(call) = &mut call {
        match &got {
            Err(Error::NotFound) => {}
            _ => call.note(NAME, key),
        }
        if let Err(error) = &got {
            call.fail(error.kind());
        }
    }
    got
}

fn hand_out<T: 'static>(
    accessor: &Accessor<T>,
    view: impl for<'a> Fn(&'a mut T) -> View<'a>,
    key: Arc<str>,
    value: Value,
) -> wasmtime::Result<Resource<Secret>> {
    accessor.with(|mut access| {
        let table = view(access.get()).table;
        Ok(table.push(Secret { key, value })?)
    })
}

impl Error {
    /// A short stable word.
    fn kind(&self) -> &'static str {
        match self {
            Self::Upstream(_) => "upstream",
            Self::Io(_) => "io",
            Self::NotFound => "not-found",
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Upstream(why) => write!(f, "cannot be had: {why}"),
            Self::Io(why) => write!(f, "cannot be read: {why}"),
            Self::NotFound => f.write_str("is not there any more"),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests;
