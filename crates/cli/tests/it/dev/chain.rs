//! `examples/otel-chain` as its README says: three processes, one trace.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;

use weft_testkit::browser::Browser;
use weft_testkit::collector::proto::trace::v1::Span;
use weft_testkit::collector::proto::trace::v1::span::SpanKind;
use weft_testkit::collector::{Collector, Manner, Of};
use weft_testkit::example;
use weft_testkit::guests::repository;

use super::harness::{Dev, Folder};

const TOKEN: &str = "open-sesame-4711";

/// A link of the chain: its project as it is in the repository, with the port of the next link instead of the usual one.
fn folder(link: &str, next: Option<(&str, &str)>, token: &str) -> Folder {
    let source = repository().join("examples/otel-chain").join(link);
    let read = |file: &str| {
        let text = std::fs::read_to_string(source.join(file)).unwrap();
        match next {
            Some((usual, actual)) => text.replace(usual, actual),
            None => text,
        }
    };
    let built = "../target/wasm32-wasip2/release/otel_chain.wasm";
    let build = "cargo build --release --target wasm32-wasip2 --manifest-path ../Cargo.toml";
    let copy = format!("cp '{}' link.wasm", example("otel-chain").display());
    let project = read("weft.yaml");
    assert!(project.contains(built) && project.contains(build));
    let placeholder = read(".env.example");
    let folder = Folder::new(&project.replace(build, &copy).replace(built, "link.wasm"))
        .with("chain.env", &read("chain.env"))
        .with(
            ".env",
            &placeholder.replace("TOKEN=\n", &format!("TOKEN={token}\n")),
        );
    set_permissions(folder.path(".env"), Permissions::from_mode(0o600)).unwrap();
    folder
}

/// The three links of the chain.
struct Links {
    frontend: Dev,
    middle: Dev,
    backend: Dev,
    middle_folder: Folder,
    _folders: [Folder; 2],
}

impl Links {
    /// Starts them, the last one first. `token` is what the backend takes for the secret; `environment` is told the
    /// backend for all others.
    fn start(
        token: &str,
        environment: impl Fn(Option<&Dev>) -> Vec<(&'static str, String)>,
    ) -> Self {
        let start = |folder: &Folder, backend: Option<&Dev>| {
            let environment = environment(backend);
            let environment = environment
                .iter()
                .map(|(name, value)| (*name, value.as_str()));
            let mut dev = folder.dev_in(&environment.collect::<Vec<_>>());
            dev.wait_for("serving on http://");
            dev
        };
        let port = |dev: &Dev| {
            let port = dev.url.trim_end_matches('/').rsplit(':').next();
            format!("localhost:{}", port.unwrap())
        };
        let last = folder("backend", None, token);
        let backend = start(&last, None);
        let middle_folder = folder("middle", Some(("localhost:8003", &port(&backend))), TOKEN);
        let middle = start(&middle_folder, Some(&backend));
        let first = folder("frontend", Some(("localhost:8002", &port(&middle))), TOKEN);
        let frontend = start(&first, Some(&backend));
        Self {
            frontend,
            middle,
            backend,
            middle_folder,
            _folders: [last, first],
        }
    }
}

/// The chain, and a collector that all three tell.
struct Chain {
    links: Links,
    collector: Collector,
}

impl Chain {
    async fn start(token: &str) -> Self {
        let collector = Collector::start(Manner::Takes).await;
        let url = collector.url();
        let links = Links::start(token, |_| {
            vec![
                ("OTEL_EXPORTER_OTLP_ENDPOINT", url.clone()),
                ("OTEL_BSP_SCHEDULE_DELAY", "50".to_owned()),
                ("OTEL_BLRP_SCHEDULE_DELAY", "50".to_owned()),
            ]
        });
        Self { links, collector }
    }

    /// The span of the request to a link.
    async fn request(&self, service: &str) -> Of<Span> {
        let of = |span: &&Of<Span>| {
            span.resource("service.name") == service && span.it.name == "GET" && is_server(span)
        };
        self.collector
            .wait_for(|all| all.spans.iter().find(of).cloned())
            .await
    }

    /// A span that was told of already or will be, by name and service.
    async fn span(&self, service: &str, name: &str) -> Of<Span> {
        let of =
            |span: &&Of<Span>| span.resource("service.name") == service && span.it.name == name;
        self.collector
            .wait_for(|all| all.spans.iter().find(of).cloned())
            .await
    }

    /// The span that another one is below.
    async fn parent(&self, of: &Of<Span>) -> Of<Span> {
        self.collector
            .wait_for(|all| all.spans.iter().find(|span| of.is_child_of(span)).cloned())
            .await
    }

