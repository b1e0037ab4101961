//! One life of a service: a store, an instance, and its `run` until that returns.

use std::sync::Arc;

use tokio::sync::watch;
use wasmtime::Store;
use wasmtime::component::InstancePre;
use wasmtime_wasi::I32Exit;
use weft_net::loopback::Network;

use super::End;
use super::birth::{Birth, Lives};
use crate::compile::Source;
use crate::compose::Scoped;
use crate::cpu::Meter;
use crate::engine::Engine;
use crate::fault::{self, Fault};
use crate::host_state::HostState;
use crate::link;
use crate::linked::{Identity, LinkedProgram, Shared};
use crate::plan::Entry;
use crate::store::StoreTemplate;

/// What every incarnation of a service is made from.
pub(super) struct Incarnation {
    engine: Engine,
    label: String,
    tenant: Arc<str>,
    entry: Entry,
    source: Source,
    scoped: Vec<Scoped>,
    template: StoreTemplate,
    network: Arc<Network>,
    /// Counts how often it has said that it is ready.
    announced: watch::Receiver<u64>,
    lives: Lives,
    /// Directories that it mounts.
    _shared: Shared,
}

impl Incarnation {
    pub(super) fn new(
        engine: Engine,
        identity: &Identity,
        shared: &Shared,
        linked: LinkedProgram,
    ) -> Self {
        Self {
            engine,
            label: identity.label(),
            tenant: identity.tenant.as_str().into(),
            entry: linked.program.entry,
            source: linked.built.source,
            scoped: linked.built.scoped,
            announced: linked.template.announced(),
            template: linked.template,
            network: Arc::clone(&shared.network),
            lives: Lives::default(),
            _shared: shared.clone(),
        }
    }

    /// Waits until somebody can connect to it, or it says that it is ready. What it says from the moment of this call on
    /// counts, also before the future is polled.
    pub(super) fn until_ready(&self) -> impl Future<Output = ()> + '_ {
        let mut announced = self.announced.clone();
        announced.mark_unchanged();
        async move {
            // What fails is over: then the end of the incarnation is all that there is to wait for.
            let says = async {
                if announced.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            let listens = async {
                if self.network.until_listening().await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                () = says => {}
                () = listens => {}
            }
        }
    }

    /// Lives. When this has returned, or is dropped, all that it held is free.
    pub(super) async fn live(&self) -> End {
        let birth = self.lives.begin(self.template.reporting());
        let lived = self.try_live(birth.as_ref()).await;
        let end = lived.unwrap_or_else(End::NotStarted);
        self.lives.end(birth, &end);
        end
    }

    async fn try_live(&self, birth: Option<&Birth>) -> Result<End, String> {
        let engine = &self.engine;
        let code = engine.compiler().code(&self.source, &self.label).await;
        let code = code.map_err(|error| error.to_string())?;
        let linked = link::link(engine.linker(), &code, &self.scoped);
        let linked = linked.map_err(|error| error.to_string())?;
        let until = tokio::time::Instant::now() + engine.config().limits.requests.queue_wait;
        // Given back after the store, which is declared later.
        let _place = engine
            .room()
            .place(&self.tenant, until)
            .await
            .map_err(|full| full.to_string())?;
        let mut store = self.template.store(engine.wasmtime());
        let meter = Arc::clone(&store.data().cpu);
        meter.start().await;
        if let (Some(birth), Some(current)) = (birth, &store.data().current) {
            current.lives(birth.place());
        }
        let outcome = metered(&meter, self.run(linked, &mut store, birth)).await;
        Ok(end(outcome, &store))
    }

    async fn run(
        &self,
        linked: InstancePre<HostState>,
        store: &mut Store<HostState>,
        birth: Option<&Birth>,
    ) -> wasmtime::Result<Result<(), ()>> {
        let born = || {
            if let Some(birth) = birth {
                birth.is(None);
            }
        };
        match self.entry {
            Entry::Command3 | Entry::Http3 => {
                let pre = wasmtime_wasi::p3::bindings::CommandPre::new(linked)?;
                let command = pre.instantiate_async(&mut *store).await?;
                born();
                store
                    .run_concurrent(async move |accessor| {
                        command.wasi_cli_run().call_run(accessor).await
                    })
                    .await?
            }
            Entry::Command2 | Entry::Http2 => {
                let pre = wasmtime_wasi::p2::bindings::CommandPre::new(linked)?;
                let command = pre.instantiate_async(&mut *store).await?;
                born();
                command.wasi_cli_run().call_run(store).await
            }
        }
    }
}

/// Guest code that waits now and then: what it waits is not charged to it, and another has its turn meanwhile.
async fn metered<T>(meter: &Meter, guest: impl Future<Output = T>) -> T {
    let mut guest = std::pin::pin!(guest);
    std::future::poll_fn(|cx| {
        let polled = guest.as_mut().poll(cx);
        meter.waits();
        polled
    })
    .await
}

fn end(outcome: wasmtime::Result<Result<(), ()>>, store: &Store<HostState>) -> End {
    let error = match outcome {
        Ok(Ok(())) => return End::Exit(0),
        Ok(Err(())) => return End::Exit(1),
        Err(error) => error,
    };
    if let Some(I32Exit(code)) = error.downcast_ref() {
        // Whatever a system would make of a number that is no exit code: it is not success.
        return End::Exit(u8::try_from(*code).unwrap_or(u8::MAX));
    }
    let Fault { cause, detail, .. } = fault::trap(&error, &store.data().circumstances());
    End::Trap { cause, detail }
}
