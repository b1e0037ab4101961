//! A machine that has run out of something: what `weft run` goes on doing.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;
use weft_testkit::client::{Client, get};
use weft_testkit::server::EchoServer;
use weft_testkit::visitor::Visitor;
use weft_testkit::{guest, until, within};

use super::harness::{Scratch, Serving, manifest, weft, weft_under};

/// Files may have 512 kB at most: what a full disk does to compiled code, which is larger. (Not much less, since an
/// instance's first memory is a file in memory for the system.) Without the trap the system would end the process at the
/// first such write.
const FULL_DISK: &str = "trap '' XFSZ && ulimit -f 1024";

/// Open files and connections of the process at most.
const FEW_FILES: &str = "ulimit -n 128";

/// So many are open when a hostile guest has taken what it can.
const NEARLY_ALL: usize = 120;

#[tokio::test]
async fn a_cache_on_a_full_disk_costs_speed_and_no_request() {
    let scratch = Scratch::new();
    let cache = scratch.path().join("code");
    let kitchen = guest("http_kitchen");
    let args = [Path::new("--cache-dir"), cache.as_path(), kitchen.as_path()];
    let serving = Serving::start_as(weft_under(FULL_DISK), args);
    assert_eq!(serving.get("/hello").await, "hello");
    assert_eq!(serving.get("/env?NOTHING").await, "NOTHING is not set");
    drop(serving);
    assert_eq!(entries(&cache), 0, "code that was cut off is in the cache");
    // What was written in part is not taken for code when there is room again.
    let serving = Serving::start_as(weft(), args);
    assert_eq!(serving.get("/hello").await, "hello");
}

/// Standard error is a pipe that nobody reads. The log of these requests is several times what fits into one.
#[tokio::test]
async fn a_log_that_nobody_reads_stops_neither_requests_nor_the_end() {
    let scratch = Scratch::new();
    let pipe = scratch.path().join("pipe");
    let unread = format!("mkfifo {0} && exec 2<>{0}", pipe.display());
    let serving = Serving::start_as(weft_under(&unread), [guest("http_kitchen")]);
    let mut visitor = serving.visitor("anyone.example");
    let long = format!("/hello/{}", "x".repeat(2000));
    for _ in 0..200 {
        let reply = within(visitor.get(&long)).await;
        assert!(reply.is_ok(), "{reply:?}");
    }
    serving.signal(Signal::TERM);
    assert!(serving.exit().success());
}

