//! `wasi:otel@0.2.0-rc.2`: spans, log records and metrics that a guest hands in. What becomes of them is the engine's
//! business; here they are only taken over.

use std::sync::Arc;

use wasmtime::component::{Linker, LinkerInstance};

mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit/wasi-otel", world: "imports", imports: { default: trappable } });
}

pub use bindings::wasi::clocks::wall_clock::Datetime;
pub use bindings::wasi::otel::{logs, metrics, tracing, types};

/// The names under which a linker offers these interfaces.
pub const INTERFACES: [&str; 4] = [
    "wasi:otel/types@0.2.0-rc.2",
    "wasi:otel/tracing@0.2.0-rc.2",
    "wasi:otel/logs@0.2.0-rc.2",
    "wasi:otel/metrics@0.2.0-rc.2",
];

/// Where what the guests of one instance hand in goes.
pub trait Sink: Send + Sync + 'static {
    /// The place of what the host does for the guest at the moment.
    fn outer(&self) -> tracing::SpanContext;

    /// Takes a span; must not block.
    fn span(&self, span: tracing::SpanData);

    /// Takes a log record; must not block.
    fn log(&self, record: logs::LogRecord);

    /// Takes metrics; must not block. An error is shown to the guest.
    fn metrics(&self, metrics: metrics::ResourceMetrics) -> Result<(), String>;
}

/// Where one instance hands things in; nowhere, if telemetry is off.
#[derive(Clone, Default)]
pub struct Ctx {
    /// The sink.
    pub sink: Option<Arc<dyn Sink>>,
}

/// How the store data is asked for the context.
pub struct View<'a>(pub &'a Ctx);

/// Offers all interfaces; `view` finds the context of the component in the store data.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> View<'_>,
) -> wasmtime::Result<()> {
    for interface in INTERFACES {
        let name = interface
            .split_once('@')
            .map_or(interface, |(name, _)| name);
        let name = name.trim_start_matches("wasi:otel/");
        add_to_instance(&mut linker.instance(interface)?, name, view)?;
    }
    Ok(())
}

/// Offers one interface under another name: for a component that shares its store with others, so that what it hands in
/// is known to be its own.
pub fn add_to_instance<T: 'static>(
    instance: &mut LinkerInstance<'_, T>,
    interface: &str,
    view: impl for<'a> Fn(&'a mut T) -> View<'a> + Clone + Send + Sync + 'static,
) -> wasmtime::Result<()> {
    let sink = move |data: &mut T| view(data).0.sink.clone();
    match interface {
        "tracing" => {
            instance.func_wrap("on-start", |_, (_,): (tracing::SpanContext,)| Ok(()))?;
            let on_end = sink.clone();
            instance.func_wrap("on-end", move |mut cx, (span,): (tracing::SpanData,)| {
                if let Some(sink) = on_end(cx.data_mut()) {
                    sink.span(span);
                }
                Ok(())
            })?;
            instance.func_wrap("outer-span-context", move |mut cx, (): ()| {
                let outer = sink(cx.data_mut()).map_or_else(nowhere, |sink| sink.outer());
                Ok((outer,))
            })
        }
        "logs" => instance.func_wrap("on-emit", move |mut cx, (record,): (logs::LogRecord,)| {
            if let Some(sink) = sink(cx.data_mut()) {
                sink.log(record);
            }
            Ok(())
        }),
        "metrics" => instance.func_wrap(
            "export",
            move |mut cx, (metrics,): (metrics::ResourceMetrics,)| {
                let sink = sink(cx.data_mut());
                Ok((sink.map_or(Ok(()), |sink| sink.metrics(metrics)),))
            },
        ),
        // `types` has no functions.
        _ => Ok(()),
    }
}

/// The place of something that is in no trace.
pub fn nowhere() -> tracing::SpanContext {
    tracing::SpanContext {
        trace_id: "0".repeat(32),
        span_id: "0".repeat(16),
        trace_flags: tracing::TraceFlags::empty(),
        is_remote: false,
        trace_state: Vec::new(),
    }
}
