//! What the tests share: a telemetry that sends to a collector of the test.

use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue};
use tokio::runtime::Handle;
use weft_telemetry::span::SpanKind;
use weft_telemetry::{Config, Destination, Environment, Protocol, Resource, Telemetry, Trace};

/// How long an end may take in a test that does not wait for it.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// One that sends everything there, as soon as there is anything.
pub(crate) fn config(url: &str, protocol: Protocol) -> Config {
    let endpoint = url.parse().expect("it is a URL");
    let destination = Destination::new(endpoint, protocol);
    let mut config =
        Config::new(Resource::new([("service.name", "weft-test")])).sent_to(&destination);
    for signal in [&mut config.traces, &mut config.metrics, &mut config.logs] {
        signal.delay = Duration::from_millis(5);
    }
    config
}

/// One that runs.
pub(crate) fn running(config: Config) -> Telemetry {
    let telemetry = Telemetry::new(config).expect("it needs no files");
    telemetry.run_on(&Handle::current());
    telemetry
}

/// One as the variables say, with nothing to complain about.
pub(crate) fn from_variables(variables: &[(&str, &str)]) -> Telemetry {
    let owned = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let (config, warnings) = Environment::of(owned).config(Vec::new());
    assert_eq!(warnings, []);
    running(config)
}

/// Makes and ends a trace of one request with this name.
pub(crate) fn request(telemetry: &Telemetry, name: &'static str) -> Trace {
    let trace = Trace::begin(telemetry, &HeaderMap::new(), Instant::now());
    trace.end(name, SpanKind::Server, Vec::new(), None);
    trace
}

/// Headers with these values.
pub(crate) fn headers(of: &[(&'static str, &str)]) -> HeaderMap {
    let value = |value| HeaderValue::from_str(value).expect("it is a header's value");
    of.iter()
        .map(|(name, text)| (http::HeaderName::from_static(name), value(text)))
        .collect()
}
