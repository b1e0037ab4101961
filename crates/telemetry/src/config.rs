//! What is sent, where to, and how much of it: from the standard variables of OpenTelemetry (`environment`), or as who
//! embeds this says.

mod environment;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Uri};

pub use self::environment::{Environment, Warning};
use crate::limits::SpanLimits;
use crate::propagate::Propagators;
use crate::queue::Room;
use crate::receiver::Receiver;
use crate::resource::Resource;
use crate::sampler::Sampler;

/// What a host tells of itself.
#[derive(Clone)]
pub struct Config {
    /// Which traces are recorded.
    pub sampler: Sampler,
    /// What is passed on from request to request.
    pub propagators: Propagators,
    /// How much of each thing is kept.
    pub limits: SpanLimits,
    /// This host.
    pub resource: Resource,
    /// Spans.
    pub traces: SignalConfig,
    /// Metrics.
    pub metrics: SignalConfig,
    /// Log records.
    pub logs: SignalConfig,
    /// How often metrics are read and sent.
    pub metric_interval: Duration,
    /// Where what guests hand in goes, all signals, if not where the host's own data goes.
    pub guests: Option<Destination>,
    /// Who gets everything in this process as well.
    pub receiver: Option<Arc<dyn Receiver>>,
}

/// How one signal is sent.
#[derive(Clone, Debug)]
pub struct SignalConfig {
    /// The collector; none = it is not sent.
    pub destination: Option<Destination>,
    /// For how long something waits for others to be sent with.
    pub delay: Duration,
    /// How much may wait.
    pub queue: usize,
    /// How much is sent at once.
    pub batch: usize,
}

/// A collector.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination {
    /// Where it is. For HTTP, with the path of the signal.
    pub endpoint: Uri,
    /// What it speaks.
    pub protocol: Protocol,
    /// What each message has beside.
    pub headers: Headers,
    /// How long it may take to answer, the connection included.
    pub timeout: Duration,
    /// Whether messages are compressed.
    pub gzip: bool,
    /// For `https`.
    pub tls: TlsFiles,
}

/// Headers of messages to a collector. They may carry passwords, so they are never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(HeaderName, HeaderValue)>);

/// Certificates for the way to a collector, as PEM files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// Who signed the collector's certificate, if not one of the usual authorities.
    pub certificate: Option<PathBuf>,
    /// What this host shows of itself.
    pub client_certificate: Option<PathBuf>,
    /// The key to that.
    pub client_key: Option<PathBuf>,
}

/// What a collector speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `grpc`.
    Grpc,
    /// `http/protobuf`.
    Http,
}

impl Protocol {
    /// Where nothing is said, the port says it: 4318 is that of HTTP. All else is gRPC, as in wasmCloud.
    fn guessed(endpoint: &Uri) -> Self {
        let http = endpoint.port_u16() == Some(4318) || endpoint.path().contains("/v1/");
        if http { Self::Http } else { Self::Grpc }
    }
}

/// Why telemetry cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file of a certificate or key.
    #[error("telemetry: `{path}` cannot be used for TLS: {reason}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A certificate without its key, or a key without its certificate.
    #[error(
        "telemetry: a client certificate and its key belong together; set both OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY, or neither"
    )]
    HalfPair,
    /// Anything else.
    #[error("telemetry: TLS cannot be set up: {0}")]
    Tls(String),
}

impl ConfigError {
    pub(crate) fn tls(path: &Path, reason: &dyn fmt::Display) -> Self {
        Self::File {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }
}

/// Bytes that may wait of one signal.
const QUEUE_BYTES: usize = 16 << 20;

impl Config {
    /// One that sends nothing to a collector; all traces are recorded.
    pub fn new(resource: Resource) -> Self {
        let signal = |delay| SignalConfig {
            destination: None,
            delay,
            queue: 2048,
            batch: 512,
        };
        Self {
            sampler: Sampler::default(),
            propagators: Propagators::default(),
            limits: SpanLimits::default(),
            resource,
            traces: signal(Duration::from_secs(5)),
            metrics: signal(Duration::from_secs(1)),
            logs: signal(Duration::from_secs(1)),
            metric_interval: Duration::from_secs(60),
            guests: None,
            receiver: None,
        }
    }

    /// The same, with everything sent to one collector.
    #[must_use]
    pub fn sent_to(mut self, collector: &Destination) -> Self {
        for (signal, path) in [
            (&mut self.traces, "v1/traces"),
            (&mut self.metrics, "v1/metrics"),
            (&mut self.logs, "v1/logs"),
        ] {
            signal.destination = Some(collector.for_signal(path));
        }
        self
    }
}

impl SignalConfig {
    pub(crate) fn room(&self) -> Room {
        Room {
            items: self.queue,
            bytes: QUEUE_BYTES,
            batch: self.batch.min(self.queue),
        }
    }
}

impl Destination {
    /// A collector on which nothing is said but where it is and what it speaks: for all signals, without their paths.
    pub fn new(endpoint: Uri, protocol: Protocol) -> Self {
        Self {
            endpoint,
            protocol,
            headers: Headers::default(),
            timeout: Duration::from_secs(10),
            gzip: false,
            tls: TlsFiles::default(),
        }
    }

    /// A collector at an address as people write it; what it speaks is guessed by the port, if it is not said. None if the
    /// address is none.
    pub fn at(endpoint: &str, protocol: Option<Protocol>) -> Option<Self> {
        let endpoint = environment::endpoint(endpoint)?;
        let protocol = protocol.unwrap_or_else(|| Protocol::guessed(&endpoint));
        Some(Self::new(endpoint, protocol))
    }

    /// The endpoint as messages show it: without its query, which may hold a key.
    pub(crate) fn shown(&self) -> String {
        let scheme = self.endpoint.scheme_str().unwrap_or_default();
        let host = self
            .endpoint
            .authority()
            .map_or("", |authority| authority.as_str());
        // What is before an `@` may be a password; such endpoints are refused where they are read.
        let host = host.rsplit('@').next().unwrap_or_default();
        format!("{scheme}://{host}{}", self.endpoint.path())
    }

    /// The same collector for one signal: by HTTP, each has a path below that of the endpoint.
    #[must_use]
    pub(crate) fn for_signal(&self, path: &str) -> Self {
        let mut own = self.clone();
        if self.protocol == Protocol::Http {
            own.endpoint = below(&self.endpoint, path);
        }
        own
    }
}

/// An address below another one.
fn below(base: &Uri, path: &str) -> Uri {
    let mut parts = base.clone().into_parts();
    let whole = format!("{}/{path}", base.path().trim_end_matches('/'));
    parts.path_and_query = whole.parse().ok();
    Uri::from_parts(parts).unwrap_or_else(|_| base.clone())
}

impl Headers {
    /// Adds one.
    pub fn add(&mut self, name: HeaderName, mut value: HeaderValue) {
        value.set_sensitive(true);
        self.0.push((name, value));
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = &'a (HeaderName, HeaderValue);
    type IntoIter = std::slice::Iter<'a, (HeaderName, HeaderValue)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destination")
            .field("endpoint", &self.shown())
            .field("protocol", &self.protocol)
            .field("headers", &self.headers)
            .field("timeout", &self.timeout)
            .field("gzip", &self.gzip)
            .field("tls", &self.tls)
            .finish()
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("sampler", &self.sampler)
            .field("traces", &self.traces)
            .field("metrics", &self.metrics)
            .field("logs", &self.logs)
            .finish_non_exhaustive()
    }
}
