//! Who asks for telemetry.

use std::collections::BTreeMap;

use super::*;

fn dev(environment: &[(&str, &str)]) -> Dev {
    let owned = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Dev {
        environment: owned.collect::<BTreeMap<_, _>>().into(),
        ..Dev::default()
    }
}

fn asks(asked: &Asked) -> bool {
    asked.environment.asks()
}

#[test]
fn a_project_asks_by_its_environment() {
    let asked = Asked::default()
        .and_by(&dev(&[("RUST_LOG", "info")]))
        .expect("it is sound");
    assert!(!asks(&asked));
    let asked = Asked::default()
        .and_by(&dev(&[(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "http://localhost:4317",
        )]))
        .expect("it is sound");
    assert!(asks(&asked));
}

#[test]
fn the_endpoints_of_a_project_are_those_of_the_host_and_of_its_workloads() {
    let dev = Dev {
        otel_host_endpoint: Some("http://localhost:4317".to_owned()),
        otel_host_protocol: Some(OtelProtocol::Grpc),
        otel_workload_endpoint: Some("http://localhost:4318".to_owned()),
        otel_workload_protocol: Some(OtelProtocol::HttpProtobuf),
        ..Dev::default()
    };
    let asked = Asked::default().and_by(&dev).expect("it is sound");
    let (config, warnings) = asked.environment.config(Vec::new());
    assert_eq!(warnings, []);
    let traces = config.traces.destination.expect("they are sent");
    assert_eq!(
        (traces.endpoint.port_u16(), traces.protocol),
        (Some(4317), Protocol::Grpc)
    );
    let guests = asked.guests.expect("they have their own");
    assert_eq!(
        (guests.endpoint.port_u16(), guests.protocol),
        (Some(4318), Protocol::Http)
    );
}

#[test]
fn an_endpoint_that_is_none_is_refused() {
    let dev = Dev {
        otel_workload_endpoint: Some("localhost".to_owned()),
        ..Dev::default()
    };
    let refused = Asked::default()
        .and_by(&dev)
        .map(drop)
        .expect_err("it is no URL");
    assert!(
        refused.to_string().contains("dev.otel_workload_endpoint"),
        "{refused}"
    );
}
