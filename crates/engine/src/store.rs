//! The store of one instance, made from a template that is prepared once per workload.

use std::sync::Arc;

use wasmtime::{Engine, Store};
use wasmtime_wasi::filesystem::WasiFilesystemCtx;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder};
use wasmtime_wasi_http::WasiHttpCtx;
use weft_caps::{config, logging};
use weft_net::egress_http::HttpEgress;

use crate::command::CommandLine;
use crate::host_state::{HostState, PartState};
use crate::plan::{Part, ValidWorkload};
use crate::stdio::{GuestLog, Stream};
use crate::volume::{Mounted, Quota, VolumeError, Volumes};

/// What all instances of a program have in common.
pub(crate) struct StoreTemplate {
    entry: PartTemplate,
    linked: Vec<PartTemplate>,
}

struct PartTemplate {
    environment: Vec<(String, String)>,
    /// Directories, opened once: what is mounted cannot be exchanged behind our back later.
    filesystem: WasiFilesystemCtx,
    quotas: Arc<[(String, Arc<Quota>)]>,
    config: config::Ctx,
    log: Arc<GuestLog>,
    egress: HttpEgress,
}

impl StoreTemplate {
    pub(crate) fn new(
        valid: &ValidWorkload,
        volumes: &Volumes,
        log_lines_per_second: u32,
    ) -> Result<Self, VolumeError> {
        let mut parts = valid
            .program
            .parts
            .iter()
            .map(|part| PartTemplate::new(valid, part, volumes, log_lines_per_second))
            .collect::<Result<Vec<_>, _>>()?
            .into_iter();
        // A program has at least its entry: `plan` makes none without.
        let entry = parts.next().map_or_else(PartTemplate::empty, Ok)?;
        Ok(Self {
            entry,
            linked: parts.collect(),
        })
    }

    /// A store for a request handler: what it prints goes to the log.
    pub(crate) fn store(&self, engine: &Engine) -> Store<HostState> {
        store(engine, self.entry.state(self.entry.logged()), &self.linked)
    }

    /// A store for a command: it shares standard streams with this process.
    pub(crate) fn command_store(&self, engine: &Engine, line: &CommandLine) -> Store<HostState> {
        let mut wasi = WasiCtxBuilder::new();
        wasi.inherit_stdio()
            .args(&line.args)
            .envs(&self.entry.environment)
            .envs(&line.environment);
        store(engine, self.entry.state(wasi.build()), &self.linked)
    }
}

fn store(engine: &Engine, entry: PartState, linked: &[PartTemplate]) -> Store<HostState> {
    let linked = linked
        .iter()
        .map(|part| part.state(part.logged()))
        .collect();
    let mut store = Store::new(engine, HostState::new(entry, linked));
    // A guest that computes gives way each time the epoch moves on, so it cannot hold a thread for itself.
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    store
}

impl PartTemplate {
    fn new(
        valid: &ValidWorkload,
        part: &Part,
        volumes: &Volumes,
        log_lines_per_second: u32,
    ) -> Result<Self, VolumeError> {
        let workload = format!("{}/{}", valid.tenant, valid.name);
        let mounts = part
            .mounts
            .iter()
            .map(|mount| volumes.mount(mount))
            .collect::<Result<Vec<_>, _>>()?;
        let quotas = mounts
            .iter()
            .filter_map(|mount| Some((mount.guest_path.clone(), mount.quota.clone()?)));
        Ok(Self {
            environment: part.environment.clone(),
            quotas: quotas.collect(),
            filesystem: open(&mounts)?,
            config: config::Ctx {
                values: Arc::new(part.config.clone()),
            },
            egress: HttpEgress {
                owner: format!("{workload}/{}", part.component).into(),
                policy: Arc::new(part.egress.clone()),
            },
            log: GuestLog::new(workload, part.component.to_string(), log_lines_per_second),
        })
    }

    fn empty() -> Result<Self, VolumeError> {
        Ok(Self {
            environment: Vec::new(),
            filesystem: WasiFilesystemCtx::default(),
            quotas: Arc::default(),
            config: config::Ctx::default(),
            log: GuestLog::new(String::new(), String::new(), 0),
            egress: HttpEgress {
                owner: Arc::from(""),
                policy: Arc::default(),
            },
        })
    }

    fn logged(&self) -> WasiCtx {
        WasiCtxBuilder::new()
            .stdout(self.log.stream(Stream::Stdout))
            .stderr(self.log.stream(Stream::Stderr))
            .arg("main.wasm")
            .envs(&self.environment)
            .build()
    }

    fn state(&self, mut wasi: WasiCtx) -> PartState {
        *wasi.filesystem() = self.filesystem.clone();
        PartState {
            wasi,
            http: WasiHttpCtx::new(),
            egress: self.egress.clone(),
            config: self.config.clone(),
            logging: logging::Ctx {
                sink: Arc::clone(&self.log) as Arc<dyn logging::Sink>,
            },
            quotas: Arc::clone(&self.quotas),
        }
    }
}

fn open(mounts: &[Mounted]) -> Result<WasiFilesystemCtx, VolumeError> {
    let mut wasi = WasiCtxBuilder::new();
    for mount in mounts {
        let perms = if mount.read_only {
            FsPerms::ReadOnly
        } else {
            FsPerms::ReadWrite
        };
        wasi.preopened_dir(&mount.dir, &mount.guest_path, perms)
            .map_err(|error| VolumeError::Open {
                name: mount.guest_path.clone(),
                path: mount.dir.clone(),
                source: std::io::Error::other(format!("{error:#}")),
            })?;
    }
    Ok(wasi.build().filesystem().clone())
}
