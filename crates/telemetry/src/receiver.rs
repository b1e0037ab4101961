//! Whoever wants the data in this process: the viewer of `weft dev`, and tests.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;

/// Takes what a collector would be sent. It is called by the task that sends, on the control runtime: it must be quick
/// and must not block.
pub trait Receiver: Send + Sync + 'static {
    /// Takes spans.
    fn spans(&self, request: ExportTraceServiceRequest);

    /// Takes metrics.
    fn metrics(&self, request: ExportMetricsServiceRequest);

    /// Takes log records.
    fn logs(&self, request: ExportLogsServiceRequest);
}
