//! Each variable, what it does, and what a wrong value gives.

use super::*;

fn read(variables: &[(&str, &str)]) -> (Config, Vec<Warning>) {
    environment(variables).config([("service.name".to_owned(), "weft".to_owned())])
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    let owned = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Environment::of(owned)
}

fn sound(variables: &[(&str, &str)]) -> Config {
    let (config, warnings) = read(variables);
    assert_eq!(warnings, []);
    config
}

fn traces(variables: &[(&str, &str)]) -> Destination {
    sound(variables).traces.destination.expect("they are sent")
}

#[test]
fn any_variable_asks_for_telemetry_and_one_says_no() {
    assert!(!environment(&[]).asks());
    assert!(!environment(&[("OTEL_SERVICE_NAME", " "), ("PATH", "/bin")]).asks());
    assert!(environment(&[("OTEL_SERVICE_NAME", "a")]).asks());
    let on = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317");
    assert!(!environment(&[on, ("OTEL_SDK_DISABLED", "TRUE")]).asks());
    assert!(environment(&[on, ("OTEL_SDK_DISABLED", "false")]).asks());
}

#[test]
fn where_nothing_is_said_all_goes_to_this_machine_by_grpc() {
    let config = sound(&[("OTEL_SERVICE_NAME", "mine")]);
    for signal in [&config.traces, &config.metrics, &config.logs] {
        let destination = signal.destination.as_ref().expect("it is sent");
        assert_eq!(destination.endpoint, "http://localhost:4317/");
        assert_eq!(destination.protocol, Protocol::Grpc);
        assert_eq!(destination.timeout, Duration::from_secs(10));
        assert!(!destination.gzip);
    }
    assert_eq!(config.resource.text("service.name"), Some("mine"));
}

#[test]
fn by_http_each_signal_has_a_path_below_the_endpoint() {
    let config = sound(&[
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "https://collector.example/base/",
        ),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
    ]);
    let endpoints = [&config.traces, &config.metrics, &config.logs].map(|signal| {
        signal
            .destination
            .as_ref()
            .expect("it is sent")
            .endpoint
            .to_string()
    });
    assert_eq!(
        endpoints,
        ["traces", "metrics", "logs"]
            .map(|path| format!("https://collector.example/base/v1/{path}"))
    );
}

#[test]
fn the_endpoint_of_one_signal_is_taken_as_it_is() {
    let config = sound(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:4318"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://own:9/there"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
    ]);
    let endpoint = |signal: &SignalConfig| {
        signal
            .destination
            .as_ref()
            .expect("it is sent")
            .endpoint
            .to_string()
    };
    assert_eq!(endpoint(&config.traces), "http://own:9/there");
    assert_eq!(endpoint(&config.logs), "http://all:4318/v1/logs");
}

#[test]
fn the_port_says_the_protocol_if_nobody_else_does() {
    for (endpoint, protocol) in [
        ("http://a:4317", Protocol::Grpc),
        ("http://a:4318", Protocol::Http),
        ("http://a", Protocol::Grpc),
        ("https://a/otlp/v1/traces", Protocol::Http),
    ] {
        let found = traces(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]).protocol;
        assert_eq!(found, protocol, "{endpoint}");
    }
}

#[test]
fn what_is_said_of_one_signal_counts_more() {
    let found = traces(&[
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=1"),
        (
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
            "authorization=Basic%20eDp5, x=2",
        ),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2500"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"),
    ]);
    let headers: Vec<_> = found
        .headers
        .into_iter()
        .map(|(name, value)| (name.as_str(), value.to_str().expect("text")))
        .collect();
    assert_eq!(headers, [("authorization", "Basic eDp5"), ("x", "2")]);
    assert_eq!(found.timeout, Duration::from_millis(2500));
    assert!(found.gzip);
    assert_eq!(found.tls.certificate, Some("/ca.pem".into()));
}

#[test]
fn headers_are_in_no_debug_output() {
    let found = traces(&[("OTEL_EXPORTER_OTLP_HEADERS", "authorization=hunter2")]);
    assert!(!format!("{found:?}").contains("hunter2"));
}

#[test]
fn a_signal_can_be_left_out() {
    let config = sound(&[
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_TRACES_EXPORTER", "otlp"),
    ]);
    assert!(config.logs.destination.is_none());
    assert!(config.traces.destination.is_some() && config.metrics.destination.is_some());
}

