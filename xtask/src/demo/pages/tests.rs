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
    page().check(addr).unwrap();
    let asked = served.join().unwrap();
    assert!(
        asked.starts_with(&format!(
            "GET /deep?1 HTTP/1.0\r\nHost: x.localhost:{}\r\n",
            addr.port()
        )),
        "{asked}"
    );
}

#[test]
fn another_body_fails_the_check_and_is_shown() {
    let (addr, _) = serve_once("HTTP/1.0 200 OK\r\n\r\ngo away");
    let error = page().check(addr).unwrap_err().to_string();
    assert!(
        error.contains("x.localhost") && error.contains("`welcome`") && error.contains("go away"),
        "{error}"
    );
}

#[test]
fn an_error_status_fails_the_check_even_with_the_right_words() {
    let (addr, _) = serve_once("HTTP/1.0 500 Oops\r\n\r\nwelcome");
    assert!(
        page()
            .check(addr)
            .unwrap_err()
            .to_string()
            .contains("status 500")
    );
}

#[test]
fn waiting_ends_when_the_server_is_gone() {
    let addr = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = wait_until_served(addr, Duration::from_secs(60), || Ok(false))
        .unwrap_err()
        .to_string();
    assert!(error.contains("ended before it served"), "{error}");
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