    /// Whether `below` is somewhere below `above`.
    async fn leads_to(&self, above: &Of<Span>, below: &Of<Span>) -> bool {
        let mut at = below.clone();
        while !at.it.parent_span_id.is_empty() {
            at = self.parent(&at).await;
            if at.it.span_id == above.it.span_id {
                return true;
            }
        }
        false
    }
}

fn is_server(span: &Of<Span>) -> bool {
    span.it.kind() == SpanKind::Server
}

#[tokio::test]
async fn one_request_is_one_trace_over_three_processes() {
    let chain = Chain::start(TOKEN).await;
    assert_eq!(
        chain.links.frontend.get("/").await,
        "frontend -> middle -> backend\n"
    );
    let [front, middle, back] = [
        chain.request("frontend").await,
        chain.request("middle").await,
        chain.request("backend").await,
    ];
    assert!(front.it.parent_span_id.is_empty());
    assert!(chain.leads_to(&front, &middle).await);
    assert!(chain.leads_to(&middle, &back).await);
    // The guests' own spans are in it, below the requests that they belong to.
    for (service, request) in [
        ("frontend", &front),
        ("middle", &middle),
        ("backend", &back),
    ] {
        let own = chain.span(service, "chain link").await;
        assert_eq!(own.attribute("chain.name"), service);
        assert!(chain.leads_to(request, &own).await, "{service}");
        assert_eq!(request.resource("deployment.environment.name"), "example");
        assert_eq!(own.resource("deployment.environment.name"), "example");
    }
    let work = chain.span("backend", "work").await;
    assert!(work.is_child_of(&chain.span("backend", "chain link").await));
    // And what they count.
    let counted = chain.collector.wait_for(|all| {
        let of = |service: &str| {
            let metrics = all.metrics.iter();
            metrics
                .filter(|metric| metric.it.name == "chain.requests")
                .any(|metric| metric.resource("service.name") == service)
        };
        ["frontend", "middle", "backend"]
            .into_iter()
            .all(of)
            .then_some(())
    });
    counted.await;
    let told = format!("{:?}", chain.collector.received());
    assert!(!told.contains(TOKEN), "the secret was told");
}

#[tokio::test]
async fn a_host_that_is_not_allowed_is_a_failure_whose_log_and_trace_say_why() {
    let mut chain = Chain::start(TOKEN).await;
    let project = chain.links.middle_folder.read("weft.yaml");
    let entry = project.lines().find(|line| line.contains("allowedHosts"));
    let none = project.replace(entry.unwrap(), "  allowedHosts: []");
    chain.links.middle_folder.write("weft.yaml", &none);
    chain.links.middle.wait_for("swapped to version 2");

    let reply = chain.links.frontend.client().get("/").await.unwrap();
    assert_eq!(reply.status, 502, "{}", reply.text);
    let line = chain.links.middle.wait_for("egress denied");
    assert!(line.contains("would allow it"), "{line}");
    let front = chain.request("frontend").await;
    let called = chain.collector.wait_for(|all| {
        let of = |span: &&Of<Span>| {
            span.resource("service.name") == "middle"
                && span.it.trace_id == front.it.trace_id
                && span.it.kind() == SpanKind::Client
        };
        all.spans.iter().find(of).cloned()
    });
    let called = called.await;
    let status = called.it.status.clone().unwrap_or_default();
    assert!(status.message.contains("would allow it"), "{called:?}");
    // What the guest logs about it is in the trace, too.
    let told = chain.collector.wait_for(|all| {
        let records = all.logs.iter();
        records
            .filter(|record| record.it.trace_id == front.it.trace_id)
            .filter(|record| record.resource("service.name") == "middle")
            .find(|record| record.body().contains("cannot be asked"))
            .cloned()
    });
    assert!(told.await.body().starts_with("middle: "));
}

#[tokio::test]
async fn a_link_with_another_secret_is_not_answered() {
    let chain = Chain::start("something-else").await;
    let reply = chain.links.frontend.client().get("/").await.unwrap();
    assert_eq!(reply.status, 502);
    assert!(reply.text.contains("401"), "{}", reply.text);
    assert!(!reply.text.contains(TOKEN), "{}", reply.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_one_trace_over_the_three() {
    let viewer = |backend: &Dev| {
        let line = backend.seen("viewer on http://")[0];
        let (_, address) = line.split_once("http://").unwrap();
        address.trim_end_matches('/').to_owned()
    };
    let page_of = |backend: Option<&Dev>| backend.map_or("127.0.0.1:0".to_owned(), viewer);
    let links = Links::start(TOKEN, |backend| vec![("WEFT_VIEWER", page_of(backend))]);
    assert_eq!(
        links.frontend.get("/").await,
        "frontend -> middle -> backend\n"
    );
    let browser = Browser::start();
    let address = viewer(&links.backend);
    let page = browser.open(&format!("http://{address}/")).await;
    page.wait("document.querySelectorAll('.list .services .service').length >= 3")
        .await;
    page.click(".list tbody a").await;
    page.wait_for(".row .what", "work").await;
    for service in ["frontend", "middle", "backend"] {
        page.wait_for(".row .what .service", service).await;
    }
    page.wait_for(".row .what", "chain link").await;
    page.is_healthy().await;
}
