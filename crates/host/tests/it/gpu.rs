//! A guest of `wasi:webgpu` on the software adapter, and what is refused before it starts.

use std::path::Path;

use weft_host::{Granting, HostConfig, Purpose};
use weft_telemetry::Telemetry;
use weft_testkit::collector::{Collector, Manner};
use weft_testkit::{example, within};

use crate::manifest::Manifest;
use crate::operated::Operated;
use crate::telemetry::sent_to;

fn doubler(tenant: &'static str, name: &str) -> Manifest {
    Manifest::new(tenant, name, &example("gpu-hello"))
}

/// Why a workload is not started.
async fn refused(operated: &Operated, manifest: &Manifest) -> String {
    let text = manifest.text();
    let specs = weft_api::manifest::parse("test.yaml", Path::new("/"), &text).unwrap();
    let prepared = operated
        .host
        .prepare(&specs[0], Granting::Entries, Purpose::Serve);
    within(prepared).await.map(drop).unwrap_err().to_string()
}

async fn ask(operated: &Operated, manifest: &Manifest, path: &str) -> (u16, String) {
    let reply = within(operated.client(manifest).get(path)).await.unwrap();
    (reply.status, reply.text.trim().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_computes_on_the_software_adapter() {
    let operated = Operated::with_gpu("software").await;
    let manifest = doubler("acme", "doubler")
        .reuse(4, 100, 8)
        .gpu(&[("memory", "16Mi")]);
    let _running = operated.start(&manifest).await;
    assert_eq!(
        ask(&operated, &manifest, "/double?1,2,3.5").await,
        (200, "2 4 7".to_owned())
    );
    let (_, adapter) = ask(&operated, &manifest, "/adapter").await;
    assert!(adapter.starts_with("software adapter"), "{adapter}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_two_tenants_compute_side_by_side() {
    let operated = Operated::with_gpu("software").await;
    let manifests = [
        doubler("acme", "one").gpu(&[]),
        doubler("globex", "two").gpu(&[]),
    ];
    let _running = [
        operated.start(&manifests[0]).await,
        operated.start(&manifests[1]).await,
    ];
    let (one, two) = (
        operated.client(&manifests[0]),
        operated.client(&manifests[1]),
    );
    for _ in 0..10 {
        let both = async { tokio::join!(one.get("/double?1,2"), two.get("/double?10,20")) };
        let (one, two) = within(both).await;
        assert_eq!(
            (one.unwrap().text.trim(), two.unwrap().text.trim()),
            ("2 4", "20 40")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_without_a_grant_is_refused() {
    let operated = Operated::with_gpu("software").await;
    let why = refused(&operated, &doubler("acme", "doubler")).await;
    assert!(
        why.contains("{namespace: wasi, package: webgpu, interfaces: [webgpu]}"),
        "{why}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_workload_cannot_have_is_refused_with_every_reason() {
    let operated = Operated::with_gpu("software").await;
    let manifest = doubler("acme", "doubler").gpu(&[("memory", "lots"), ("wieght", "7")]);
    let why = refused(&operated, &manifest).await;
    assert!(why.contains("`lots` is no amount of memory"), "{why}");
    assert!(why.contains("`wieght`: no such key"), "{why}");
    let manifest = doubler("acme", "doubler").gpu(&[("memory", "100Gi")]);
    let why = refused(&operated, &manifest).await;
    assert!(
        why.contains("this host allows 536870912 bytes for a tenant at most"),
        "{why}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_a_gpu_refuses_the_workload_and_says_so() {
    let operated = Operated::with_gpu("off").await;
    let manifest = doubler("acme", "doubler").gpu(&[("adapter", "software")]);
    let why = refused(&operated, &manifest).await;
    assert!(
        why.contains("the GPU is switched off (`--gpu off`)"),
        "{why}"
    );
}

/// The bill of a workload when it says so many submissions: a submission is settled after whoever waited for it was told.
async fn billed(operated: &Operated, submissions: u64) -> serde_json::Value {
    loop {
        let workloads = operated.workloads("").await;
        let gpu = &workloads[0]["gpu"];
        if gpu["submissions"].as_u64() >= Some(submissions)
            && gpu["gpuSeconds"].as_f64() > Some(0.0)
        {
            return gpu.clone();
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_workload_used_of_a_gpu_is_on_the_pages_of_the_host() {
    let operated = Operated::with_gpu("software").await;
    let manifest = doubler("acme", "doubler").gpu(&[("memory", "16Mi")]);
    let _running = operated.start(&manifest).await;
    ask(&operated, &manifest, "/double?1,2,3.5").await;
    let bill = billed(&operated, 1).await;
    assert_eq!(bill["memoryLimitBytes"], 16 << 20, "{bill}");
    assert_eq!(bill["dispatches"], 1, "{bill}");
    assert_eq!(bill["uploadedBytes"], 12, "{bill}");
    assert_eq!(bill["downloadedBytes"], 12, "{bill}");
    assert!(bill["memoryByteSeconds"].as_f64() > Some(0.0), "{bill}");
    let metrics = operated.page("/metrics").await.text;
    let one = "tenant=\"acme\",workload=\"doubler\"";
    for line in [
        format!("weft_gpu_submissions_total{{{one}}} 1"),
        format!("weft_gpu_dispatches_total{{{one}}} 1"),
        format!("weft_gpu_transferred_bytes_total{{{one},direction=\"down\"}} 12"),
    ] {
        assert!(metrics.contains(&line), "{line} in {metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workload_without_a_gpu_has_no_bill() {
    let operated = Operated::with_gpu("off").await;
    let manifest = Manifest::new("acme", "hello", &example("hello"));
    let _running = operated.start(&manifest).await;
    let workloads = operated.workloads("").await;
    assert!(workloads[0]["gpu"].is_null(), "{workloads:?}");
    let metrics = operated.page("/metrics").await.text;
    assert!(
        !metrics.contains("weft_gpu_submissions_total{"),
        "{metrics}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workload_asks_for_a_share_of_the_time_and_no_more_than_its_tenant_has() {
    let operated = Operated::with_gpu("software").await;
    let manifest = doubler("acme", "doubler").gpu(&[("gpu-time", "lots")]);
    let why = refused(&operated, &manifest).await;
    assert!(why.contains("`lots` is no part of a GPU's time"), "{why}");
    let manifest = doubler("acme", "doubler").gpu(&[("gpu-time", "50%")]);
    let _running = operated.start(&manifest).await;
    assert_eq!(ask(&operated, &manifest, "/double?1").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_span_of_a_request_tells_what_it_used_of_the_gpu() {
    let collector = Collector::start(Manner::Takes).await;
    let mut host = HostConfig {
        telemetry: Some(Telemetry::new(sent_to(&collector)).unwrap()),
        ..HostConfig::default()
    };
    host.engine.gpu.selector = "software".parse().unwrap();
    let operated = Operated::with(host).await;
    let manifest = doubler("acme", "doubler").gpu(&[]);
    let _running = operated.start(&manifest).await;
    ask(&operated, &manifest, "/double?1,2,3,4").await;
    let spans = collector.spans(3).await;
    let server = spans.iter().find(|span| span.it.kind == 2).unwrap();
    assert_eq!(server.attribute("weft.gpu.dispatches"), "1");
    assert_eq!(server.attribute("weft.gpu.uploaded_bytes"), "16");
    assert_eq!(server.attribute("weft.gpu.downloaded_bytes"), "16");
    let held: f64 = server
        .attribute("weft.gpu.memory.byte_seconds")
        .parse()
        .unwrap();
    assert!(held > 0.0);
}
