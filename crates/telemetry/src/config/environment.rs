//! The standard variables of OpenTelemetry. A value that cannot be used is named, never shown (it may be a password), and
//! the default is taken.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Uri};

use super::{Config, Destination, Headers, Protocol, SignalConfig, TlsFiles};
use crate::limits::SpanLimits;
use crate::propagate::Propagators;
use crate::resource::Resource;
use crate::sampler::{Ratio, Root, Sampler};

/// The variables whose names begin with `OTEL_`. An empty one is as good as none.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

/// A variable whose value is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Its name.
    pub variable: String,
    /// What it should have been, and what is done instead.
    pub problem: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.variable, self.problem)
    }
}

/// Reads variables and notes what is wrong with them.
struct Reader<'a> {
    variables: &'a BTreeMap<String, String>,
    warnings: Vec<Warning>,
}

/// A signal, as variables name it.
#[derive(Clone, Copy)]
struct Names {
    signal: &'static str,
    path: &'static str,
}

const TRACES: Names = Names {
    signal: "TRACES",
    path: "v1/traces",
};
const METRICS: Names = Names {
    signal: "METRICS",
    path: "v1/metrics",
};
const LOGS: Names = Names {
    signal: "LOGS",
    path: "v1/logs",
};

/// The host where a collector usually is.
const LOCAL_GRPC: &str = "http://localhost:4317";
const LOCAL_HTTP: &str = "http://localhost:4318";

impl Environment {
    /// Those of these variables that count; of two with the same name the later.
    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let own = variables
            .into_iter()
            .filter(|(name, value)| name.starts_with("OTEL_") && !value.trim().is_empty());
        Self(own.collect())
    }

    /// Puts a variable in the place of one that has the same name.
    pub fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// Whether telemetry is asked for at all: by any variable, unless one says no.
    pub fn asks(&self) -> bool {
        let off = self.0.get("OTEL_SDK_DISABLED");
        !self.0.is_empty() && !off.is_some_and(|off| off.trim().eq_ignore_ascii_case("true"))
    }

    /// The configuration, and what is wrong with the variables. `host` is what is known of this host.
    pub fn config(
        &self,
        host: impl IntoIterator<Item = (String, String)>,
    ) -> (Config, Vec<Warning>) {
        let mut reader = Reader {
            variables: &self.0,
            warnings: Vec::new(),
        };
        let resource = reader.resource(host);
        let mut config = Config::new(resource);
        config.sampler = reader.sampler();
        config.propagators = reader.propagators();
        config.limits = reader.limits();
        config.metric_interval =
            reader.millis("OTEL_METRIC_EXPORT_INTERVAL", config.metric_interval);
        reader.batches(&mut config.traces, "OTEL_BSP");
        reader.batches(&mut config.logs, "OTEL_BLRP");
        config.traces.destination = reader.destination(TRACES);
        config.metrics.destination = reader.destination(METRICS);
        config.logs.destination = reader.destination(LOGS);
        (config, reader.warnings)
    }
}

