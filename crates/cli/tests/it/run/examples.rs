//! Every example, started from its manifest as its README says.

use weft_testkit::guests::repository;

use super::harness::Serving;

fn example(name: &str) -> Serving {
    Serving::start([repository()
        .join("examples")
        .join(name)
        .join("manifest.yaml")])
}

#[tokio::test]
async fn hello_greets_with_the_text_of_its_manifest() {
    let serving = example("hello");
    let client = serving.client().host("hello.localhost");
    let reply = client.get("/").await.unwrap();
    assert_eq!(
        (reply.status, reply.text.contains("Hello from a manifest!")),
        (200, true),
        "{}",
        reply.text
    );
}

#[tokio::test]
async fn hello_async_streams_from_wasi_0_3() {
    let serving = example("hello-async");
    let client = serving.client().host("hello-async.localhost");
    assert!(
        client
            .get("/")
            .await
            .unwrap()
            .text
            .contains("Hello from WASI 0.3!")
    );
}

#[tokio::test]
async fn counter_keeps_its_count_in_the_component_that_it_is_linked_to() {
    let serving = example("counter");
    let client = serving.client().host("counter.localhost");
    assert_eq!(
        client.post("/bump?by=2", "").await.unwrap().text.trim(),
        "2"
    );
    assert_eq!(
        client.post("/bump?by=3", "").await.unwrap().text.trim(),
        "5"
    );
}

#[tokio::test]
async fn hello_ts_is_typescript() {
    let serving = example("hello-ts");
    let client = serving.client().host("hello-ts.localhost");
    assert!(
        client
            .get("/")
            .await
            .unwrap()
            .text
            .contains("from TypeScript!")
    );
}

#[tokio::test]
async fn all_examples_share_one_host() {
    let manifests = ["hello", "hello-async", "counter", "hello-ts"].map(|name| {
        repository()
            .join("examples")
            .join(name)
            .join("manifest.yaml")
    });
    let serving = Serving::start(manifests);
    assert_eq!(serving.listening["workloads"].as_array().unwrap().len(), 4);
    for host in [
        "hello.localhost",
        "hello-async.localhost",
        "counter.localhost",
        "hello-ts.localhost",
    ] {
        assert_eq!(
            serving.client().host(host).get("/").await.unwrap().status,
            200,
            "{host}"
        );
    }
}
