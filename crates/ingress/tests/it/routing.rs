//! Which workload a request reaches: by host name and path, in every way that a request can name them.

use http::{Request, StatusCode};
use weft_ingress::{Body, Config, Routes, Target};

use crate::support::{Server, empty, get, ok, read, route, target, text, within};

/// Answers with its own name and the URI and Host header that it was called with.
fn named(name: &'static str) -> std::sync::Arc<dyn Target> {
    target(move |request: Request<Body>| async move {
        let host = request.headers().get("host");
        let host = host.map(|host| host.to_str().unwrap().to_owned());
        let told = format!("{name} {} {}", request.uri(), host.unwrap_or_default());
        ok(text(told))
    })
}

/// Sends one head over HTTP/1 and returns the status and the body.
async fn ask(server: &Server, head: &str) -> (String, String) {
    let raw = server
        .raw(&format!("{head}connection: close\r\n\r\n"))
        .await;
    let (head, body) = raw.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().to_owned();
    (status, body.to_owned())
}

#[tokio::test]
async fn the_longest_path_prefix_answers_and_the_path_passes_unchanged() {
    let server = Server::start(Config::default()).await;
    let _web = server.publish(&["a.example"], named("web"));
    let _api = server.publish(&["a.example/api"], named("api"));
    let _v2 = server.publish(&["a.example/api/v2"], named("v2"));
    for (path, name) in [
        ("/", "web"),
        ("/apix?x", "web"),
        ("/api", "api"),
        ("/api?x=/v2", "api"),
        ("/api/v2", "v2"),
        ("/api/v2/users?page=1", "v2"),
    ] {
        let head = format!("GET {path} HTTP/1.1\r\nhost: a.example\r\n");
        let (status, body) = ask(&server, &head).await;
        assert_eq!(status, "200");
        assert_eq!(body, format!("{name} http://a.example{path} a.example"));
    }
}

#[tokio::test]
async fn a_path_in_disguise_reaches_the_workload_that_its_letters_name() {
    let server = Server::start(Config::default()).await;
    let _web = server.publish(&["a.example"], named("web"));
    let _api = server.publish(&["a.example/api"], named("api"));
    for (path, name) in [
        ("/api/../admin", "api"),
        ("/x/../api", "web"),
        ("/./api", "web"),
        ("//api", "web"),
        ("/%61pi", "web"),
        ("/api%2f..", "web"),
        ("/api/%2e%2e/", "api"),
        ("/API", "web"),
        ("/api;x/y", "web"),
    ] {
        let head = format!("GET {path} HTTP/1.1\r\nhost: a.example\r\n");
        let (_, body) = ask(&server, &head).await;
        assert_eq!(body, format!("{name} http://a.example{path} a.example"));
    }
}