/// The same for who reads text: what is said at the stop goes the way of the log.
#[tokio::test]
async fn a_stop_that_nobody_reads_about_is_a_stop() {
    let scratch = Scratch::new();
    let pipe = scratch.path().join("pipe");
    let unread = format!("mkfifo {0} && exec 2<>{0}", pipe.display());
    // In text, nothing that could be read says where it listens.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = free.local_addr().unwrap();
    drop(free);
    let mut weft = weft_under(&unread)
        .args(["run", "--addr", &addr.to_string()])
        .arg(guest("http_kitchen"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    until(|| std::net::TcpStream::connect(addr).is_ok()).await;
    let mut visitor = Visitor::new(addr, "anyone.example");
    let long = format!("/hello/{}", "x".repeat(2000));
    for _ in 0..200 {
        let reply = within(visitor.get(&long)).await;
        assert!(reply.is_ok(), "{reply:?}");
    }
    let pid = Pid::from_child(&weft);
    kill_process(pid, Signal::TERM).unwrap();
    let mut ended = None;
    until(|| {
        ended = weft.try_wait().unwrap();
        ended.is_some()
    })
    .await;
    assert!(ended.unwrap().success());
}

#[tokio::test]
async fn a_guest_that_opens_files_until_there_are_no_more_leaves_its_neighbour_alone() {
    let scratch = Scratch::new();
    let serving = beside(&scratch, FEW_FILES, &[]);
    let mut neighbour = serving.visitor("alice.example");
    assert_well(&mut neighbour).await;
    hold_while(&serving, "/files-hold?100000&/data", &mut neighbour).await;
    // What the guest had open is closed with its instance.
    let mut late = serving.visitor("alice.example");
    assert_well(&mut late).await;
}

#[tokio::test]
async fn a_guest_that_opens_connections_until_there_are_no_more_leaves_its_neighbour_alone() {
    let scratch = Scratch::new();
    let server = EchoServer::start().await;
    let serving = beside(&scratch, FEW_FILES, &[server.port()]);
    let mut neighbour = serving.visitor("alice.example");
    assert_well(&mut neighbour).await;
    let path = format!("/outbound?400&{}", server.url("/never"));
    hold_while(&serving, &path, &mut neighbour).await;
    within(server.deserted()).await;
    let mut late = serving.visitor("alice.example");
    assert_well(&mut late).await;
}

#[tokio::test]
async fn connections_never_take_the_descriptors_that_health_and_metrics_need() {
    let kitchen = guest("http_kitchen");
    let args = ["--admin-addr", "127.0.0.1:0", kitchen.to_str().unwrap()];
    let serving = Serving::start_as(weft_under(FEW_FILES), args);
    let (http, admin) = (
        serving.listening["addr"].as_str(),
        serving.listening["adminAddr"].as_str(),
    );
    let mut clients = Vec::new();
    // More than there are descriptors. Those that find no room wait to be accepted, and are connected for the system.
    for _ in 0..2 * NEARLY_ALL {
        clients.push(within(TcpStream::connect(http.unwrap())).await.unwrap());
    }
    let admin = Client::new(admin.unwrap().parse().unwrap());
    let metrics = within(admin.get("/metrics")).await.unwrap().text;
    assert!(metrics.contains("process_max_fds 128"), "{metrics}");
    assert_eq!(within(admin.get("/healthz")).await.unwrap().status, 200);
    drop(clients);
    assert_eq!(serving.get("/hello").await, "hello");
}

#[tokio::test]
async fn the_bound_of_open_files_is_raised_as_far_as_the_system_allows() {
    let kitchen = guest("http_kitchen");
    let args = ["--admin-addr", "127.0.0.1:0", kitchen.to_str().unwrap()];
    let serving = Serving::start_as(weft_under("ulimit -S -n 100 && ulimit -H -n 1000"), args);
    let admin = serving.listening["adminAddr"].as_str().unwrap();
    let admin = Client::new(admin.parse().unwrap());
    let metrics = within(admin.get("/metrics")).await.unwrap().text;
    assert!(metrics.contains("process_max_fds 1000"), "{metrics}");
}

/// Pieces of compiled code in a cache.
fn entries(cache: &Path) -> usize {
    let files = std::fs::read_dir(cache).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".cwasm")).count()
}

/// A hostile workload that has a volume, and a neighbour of another tenant.
fn beside(scratch: &Scratch, limits: &str, allowed: &[String]) -> Serving {
    let alice = scratch.file(
        "alice.yaml",
        manifest("kitchen", "alice", "alice.example", &guest("http_kitchen")),
    );
    let mallory = scratch.file("mallory.yaml", hostile(&guest("http_hostile"), allowed));
    Serving::start_as(
        weft_under(limits),
        [PathBuf::from("--allow-host-loopback"), alice, mallory],
    )
}

fn hostile(component: &Path, allowed: &[String]) -> String {
    let component: PathBuf = component.to_owned();
    format!(
        "apiVersion: runtime.wasmcloud.dev/v1alpha1
kind: Workload
metadata: {{name: hostile, namespace: mallory}}
spec:
  volumes:
    - {{name: data, ephemeral: {{}}}}
  components:
    - name: main
      image: 'file:{}'
      localResources:
        allowedHostLoopbackPorts: {allowed:?}
        volumeMounts:
          - {{name: data, mountPath: /data}}
  hostInterfaces:
    - {{namespace: wasi, package: http, interfaces: [incoming-handler], config: {{host: mallory.example}}}}
    - {{namespace: wasi, package: logging, interfaces: [logging]}}
",
        component.display()
    )
}

/// Lets a hostile request take what it can get while the neighbour goes on, then leaves it.
async fn hold_while(serving: &Serving, path: &str, neighbour: &mut Visitor) {
    let mut mallory = serving.visitor("mallory.example");
    tokio::select! {
        answer = mallory.send(get(path)) => panic!("{:?}", answer.map(|answer| answer.status())),
        () = async {
            until(|| serving.open_files() >= NEARLY_ALL).await;
            for _ in 0..100 {
                assert_well(neighbour).await;
            }
        } => {}
    }
}

async fn assert_well(neighbour: &mut Visitor) {
    let reply = neighbour.get("/hello").await.unwrap();
    assert_eq!((reply.status, reply.text.as_str()), (200, "hello"));
}