impl Reader<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|value| value.trim())
    }

    fn warn(&mut self, variable: &str, problem: impl Into<String>) {
        self.warnings.push(Warning {
            variable: variable.to_owned(),
            problem: problem.into(),
        });
    }

    /// A value, or none and a warning that says what it should have been.
    fn read<T>(
        &mut self,
        name: &str,
        wanted: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = self.get(name)?;
        let found = read(value);
        if found.is_none() {
            self.warn(name, format!("is not {wanted}; it is not used"));
        }
        found
    }

    fn number<T: FromStr>(&mut self, name: &str, wanted: &str) -> Option<T> {
        self.read(name, wanted, |value| value.parse().ok())
    }

    fn millis(&mut self, name: &str, usual: Duration) -> Duration {
        let wanted = "a number of milliseconds above 0";
        let asked = self.read(name, wanted, |value| {
            value.parse().ok().filter(|ms| *ms > 0)
        });
        asked.map_or(usual, Duration::from_millis)
    }

    fn resource(&mut self, host: impl IntoIterator<Item = (String, String)>) -> Resource {
        let mut attributes: Vec<(String, String)> = host.into_iter().collect();
        let given = self.read("OTEL_RESOURCE_ATTRIBUTES", "a list of key=value", pairs);
        attributes.extend(given.unwrap_or_default());
        if let Some(name) = self.get("OTEL_SERVICE_NAME") {
            attributes.push(("service.name".to_owned(), name.to_owned()));
        }
        Resource::new(attributes)
    }

    fn sampler(&mut self) -> Sampler {
        let ratio = |reader: &mut Self| {
            let wanted = "a number from 0 to 1; 1 is taken";
            let share = reader.read("OTEL_TRACES_SAMPLER_ARG", wanted, |value| {
                Ratio::new(value.parse().ok()?)
            });
            share.map_or(Root::AlwaysOn, Root::Ratio)
        };
        match self.get("OTEL_TRACES_SAMPLER") {
            None => Sampler::default(),
            Some("always_on") => Sampler::Root(Root::AlwaysOn),
            Some("always_off") => Sampler::Root(Root::AlwaysOff),
            Some("traceidratio") => Sampler::Root(ratio(self)),
            Some("parentbased_always_on") => Sampler::ParentBased(Root::AlwaysOn),
            Some("parentbased_always_off") => Sampler::ParentBased(Root::AlwaysOff),
            Some("parentbased_traceidratio") => Sampler::ParentBased(ratio(self)),
            Some(_) => {
                self.warn(
                    "OTEL_TRACES_SAMPLER",
                    "is none of always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off and parentbased_traceidratio; parentbased_always_on is taken",
                );
                Sampler::default()
            }
        }
    }

    fn propagators(&mut self) -> Propagators {
        let Some(names) = self.get("OTEL_PROPAGATORS").map(ToOwned::to_owned) else {
            return Propagators::default();
        };
        let mut propagators = Propagators {
            trace_context: false,
            baggage: false,
        };
        for name in names.split(',').map(str::trim) {
            match name {
                "tracecontext" => propagators.trace_context = true,
                "baggage" => propagators.baggage = true,
                "none" | "" => {}
                _ => self.warn(
                    "OTEL_PROPAGATORS",
                    "has another entry than tracecontext, baggage and none; it is left out",
                ),
            }
        }
        propagators
    }

    fn limits(&mut self) -> SpanLimits {
        let usual = SpanLimits::default();
        let mut limit = |names: [&str; 2], usual: usize| {
            let [own, general] = names;
            let own = self.number(own, "a whole number");
            let general = |reader: &mut Self| match general {
                "" => None,
                general => reader.number(general, "a whole number"),
            };
            // The host has to hold it all, so there is a most.
            own.or_else(|| general(self)).unwrap_or(usual).min(65_536)
        };
        SpanLimits {
            attributes: limit(
                [
                    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
                    "OTEL_ATTRIBUTE_COUNT_LIMIT",
                ],
                usual.attributes,
            ),
            value_length: limit(
                [
                    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
                    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
                ],
                usual.value_length,
            ),
            events: limit(["OTEL_SPAN_EVENT_COUNT_LIMIT", ""], usual.events),
            links: limit(["OTEL_SPAN_LINK_COUNT_LIMIT", ""], usual.links),
        }
    }

    fn batches(&mut self, signal: &mut SignalConfig, prefix: &str) {
        signal.delay = self.millis(&format!("{prefix}_SCHEDULE_DELAY"), signal.delay);
        let wanted = "a whole number above 0";
        let mut number = |name: String, usual| {
            let asked = self.read(&name, wanted, |value| value.parse().ok().filter(|n| *n > 0));
            asked.unwrap_or(usual)
        };
        signal.queue = number(format!("{prefix}_MAX_QUEUE_SIZE"), signal.queue);
        signal.batch = number(format!("{prefix}_MAX_EXPORT_BATCH_SIZE"), signal.batch);
    }

    /// Where a signal goes; none if it is not to be sent.
    fn destination(&mut self, names: Names) -> Option<Destination> {
        let exporter = format!("OTEL_{}_EXPORTER", names.signal);
        match self.get(&exporter) {
            None | Some("otlp") => {}
            Some("none") => return None,
            Some(_) => self.warn(&exporter, "is neither otlp nor none; otlp is taken"),
        }
        let own = self.uri(&format!("OTEL_EXPORTER_OTLP_{}_ENDPOINT", names.signal));
        let general = self.uri("OTEL_EXPORTER_OTLP_ENDPOINT");
        let protocol = self.protocol(names, own.as_ref().or(general.as_ref()));
        let endpoint = match (own, protocol) {
            (Some(own), _) => own,
            (None, Protocol::Http) => super::below(
                &general.unwrap_or_else(|| Uri::from_static(LOCAL_HTTP)),
                names.path,
            ),
            (None, Protocol::Grpc) => general.unwrap_or_else(|| Uri::from_static(LOCAL_GRPC)),
        };
        Some(Destination {
            endpoint,
            protocol,
            headers: self.headers(names),
            timeout: self.timeout(names),
            gzip: self.gzip(names),
            tls: TlsFiles {
                certificate: self
                    .of_signal(names, "CERTIFICATE")
                    .map(|(_, file)| file.into()),
                client_certificate: self
                    .of_signal(names, "CLIENT_CERTIFICATE")
                    .map(|(_, file)| file.into()),
                client_key: self
                    .of_signal(names, "CLIENT_KEY")
                    .map(|(_, file)| file.into()),
            },
        })
    }

    /// The variable of one signal, or that of all, and its value.
    fn of_signal(&self, names: Names, what: &str) -> Option<(String, String)> {
        let own = format!("OTEL_EXPORTER_OTLP_{}_{what}", names.signal);
        let general = format!("OTEL_EXPORTER_OTLP_{what}");
        [own, general]
            .into_iter()
            .find_map(|name| Some((name.clone(), self.get(&name)?.to_owned())))
    }

    fn uri(&mut self, name: &str) -> Option<Uri> {
        self.read(
            name,
            "a URL with http:// or https:// and without a user",
            endpoint,
        )
    }

    fn protocol(&mut self, names: Names, endpoint: Option<&Uri>) -> Protocol {
        let guessed = endpoint.map_or(Protocol::Grpc, Protocol::guessed);
        let Some((name, value)) = self.of_signal(names, "PROTOCOL") else {
            return guessed;
        };
        match value.as_str() {
            "grpc" => Protocol::Grpc,
            "http/protobuf" => Protocol::Http,
            _ => {
                self.warn(
                    &name,
                    "is neither grpc nor http/protobuf; the port of the endpoint decides",
                );
                guessed
            }
        }
    }

    fn headers(&mut self, names: Names) -> Headers {
        let mut headers = Headers::default();
        let Some((variable, value)) = self.of_signal(names, "HEADERS") else {
            return headers;
        };
        let read = pairs(&value).and_then(|pairs| {
            pairs
                .iter()
                .map(|(name, value)| {
                    let name = HeaderName::from_str(name).ok()?;
                    Some((name, HeaderValue::from_str(value).ok()?))
                })
                .collect::<Option<Vec<_>>>()
        });
        match read {
            Some(read) => read
                .into_iter()
                .for_each(|(name, value)| headers.add(name, value)),
            None => self.warn(
                &variable,
                "is not a list of name=value; no headers are sent",
            ),
        }
        headers
    }

    fn timeout(&mut self, names: Names) -> Duration {
        let usual = Duration::from_secs(10);
        match self.of_signal(names, "TIMEOUT") {
            Some((name, _)) => self.millis(&name, usual),
            None => usual,
        }
    }

    fn gzip(&mut self, names: Names) -> bool {
        match self.of_signal(names, "COMPRESSION") {
            None => false,
            Some((_, value)) if value == "gzip" => true,
            Some((_, value)) if value == "none" => false,
            Some((name, _)) => {
                self.warn(&name, "is neither gzip nor none; nothing is compressed");
                false
            }
        }
    }
}

/// The address of a collector.
pub(crate) fn endpoint(text: &str) -> Option<Uri> {
    let uri: Uri = text.parse().ok()?;
    let known = matches!(uri.scheme_str(), Some("http" | "https"));
    // A password there would be in messages, and no collector gets it: it belongs into the headers.
    let plain = uri
        .authority()
        .is_some_and(|authority| !authority.as_str().contains('@'));
    (known && plain && uri.host().is_some_and(|host| !host.is_empty())).then_some(uri)
}

/// `key=value,key2=value2`, values percent-encoded, as W3C has baggage.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let entries = text
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty());
    let pairs = entries.map(|entry| {
        let (key, value) = entry.split_once('=')?;
        let key = decode(key.trim())?;
        (!key.is_empty()).then_some((key, decode(value.trim())?))
    });
    pairs.collect()
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first != b'%' {
            bytes.push(*first);
            rest = tail;
            continue;
        }
        let (digits, tail) = tail.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests;