#[tokio::test]
async fn a_path_that_no_workload_of_a_host_answers_is_an_unknown_path() {
    let server = Server::start(Config::default()).await;
    let _all = server.publish(&["*"], named("all"));
    let _api = server.publish(&["a.example/api"], named("api"));
    let long = format!("/{}", "x".repeat(500));
    let head = format!("GET {long} HTTP/1.1\r\nhost: a.example\r\n");
    let (status, body) = ask(&server, &head).await;
    assert_eq!(status, "404");
    assert!(body.contains(r#""code": "unknown-path""#), "{body}");
    assert!(body.contains(r#""reason": "no-route""#), "{body}");
    let shown = format!("answers the path `{}...`\"", &long[..100]);
    assert!(body.contains(&shown), "{body}");
}

#[tokio::test]
async fn options_of_the_server_as_a_whole_goes_to_the_root() {
    let server = Server::start(Config::default()).await;
    let _web = server.publish(&["a.example"], named("web"));
    let _api = server.publish(&["a.example/api"], named("api"));
    let (_, body) = ask(&server, "OPTIONS * HTTP/1.1\r\nhost: a.example\r\n").await;
    assert_eq!(body, "web http://a.example/ a.example");
}

#[tokio::test]
async fn an_address_of_ipv6_is_a_host_like_any_other() {
    let server = Server::start(Config::default()).await;
    let _one = server.publish(&["[2001:db8::1]"], named("one"));
    for host in ["[2001:db8::1]", "[2001:DB8:0:0::1]:8080"] {
        let (status, body) = ask(&server, &format!("GET / HTTP/1.1\r\nhost: {host}\r\n")).await;
        assert_eq!(status, "200", "{body}");
        assert_eq!(body, format!("one http://{host}/ {host}"));
    }
    let (status, _) = ask(&server, "GET / HTTP/1.1\r\nhost: [2001:db8::2]\r\n").await;
    assert_eq!(status, "404");
    let (status, _) = ask(&server, "GET / HTTP/1.1\r\nhost: [2001:db8::1\r\n").await;
    assert_eq!(status, "400");
}

#[tokio::test]
async fn an_absolute_request_line_overrides_the_host_header_for_the_target_too() {
    let server = Server::start(Config::default()).await;
    let _a = server.publish(&["a.example"], named("a"));
    let _b = server.publish(&["b.example"], named("b"));
    let head = "GET http://A.Example:80/x?y HTTP/1.1\r\nhost: b.example\r\n";
    let (_, body) = ask(&server, head).await;
    assert_eq!(body, "a http://A.Example:80/x?y A.Example:80");
}

#[tokio::test]
async fn requests_whose_host_is_unclear_are_refused() {
    let server = Server::start(Config::default()).await;
    let _all = server.publish(&["*"], named("all"));
    for head in [
        "GET / HTTP/1.1\r\n",
        "GET http://a.example/ HTTP/1.1\r\n",
        "GET / HTTP/1.0\r\n",
        "GET / HTTP/1.1\r\nhost: a.example\r\nhost: a.example\r\n",
        "GET http://a.example/ HTTP/1.1\r\nhost: a.example\r\nHost: b.example\r\n",
        "GET / HTTP/1.1\r\nhost: a.example, b.example\r\n",
        "GET / HTTP/1.1\r\nhost: a.example/x\r\n",
        "GET / HTTP/1.1\r\nhost: http://a.example\r\n",
        "GET / HTTP/1.1\r\nhost: user@a.example\r\n",
        "GET http://user@a.example/ HTTP/1.1\r\nhost: a.example\r\n",
        "GET / HTTP/1.1\r\nhost: a.example:99999\r\n",
        "GET / HTTP/1.1\r\nhost: \r\n",
    ] {
        let (status, body) = ask(&server, head).await;
        assert_eq!(status, "400", "{head}: {body}");
        assert!(
            body.contains(r#""type": "urn:weft:problem:"#),
            "{head}: {body}"
        );
    }
}

#[tokio::test]
async fn http2_refuses_a_host_header_that_names_another_host_than_the_authority() {
    let server = Server::start(Config::default()).await;
    let _all = server.publish(&["*"], named("all"));
    let mut client = server.h2().await;
    for (host, status) in [
        ("a.example", StatusCode::OK),
        ("A.EXAMPLE.", StatusCode::OK),
        ("b.example", StatusCode::BAD_REQUEST),
    ] {
        let request = Request::get("http://a.example/").header("host", host);
        let response = within(client.send_request(request.body(empty()).unwrap()));
        let (answered, body) = read(response.await.unwrap()).await;
        assert_eq!(answered, status, "{host}: {body}");
    }
}

#[tokio::test]
async fn workloads_that_share_a_route_share_its_requests() {
    let server = Server::start(Config::default()).await;
    let _one = server.publish(&["a.example/api"], named("one"));
    let _two = server.publish(&["a.example/api"], named("two"));
    let mut client = server.h2().await;
    let mut answered = std::collections::BTreeSet::new();
    for _ in 0..4 {
        let response = within(client.send_request(get("http://a.example/api")));
        let (_, body) = read(response.await.unwrap()).await;
        answered.insert(body.split(' ').next().unwrap().to_owned());
    }
    assert_eq!(answered.into_iter().collect::<Vec<_>>(), ["one", "two"]);
}

#[tokio::test]
async fn a_second_tenant_is_refused_another_path_of_the_same_host() {
    let routes = Routes::new();
    let publish = |tenant: &str, pattern: &str| {
        let (tenant, workload) = (tenant.parse().unwrap(), "w".parse().unwrap());
        routes.publish(tenant, workload, vec![route(pattern)], named("w"))
    };
    let _first = publish("alice", "a.example/shop").unwrap();
    let error = publish("bob", "a.example/login").unwrap_err();
    assert_eq!(
        error.to_string(),
        "host name `a.example` of workload `bob/w` is taken: tenant `alice` has `a.example` for its workload `w`, and \
         a host name belongs to one tenant; choose another name, or remove it there"
    );
}
