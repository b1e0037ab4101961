//! Pages against a small server.
use super::*;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

/// Answers one request with `answer`; hands back what was asked.
fn serve_once(answer: &'static str) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = String::new();
        while !asked.ends_with("\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            asked.push(char::from(byte[0]));
        }
        stream.write_all(answer.as_bytes()).unwrap();
        asked
    });
    (addr, served)
}

fn page() -> Page {
    toml::from_str("example = 'x'\nhost = 'x.localhost'\npath = '/deep?1'\nshows = 'a thing'\nexpect = 'welcome'").unwrap()
}

#[test]
fn a_page_is_asked_for_by_its_host_name_and_path() {
    let (addr, served) = serve_once("HTTP/1.0 200 OK\r\n\r\nbe welcome here");
    assert!(page().ask(addr).unwrap());
    let asked = served.join().unwrap();
    let expected = format!(
        "GET /deep?1 HTTP/1.0\r\nHost: x.localhost:{}\r\n",
        addr.port()
    );
    assert!(asked.starts_with(&expected), "{asked}");
}

#[test]
fn another_body_is_an_error_that_shows_it() {
    let (addr, _) = serve_once("HTTP/1.0 200 OK\r\n\r\ngo away");
    let error = page().ask(addr).unwrap_err().to_string();
    assert!(
        error.contains("x.localhost") && error.contains("`welcome`"),
        "{error}"
    );
    assert!(error.contains("go away"), "{error}");
}

#[test]
fn an_error_status_is_an_error_even_with_the_right_words() {
    let (addr, _) = serve_once("HTTP/1.0 500 Oops\r\n\r\nwelcome");
    assert!(
        page()
            .ask(addr)
            .unwrap_err()
            .to_string()
            .contains("status 500")
    );
}

#[test]
fn a_page_without_a_route_is_not_served_yet() {
    let (addr, _) = serve_once("HTTP/1.0 404 Not Found\r\n\r\nno workload has this name");
    assert!(!page().ask(addr).unwrap());
}

#[test]
fn waiting_ends_when_the_server_is_gone() {
    let addr = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = wait_until_served(&[page()], addr, Duration::from_secs(60), || Ok(false));
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("ended before it served")
    );
}

#[test]
fn waiting_ends_when_the_time_is_up() {
    let addr = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = wait_until_served(&[page()], addr, Duration::ZERO, || Ok(true));
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("is not served after 0 s")
    );
}

#[test]
fn every_page_of_the_demo_belongs_to_an_example_that_has_a_manifest() {
    for page in list(false).unwrap() {
        let manifest = workspace::root()
            .join("examples")
            .join(&page.example)
            .join("manifest.yaml");
        let text = std::fs::read_to_string(&manifest).unwrap();
        assert!(
            text.contains(&page.host),
            "{} does not ask for {}",
            manifest.display(),
            page.host
        );
    }
}
