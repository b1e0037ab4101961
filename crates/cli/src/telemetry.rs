//! Telemetry of `weft run` and `weft dev`: on when a variable of OpenTelemetry is set, a project asks for it, or somebody
//! in this process wants to see it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use weft_api::project::{Dev, OtelProtocol};
use weft_telemetry::{Config, Destination, Environment, Protocol, Receiver, Resource, Telemetry};

use crate::logging;

/// How long the end may wait for a collector.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// What asks for telemetry.
#[derive(Default)]
pub(crate) struct Asked {
    environment: Environment,
    /// Where what guests hand in goes, if not where all else does.
    guests: Option<Destination>,
    /// Who in this process gets everything.
    receiver: Option<Arc<dyn Receiver>>,
}

impl Asked {
    /// By the variables of this process.
    pub(crate) fn by_variables() -> Self {
        // One that is no text is none of OpenTelemetry's.
        let variables = std::env::vars_os();
        let texts = variables.filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self {
            environment: Environment::of(texts),
            ..Self::default()
        }
    }

    /// By a project too: its `dev.environment` is what the process has been given, and its `dev.otel_*` say more.
    ///
    /// # Errors
    /// When an endpoint is none.
    pub(crate) fn and_by(mut self, dev: &Dev) -> anyhow::Result<Self> {
        for (name, value) in dev.environment.iter() {
            if name.starts_with("OTEL_") {
                self.environment.set(name, value);
            }
        }
        if let Some(endpoint) = &dev.otel_host_endpoint {
            self.environment
                .set("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
        }
        if let Some(protocol) = dev.otel_host_protocol {
            let protocol = protocol.as_str();
            self.environment
                .set("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
        }
        if let Some(endpoint) = &dev.otel_workload_endpoint {
            let collector = Destination::at(endpoint, dev.otel_workload_protocol.map(spoken));
            let collector = collector.with_context(|| {
                "`dev.otel_workload_endpoint` is not a URL with http:// or https:// and without a user".to_owned()
            })?;
            self.guests = Some(collector);
        }
        Ok(self)
    }

    /// By somebody in this process.
    pub(crate) fn and_for(mut self, receiver: Arc<dyn Receiver>) -> Self {
        self.receiver = Some(receiver);
        self
    }

    /// Sets telemetry up, if it is asked for. Nothing is sent before a host runs.
    ///
    /// # Errors
    /// When a certificate cannot be used.
    pub(crate) fn start(self) -> anyhow::Result<Option<Telemetry>> {
        let sends = self.environment.asks();
        if !sends && self.guests.is_none() && self.receiver.is_none() {
            return Ok(None);
        }
        let host = weft_host::about();
        let mut config = match sends {
            true => {
                let (config, warnings) = self.environment.config(host);
                // One variable may count for three signals.
                let once: BTreeSet<String> = warnings.iter().map(ToString::to_string).collect();
                for warning in once {
                    tracing::warn!("{warning}");
                }
                config
            }
            false => Config::new(Resource::new(host)),
        };
        config.guests = self.guests;
        config.receiver = self.receiver;
        let telemetry = Telemetry::new(config)?;
        logging::outlet().open(&telemetry);
        Ok(Some(telemetry))
    }
}

fn spoken(protocol: OtelProtocol) -> Protocol {
    match protocol {
        OtelProtocol::Grpc => Protocol::Grpc,
        OtelProtocol::HttpProtobuf => Protocol::Http,
    }
}

/// Sends what is left to send. The host has to be there still.
pub(crate) async fn end(telemetry: Option<Telemetry>) {
    if let Some(telemetry) = telemetry {
        telemetry.shutdown(LAST_WORDS).await;
    }
}

#[cfg(test)]
mod tests;