#[test]
fn each_sampler_has_its_name() {
    let half = Root::Ratio(Ratio::new(0.5).expect("a share"));
    for (name, sampler) in [
        ("always_on", Sampler::Root(Root::AlwaysOn)),
        ("always_off", Sampler::Root(Root::AlwaysOff)),
        ("traceidratio", Sampler::Root(half)),
        (
            "parentbased_always_on",
            Sampler::ParentBased(Root::AlwaysOn),
        ),
        (
            "parentbased_always_off",
            Sampler::ParentBased(Root::AlwaysOff),
        ),
        ("parentbased_traceidratio", Sampler::ParentBased(half)),
    ] {
        let config = sound(&[
            ("OTEL_TRACES_SAMPLER", name),
            ("OTEL_TRACES_SAMPLER_ARG", "0.5"),
        ]);
        assert_eq!(config.sampler, sampler, "{name}");
    }
    assert_eq!(
        sound(&[("OTEL_TRACES_SAMPLER", "traceidratio")]).sampler,
        Sampler::Root(Root::AlwaysOn)
    );
}

#[test]
fn attributes_of_the_host_come_from_three_places() {
    let resource = sound(&[
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "service.name=b,deployment.environment.name=pre%2Dprod",
        ),
        ("OTEL_SERVICE_NAME", "c"),
    ])
    .resource;
    assert_eq!(resource.text("service.name"), Some("c"));
    assert_eq!(
        resource.text("deployment.environment.name"),
        Some("pre-prod")
    );
    let resource = sound(&[("OTEL_RESOURCE_ATTRIBUTES", "service.name=b")]).resource;
    assert_eq!(resource.text("service.name"), Some("b"));
}

#[test]
fn batches_limits_and_intervals_are_read() {
    let config = sound(&[
        ("OTEL_BSP_SCHEDULE_DELAY", "10"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "20"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "30"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "40"),
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "5"),
        ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "6"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "7"),
        ("OTEL_PROPAGATORS", "baggage"),
    ]);
    assert_eq!(config.traces.delay, Duration::from_millis(10));
    assert_eq!((config.traces.queue, config.traces.batch), (100, 20));
    assert_eq!(config.logs.delay, Duration::from_millis(30));
    assert_eq!(config.metric_interval, Duration::from_millis(40));
    assert_eq!(
        config.limits,
        SpanLimits {
            attributes: 5,
            value_length: 6,
            events: 7,
            links: 128,
        }
    );
    assert!(config.propagators.baggage && !config.propagators.trace_context);
}

#[test]
fn a_wrong_value_is_named_never_shown_and_not_used() {
    let wrong = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "hunter2"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "hunter2"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "hunter2"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "hunter2"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "hunter2"),
        ("OTEL_TRACES_EXPORTER", "hunter2"),
        ("OTEL_TRACES_SAMPLER", "hunter2"),
        ("OTEL_RESOURCE_ATTRIBUTES", "hunter2"),
        ("OTEL_PROPAGATORS", "hunter2"),
        ("OTEL_BSP_SCHEDULE_DELAY", "0"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "-1"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "hunter2"),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "hunter2"),
    ];
    let usual = sound(&[("OTEL_SERVICE_NAME", "weft")]);
    for (name, value) in wrong {
        let (config, warnings) = read(&[(name, value)]);
        assert!(!warnings.is_empty(), "{name}");
        for warning in warnings {
            assert_eq!(warning.variable, name);
            assert!(!warning.to_string().contains("hunter2"), "{warning}");
        }
        assert_eq!(format!("{config:?}"), format!("{usual:?}"), "{name}");
    }
}

#[test]
fn a_password_in_an_endpoint_is_refused_and_a_key_in_its_query_is_not_shown() {
    for endpoint in [
        "http://user:swordfish@collector:4318",
        "https://swordfish@collector",
        "file:///swordfish",
        "unix:/swordfish",
        "http:///swordfish",
        "swordfish",
    ] {
        let (config, warnings) = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]);
        assert!(!warnings.is_empty(), "{endpoint}");
        let told = format!("{warnings:?} {config:?}");
        assert!(!told.contains("swordfish"), "{told}");
        assert_eq!(Destination::at(endpoint, None), None);
    }
    let own = "http://collector:4318/v1/traces?key=swordfish";
    let config = sound(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", own)]);
    let told = format!("{config:?}");
    assert!(told.contains("http://collector:4318/v1/traces"), "{told}");
    assert!(!told.contains("swordfish"), "{told}");
}
