//! The page of metrics moves as requests do, can be read by Prometheus, and does not grow without bound.

use weft_host::HostConfig;
use weft_testkit::client::Client;
use weft_testkit::guest;

use crate::exposition::Page;
use crate::manifest::Manifest;
use crate::operated::Operated;

const REQUESTS: &str = "weft_requests_total";
const DURATIONS: &str = "weft_request_duration_seconds_count";

fn kitchen(tenant: &'static str) -> Manifest {
    Manifest::new(tenant, "kitchen", &guest("http_kitchen"))
}

/// The labels of `kitchen` of tenant `t`.
const KITCHEN: [(&str, &str); 2] = [("tenant", "t"), ("workload", "kitchen")];

fn answers(page: &Page, status: &str, code: &str) -> f64 {
    let [tenant, workload] = KITCHEN;
    page.get(
        REQUESTS,
        &[tenant, workload, ("status", status), ("code", code)],
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_and_histogram_move_as_requests_do() {
    let operated = Operated::new().await;
    let manifest = kitchen("t");
    let _running = operated.start(&manifest).await;
    assert_eq!(operated.metrics().await.sum(DURATIONS, &KITCHEN), 0.0);

    let client = operated.client(&manifest);
    for _ in 0..3 {
        assert_eq!(client.get("/hello").await.unwrap().text, "hello");
    }
    assert_eq!(client.post("/echo", "four").await.unwrap().text, "four");
    let page = operated
        .metrics_once(|page| answers(page, "2xx", "") == 4.0)
        .await;
    assert_eq!(page.get(DURATIONS, &KITCHEN), 4.0);
    assert!(page.get("weft_request_duration_seconds_sum", &KITCHEN) > 0.0);
    assert_eq!(page.get("weft_request_body_bytes_total", &KITCHEN), 4.0);
    let sent = page.get("weft_response_body_bytes_total", &KITCHEN);
    assert_eq!(sent, 3.0 * 5.0 + 4.0);
    assert_eq!(page.get("weft_workloads", &[]), 1.0);
    assert_eq!(page.get("weft_ready", &[]), 1.0);
    assert!(page.get("weft_connections_accepted_total", &[]) >= 4.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trap_is_counted_by_its_cause_and_a_status_of_the_guest_is_no_failure() {
    let operated = Operated::new().await;
    let manifest = kitchen("t");
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    for (path, status) in [
        ("/trap", 502),
        ("/trap", 502),
        ("/exit?3", 502),
        ("/nothing-there", 404),
    ] {
        assert_eq!(client.get(path).await.unwrap().status, status, "{path}");
    }
    let page = operated
        .metrics_once(|page| page.sum(REQUESTS, &KITCHEN) == 4.0)
        .await;
    assert_eq!(answers(&page, "5xx", "guest-trap"), 2.0);
    assert_eq!(answers(&page, "5xx", "guest-exit"), 1.0);
    assert_eq!(answers(&page, "4xx", ""), 1.0);
    let [tenant, workload] = KITCHEN;
    let failures = |cause| page.get("weft_failures_total", &[tenant, workload, ("cause", cause)]);
    assert_eq!((failures("unreachable"), failures("exit")), (2.0, 1.0));
    assert_eq!(page.sum("weft_failures_total", &KITCHEN), 3.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_request_uses_is_seen_while_it_runs() {
    let operated = Operated::new().await;
    let manifest = kitchen("t");
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    let held = tokio::spawn(async move { client.get("/spin").await.map(|reply| reply.status) });
    let tenant = [("tenant", "t")];
    // A page is no snapshot, and an instance takes its memory before it is counted: a page that has all of it.
    operated
        .metrics_once(|page| {
            page.get("weft_requests_in_flight", &KITCHEN) == 1.0
                && page.get("weft_instances", &KITCHEN) == 1.0
                && page.get("weft_guest_memory_bytes", &KITCHEN) > 0.0
                && page.get("weft_guest_cpu_seconds_total", &KITCHEN) > 0.0
                && page.get("weft_tenant_requests_in_flight", &tenant) == 1.0
                && page.get("weft_tenant_instances", &tenant) == 1.0
                && page.get("weft_host_instances", &[]) == 1.0
                && page.get("weft_host_guest_memory_bytes", &[]) > 0.0
        })
        .await;
    // The client leaves: the guest is gone, and its request is counted as the client's doing.
    held.abort();
    operated
        .metrics_once(|page| {
            page.get("weft_requests_in_flight", &KITCHEN) == 0.0
                && page.get("weft_tenant_requests_in_flight", &tenant) == 0.0
                && answers(page, "4xx", "client-gone") == 1.0
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_go_on_when_another_version_takes_over() {
    let operated = Operated::new().await;
    let manifest = kitchen("t");
    let mut running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    assert_eq!(client.get("/trap").await.unwrap().status, 502);
    assert_eq!(client.get("/spin-ms?30").await.unwrap().status, 200);
    let spent = |page: &Page| page.get("weft_guest_cpu_seconds_total", &KITCHEN);
    let before = operated.metrics_once(|page| spent(page) > 0.0).await;

    let spec = running.spec.clone();
    let prepared = operated.host.prepare(
        &spec,
        weft_host::Granting::Entries,
        weft_host::Purpose::Serve,
    );
    let prepared = prepared.await.unwrap();
    let swapped = operated.host.swap(&mut running, &spec, prepared);
    swapped.await.unwrap();
    assert_eq!(client.get("/trap").await.unwrap().status, 502);
    let after = operated
        .metrics_once(|page| page.sum(REQUESTS, &KITCHEN) == 3.0)
        .await;
    assert_eq!(after.sum("weft_failures_total", &KITCHEN), 2.0);
    assert!(spent(&after) >= spent(&before));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_for_names_that_nobody_has_bring_no_labels_of_theirs() {
    let operated = Operated::new().await;
    for n in 0..20 {
        let client = Client::new(operated.addr).host(&format!("scan-{n}.example"));
        assert_eq!(client.get("/wp-login.php").await.unwrap().status, 404);
    }
    let none = [("tenant", "_none"), ("workload", "_none")];
    let page = operated
        .metrics_once(|page| page.get(DURATIONS, &none) == 20.0)
        .await;
    let labels = [
        none[0],
        none[1],
        ("status", "4xx"),
        ("code", "unknown-host"),
    ];
    assert_eq!(page.get(REQUESTS, &labels), 20.0);
    assert_eq!(
        page.values("workload").into_iter().collect::<Vec<_>>(),
        ["_none"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workload_that_is_gone_is_on_one_more_page() {
    let operated = Operated::new().await;
    let manifest = kitchen("t");
    let running = operated.start(&manifest).await;
    operated.client(&manifest).get("/hello").await.unwrap();
    operated
        .metrics_once(|page| page.get(DURATIONS, &KITCHEN) == 1.0)
        .await;
    drop(running);
    // Its last instance may take a moment to go.
    operated
        .metrics_once(|page| !page.values("workload").contains("kitchen"))
        .await;
    assert!(operated.workloads("").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifteen_hundred_workloads_make_a_page_of_bounded_size() {
    const WORKLOADS: usize = 1_500;
    let operated = Operated::with(HostConfig {
        metrics_workloads: 100,
        ..HostConfig::default()
    })
    .await;
    let file = guest("http_kitchen");
    let mut running = Vec::new();
    for n in 0..WORKLOADS {
        let manifest = Manifest::new("t", &format!("w{n:04}"), &file);
        running.push(operated.start(&manifest).await);
    }
    // The last one has no labels of its own.
    let last = Manifest::new("t", &format!("w{:04}", WORKLOADS - 1), &file);
    let first = Manifest::new("t", "w0000", &file);
    for manifest in [&first, &last] {
        let reply = operated.client(manifest).get("/hello").await.unwrap();
        assert_eq!(reply.text, "hello");
    }
    let other = [("tenant", "_other"), ("workload", "_other")];
    let page = operated
        .metrics_once(|page| page.sum(REQUESTS, &[]) == 2.0)
        .await;
    assert_eq!(page.get("weft_workloads", &[]), WORKLOADS as f64);
    assert_eq!(page.get(DURATIONS, &other), 1.0);
    let own = [("tenant", "t"), ("workload", "w0000")];
    assert_eq!(page.get(DURATIONS, &own), 1.0);
    let names = page.values("workload");
    assert_eq!(names.len(), 100 + 1, "and `_other`");
    assert!(page.len() < 1_000, "{} samples", page.len());
    assert_eq!(operated.workloads("").await.len(), WORKLOADS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_says_what_it_uses() {
    let operated = Operated::new().await;
    let page = operated.metrics().await;
    for name in [
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_start_time_seconds",
    ] {
        assert!(page.get(name, &[]) > 0.0, "{name}");
    }
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    assert_eq!(page.get("weft_build_info", &version), 1.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documentation_lists_every_metric_and_no_other() {
    let operated = Operated::new().await;
    let manifest = kitchen("t");
    let _running = operated.start(&manifest).await;
    let file = weft_testkit::guests::repository().join("docs/src/admin.md");
    let text = std::fs::read_to_string(file).unwrap();
    let listed: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("weft_") || name.starts_with("process_"))
        .collect();
    let page = operated.metrics().await;
    let mut there: Vec<String> = page
        .types()
        .iter()
        .map(|(name, kind)| match kind.as_str() {
            "counter" => format!("{name}_total"),
            "info" => format!("{name}_info"),
            _ => name.clone(),
        })
        .collect();
    let only_with_tls = "weft_certificate_expiry_timestamp_seconds";
    let only_with_telemetry = "weft_telemetry_";
    let mut listed: Vec<String> = listed
        .into_iter()
        .filter(|name| *name != only_with_tls && !name.starts_with(only_with_telemetry))
        .map(str::to_owned)
        .collect();
    there.sort();
    listed.sort();
    assert_eq!(listed, there);
}
