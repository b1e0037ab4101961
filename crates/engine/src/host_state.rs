//! What a guest can touch: the data of one store. One field for each capability, once for every part of the program.

use std::collections::HashMap;
use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::cli::WasiCliCtxView;
use wasmtime_wasi::filesystem::WasiFilesystemCtxView;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};
use weft_caps::{config, logging, otel, secrets};
use weft_net::outbound::wasi::WasiHttp as Outbound;
use weft_net::sockets;

use crate::cpu::Meter;
use crate::fault::Circumstances;
use crate::memory::StoreMemory;
use crate::traces::Current;
use crate::volume::Quota;

/// The data of one store.
pub(crate) struct HostState {
    table: ResourceTable,
    entry: PartState,
    linked: Vec<PartState>,
    /// Open files and directories that lie on a volume with a size limit, by their index in the table. An index is
    /// only ever looked up for a descriptor, and every new descriptor sets its own.
    pub(crate) limited: HashMap<u32, Arc<Quota>>,
    /// What the guest may have of memory, and has.
    pub(crate) memory: StoreMemory,
    /// The time that the guest's code takes on a thread.
    pub(crate) cpu: Arc<Meter>,
    /// What the store works for; none if telemetry is off.
    pub(crate) current: Option<Arc<Current>>,
    /// `wasi:webgpu`: one for all parts, whose objects are in one table.
    gpu: weft_gpu::Ctx,
    /// The interface of the host that was called last.
    last_call: Option<&'static str>,
    /// The names of the parts, for messages.
    components: Arc<str>,
}

/// What bounds one store.
pub(crate) struct Bounded {
    pub(crate) memory: StoreMemory,
    pub(crate) cpu: Arc<Meter>,
    pub(crate) current: Option<Arc<Current>>,
    /// Resources that the guest may hold at the same time.
    pub(crate) handles: usize,
    pub(crate) gpu: weft_gpu::Ctx,
}

/// What belongs to one part of the program and to no other.
pub(crate) struct PartState {
    /// Environment, arguments, standard streams, directories, clocks, random numbers; no sockets.
    pub(crate) wasi: WasiCtx,
    /// Limits of `wasi:http` resources.
    pub(crate) http: WasiHttpCtx,
    /// Outbound HTTP, through the firewall.
    pub(crate) egress: Outbound,
    /// The virtual network and what it lets out.
    pub(crate) sockets: sockets::Ctx,
    /// `wasi:config/store`.
    pub(crate) config: config::Ctx,
    /// `wasi:logging`.
    pub(crate) logging: logging::Ctx,
    /// `wasi:otel`.
    pub(crate) otel: otel::Ctx,
    /// `wasmcloud:secrets`.
    pub(crate) secrets: secrets::Ctx,
    /// Size limits by mount path.
    pub(crate) quotas: Arc<[(String, Arc<Quota>)]>,
}

impl HostState {
    pub(crate) fn new(
        components: Arc<str>,
        entry: PartState,
        linked: Vec<PartState>,
        bounded: Bounded,
    ) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(bounded.handles);
        Self {
            table,
            entry,
            linked,
            limited: HashMap::new(),
            memory: bounded.memory,
            cpu: bounded.cpu,
            current: bounded.current,
            gpu: bounded.gpu,
            last_call: None,
            components,
        }
    }

    /// Notes that the guest has called an interface of the host.
    pub(crate) fn called(&mut self, interface: &'static str) -> &mut Self {
        self.last_call = Some(interface);
        self
    }

    /// What there is to know when the guest fails.
    pub(crate) fn circumstances(&self) -> Circumstances {
        Circumstances {
            components: Arc::clone(&self.components),
            last_call: self.last_call,
            refused: self.memory.refused(),
        }
    }

    /// Everything that the guest holds.
    pub(crate) fn resources(&mut self) -> &mut ResourceTable {
        &mut self.table
    }

    /// The state of a part. `link` only ever binds parts that the program has.
    fn part(&mut self, index: usize) -> (&mut ResourceTable, &mut PartState) {
        let part = match index
            .checked_sub(1)
            .and_then(|linked| self.linked.get_mut(linked))
        {
            Some(part) => part,
            None => &mut self.entry,
        };
        (&mut self.table, part)
    }

    pub(crate) fn cli(&mut self, part: usize) -> WasiCliCtxView<'_> {
        let (table, part) = self.part(part);
        WasiCliCtxView {
            ctx: part.wasi.cli(),
            table,
        }
    }

    pub(crate) fn filesystem(&mut self, part: usize) -> WasiFilesystemCtxView<'_> {
        let (table, part) = self.part(part);
        WasiFilesystemCtxView {
            ctx: part.wasi.filesystem(),
            table,
        }
    }

    pub(crate) fn outbound_http(&mut self, part: usize) -> WasiHttpCtxView<'_> {
        let (table, part) = self.part(part);
        WasiHttpCtxView {
            ctx: &mut part.http,
            table,
            hooks: &mut part.egress,
        }
    }

    pub(crate) fn sockets(&mut self, part: usize) -> sockets::View<'_> {
        let (table, part) = self.part(part);
        sockets::View {
            ctx: &mut part.sockets,
            table,
        }
    }

    /// The sockets of the entry.
    pub(crate) fn own_sockets(&mut self) -> sockets::View<'_> {
        self.sockets(0)
    }

    pub(crate) fn config(&mut self, part: usize) -> config::View<'_> {
        config::View(&self.part(part).1.config)
    }

    pub(crate) fn logging(&mut self, part: usize) -> logging::View<'_> {
        logging::View(&self.part(part).1.logging)
    }

    pub(crate) fn otel(&mut self, part: usize) -> otel::View<'_> {
        otel::View(&self.part(part).1.otel)
    }

    pub(crate) fn secrets(&mut self, part: usize) -> secrets::View<'_> {
        let (table, part) = self.part(part);
        secrets::View {
            ctx: &part.secrets,
            table,
        }
    }

    pub(crate) fn gpu(&mut self) -> weft_gpu::View<'_> {
        weft_gpu::View {
            ctx: &self.gpu,
            table: &mut self.table,
        }
    }

    pub(crate) fn quotas(&mut self, part: usize) -> Arc<[(String, Arc<Quota>)]> {
        Arc::clone(&self.part(part).1.quotas)
    }
}

impl WasiView for HostState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.entry.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for HostState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.outbound_http(0)
    }
}
