//! Outbound HTTP: nothing without an entry, exactly what the entry says with one.

use weft_testkit::log::LogCapture;
use weft_testkit::server::EchoServer;

use crate::support::{KITCHENS, text, workload};

#[tokio::test]
async fn nothing_is_reached_without_an_allowed_host() {
    let server = EchoServer::start().await;
    for guest in KITCHENS {
        let log = LogCapture::of("test/egress-denied");
        let workload = workload("egress-denied").component(guest).start().await;
        let answer = text(&workload, &format!("/fetch?{}", server.url("/x"))).await;
        assert_eq!(answer, "error: HttpRequestDenied", "{guest}");
        let line = log.wait_for_message("egress denied").await;
        let entry = format!(
            "`allowedHostLoopbackPorts: [\"{}/tcp\"]` would allow it",
            server.port()
        );
        assert!(line.message.contains(&entry), "{}", line.message);
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn an_allowed_host_and_port_is_reached() {
    let server = EchoServer::start().await;
    for guest in KITCHENS {
        let workload = workload("egress-allowed").component(guest).allow(&server);
        let workload = workload.start().await;
        let answer = text(&workload, &format!("/fetch?{}", server.url("/x?y=z"))).await;
        assert_eq!(answer, "200 GET /x?y=z", "{guest}");
    }
}

#[tokio::test]
async fn another_port_of_an_allowed_host_is_denied() {
    let (allowed, other) = (EchoServer::start().await, EchoServer::start().await);
    for guest in KITCHENS {
        let workload = workload("egress-port").component(guest);
        let workload = workload.allow(&allowed).start().await;
        let answer = text(&workload, &format!("/fetch?{}", other.url("/"))).await;
        assert_eq!(answer, "error: HttpRequestDenied", "{guest}");
    }
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_of_the_guest_to_handle() {
    for guest in KITCHENS {
        let server = EchoServer::start().await;
        let url = server.url("/");
        let workload = workload("egress-refused").component(guest).allow(&server);
        let workload = workload.start().await;
        drop(server);
        let answer = text(&workload, &format!("/fetch?{url}")).await;
        assert!(answer.starts_with("error: Connection"), "{guest}: {answer}");
    }
}

#[tokio::test]
async fn localhost_is_the_machine_where_a_workload_without_a_service_lists_it_with_its_port() {
    let server = EchoServer::start().await;
    let port = server.port();
    for guest in KITCHENS {
        for host in ["localhost", "127.0.0.1"] {
            let workload = workload("egress-localhost").component(guest);
            let workload = workload.allow_host(format!("{host}:{port}")).start().await;
            let answer = text(&workload, &format!("/fetch?http://{host}:{port}/x")).await;
            assert_eq!(answer, "200 GET /x", "{guest} {host}");
        }
        let log = LogCapture::of("test/egress-everything");
        let everything = workload("egress-everything").component(guest);
        let everything = everything.allow_host("*".to_owned()).start().await;
        let answer = text(&everything, &format!("/fetch?http://localhost:{port}/x")).await;
        assert_eq!(answer, "error: HttpRequestDenied", "{guest}");
        let entry = format!("`allowedHosts: [\"http://localhost:{port}\"]` would allow it");
        log.wait_for_message(&entry).await;
    }
}
