//! Running a command component to its end.

use wasmtime::component::InstancePre;
use wasmtime_wasi::I32Exit;

use crate::fault::{self, Circumstances, Fault, FaultKind};
use crate::host_state::HostState;
use crate::plan::Entry;

/// How a command talks to whoever runs it.
#[derive(Clone, Debug, Default)]
pub struct CommandLine {
    /// Arguments, the program's name first.
    pub args: Vec<String>,
    /// Variables in addition to those of the workload.
    pub environment: Vec<(String, String)>,
}

/// A command that is ready to run.
pub struct Command {
    pub(crate) workload: crate::workload::Workload,
}

impl Command {
    /// Runs it with the standard streams of this process. Gives its exit code.
    pub async fn run(&self, line: &CommandLine) -> Result<u8, Fault> {
        let load = |detail: String| Fault::new(FaultKind::Load, detail);
        let code = self
            .workload
            .inner
            .code()
            .await
            .map_err(|error| load(error.to_string()))?;
        let linked = self
            .workload
            .inner
            .link(&code)
            .map_err(|error| load(error.to_string()))?;
        let outcome = match self.workload.inner.program.entry {
            Entry::Command3 | Entry::Http3 => self.run3(linked, line).await,
            Entry::Command2 | Entry::Http2 => self.run2(linked, line).await,
        };
        match outcome {
            Ok(Ok(())) => Ok(0),
            Ok(Err(())) => Ok(1),
            Err(error) => match error.downcast_ref::<I32Exit>() {
                Some(I32Exit(code)) => Ok(u8::try_from(*code).unwrap_or(1)),
                None => Err(fault::trap(&error, &Circumstances::default())),
            },
        }
    }

    async fn run2(
        &self,
        linked: InstancePre<HostState>,
        line: &CommandLine,
    ) -> wasmtime::Result<Result<(), ()>> {
        let pre = wasmtime_wasi::p2::bindings::CommandPre::new(linked)?;
        let mut store = self
            .workload
            .inner
            .template
            .command_store(self.workload.inner.engine.wasmtime(), line);
        let command = pre.instantiate_async(&mut store).await?;
        command.wasi_cli_run().call_run(&mut store).await
    }

    async fn run3(
        &self,
        linked: InstancePre<HostState>,
        line: &CommandLine,
    ) -> wasmtime::Result<Result<(), ()>> {
        let pre = wasmtime_wasi::p3::bindings::CommandPre::new(linked)?;
        let mut store = self
            .workload
            .inner
            .template
            .command_store(self.workload.inner.engine.wasmtime(), line);
        let command = pre.instantiate_async(&mut store).await?;
        store
            .run_concurrent(async move |accessor| command.wasi_cli_run().call_run(accessor).await)
            .await?
    }
}
