//! The page of `weft dev`: of one project, and of several that share one.

use std::net::TcpListener;

use weft_testkit::browser::Browser;
use weft_testkit::client::Client;

use super::harness::{Dev, Folder, kitchen, stderr};

/// Where the page is, from the line that says so.
fn address(dev: &mut Dev) -> String {
    let line = dev.wait_for("viewer on http://");
    line.split_once("http://")
        .unwrap()
        .1
        .trim_end_matches('/')
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_follows_the_workload_of_the_project() {
    let folder = Folder::new(&kitchen(""));
    let mut dev = folder.dev_with(&["--viewer", "127.0.0.1:0"]);
    let viewer = address(&mut dev);
    let browser = Browser::start();
    let page = browser.open(&format!("http://{viewer}/#/workloads")).await;
    page.wait_for(".process header .badge.good", "serving")
        .await;
    page.wait_for(".workload .badge.good", "running").await;
    for _ in 0..7 {
        dev.get("/env?HOME").await;
    }
    page.wait_for(".tiles div:first-child dd", "7").await;
    // A build that fails: the version before keeps serving.
    folder.write(
        "weft.yaml",
        "build:\n  command: exit 3\n  component_path: out.wasm\n",
    );
    page.wait_for(".process header .badge.bad", "build failed")
        .await;
    page.wait_for(".workload .badge.good", "running").await;
    folder.write("weft.yaml", &kitchen(""));
    page.wait_for(".process header .badge.good", "serving")
        .await;
    page.is_healthy().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_projects_share_one_page_and_the_second_takes_over() {
    let (one, two) = (Folder::new(&kitchen("")), Folder::new(&kitchen("")));
    let mut first = one.dev_with(&["--viewer", "127.0.0.1:0"]);
    let viewer = address(&mut first);
    let mut second = two.dev_with(&["--viewer", &viewer]);
    second.wait_for("viewer of another weft dev on http://");
    let browser = Browser::start();
    let page = browser.open(&format!("http://{viewer}/#/workloads")).await;
    page.wait("document.querySelectorAll('.process .badge.good').length >= 4")
        .await;
    for folder in [&one, &two] {
        let name = folder.root().display().to_string();
        page.wait_for(".process h2", &name).await;
    }
    drop(first);
    second.wait_for("viewer on http://");
    // The page finds it again by itself.
    page.wait("document.querySelectorAll('.process').length === 1")
        .await;
    page.wait_for(".process h2", &two.root().display().to_string())
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_page_nothing_listens_and_what_was_asked_for_is_had_or_refused() {
    let folder = Folder::new(&kitchen(""));
    let mut dev = folder.dev_with(&["--viewer", "off"]);
    dev.wait_for("serving on");
    assert!(dev.seen("viewer on").is_empty());
    drop(dev);

    // Something that is no viewer: it never answers.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let refused = folder.output(&["--viewer", &taken]);
    assert!(!refused.status.success());
    let said = stderr(&refused);
    assert!(
        said.contains(&taken) && said.contains("--viewer off"),
        "{said}"
    );
    for wrong in ["0.0.0.0:4318", "yes"] {
        let refused = folder.output(&["--viewer", wrong]);
        assert!(!refused.status.success(), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_programs_report_to_the_page_of_weft_dev() {
    let folder = Folder::new(&kitchen(""));
    let mut dev = folder.dev_with(&["--viewer", "127.0.0.1:0"]);
    let viewer = address(&mut dev);
    let client = Client::new(viewer.parse().unwrap());
    let message = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"from elsewhere"}}]}]}]}"#;
    let mut request = weft_testkit::client::post("/v1/logs", weft_testkit::client::full(message));
    request
        .headers_mut()
        .insert("content-type", "application/json".parse().unwrap());
    assert_eq!(client.send(request).await.unwrap().status(), 200);
    let browser = Browser::start();
    let page = browser.open(&format!("http://{viewer}/#/logs")).await;
    page.wait_for(".entry .body", "from elsewhere").await;
}
