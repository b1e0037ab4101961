//! Where the authority comes from and what is refused.

use http::uri::Scheme;
use http::{Request, Uri, Version};

use super::{absolute, of, settle};

fn request(uri: &str, hosts: &[&str]) -> Request<()> {
    let mut request = Request::builder().uri(uri);
    for host in hosts {
        request = request.header("host", *host);
    }
    request.body(()).unwrap()
}

#[test]
fn the_uri_comes_before_the_host_header() {
    assert_eq!(
        of(&request("/x", &["a.example:8080"])).unwrap(),
        "a.example:8080"
    );
    assert_eq!(
        of(&request("http://b.example/x", &["a.example"])).unwrap(),
        "b.example"
    );
}

#[test]
fn a_request_without_a_host_is_refused() {
    let fault = of(&request("/", &[])).unwrap_err();
    assert_eq!((fault.status.as_u16(), fault.code), (400, "missing-host"));
}

#[test]
fn a_host_that_is_ambiguous_or_malformed_is_refused() {
    for (hosts, why) in [
        (
            &["a", "b"][..],
            "the host `a` is not valid: there is more than one Host header",
        ),
        (
            &["user@a"],
            "the host `user@a` is not valid: it must not name a user",
        ),
        (&[":80"], "the host `:80` is not valid: it has no host name"),
        (&["."], "the host `.` is not valid: it has no host name"),
        (
            &["a:99999"],
            "the host `a:99999` is not valid: its port is not a number up to 65535",
        ),
        (
            &["a:http"],
            "the host `a:http` is not valid: its port is not a number up to 65535",
        ),
        (
            &["[zz]"],
            "the host `[zz]` is not valid: an address in brackets must be IPv6",
        ),
        (
            &["a/b"],
            "the host `a/b` is not valid: invalid uri character",
        ),
        (&[""], "the host `` is not valid: empty string"),
    ] {
        let fault = of(&request("/", hosts)).unwrap_err();
        assert_eq!((fault.status.as_u16(), fault.code), (400, "invalid-host"));
        assert_eq!(fault.reason, why);
    }
}

#[test]
fn http1_takes_the_host_of_an_absolute_request_line_and_corrects_the_header() {
    let request = request("http://b.example:1/x", &["a.example"]);
    let authority = of(&request).unwrap();
    assert_eq!(authority, "b.example:1");
    let (mut head, ()) = request.into_parts();
    settle(&mut head, authority).unwrap();
    assert_eq!(head.headers["host"], "b.example:1");
    assert_eq!(head.uri, "http://b.example:1/x");
}

#[test]
fn the_scheme_is_that_of_the_connection() {
    let mut request = request("http://a/x", &["a"]);
    request.extensions_mut().insert(Scheme::HTTPS);
    let (mut head, ()) = request.into_parts();
    settle(&mut head, "a".parse().unwrap()).unwrap();
    assert_eq!(head.uri, "https://a/x");
}

#[test]
fn http11_needs_a_host_header_also_with_an_absolute_request_line() {
    let mut bare = request("http://b.example/x", &[]);
    assert_eq!(of(&bare).unwrap_err().code, "missing-host");
    *bare.version_mut() = Version::HTTP_10;
    assert_eq!(of(&bare).unwrap(), "b.example");
}

#[test]
fn a_host_header_is_checked_also_where_the_uri_overrides_it() {
    for hosts in [&["a", "b"][..], &["user@a"], &["a/b"]] {
        let fault = of(&request("http://c/", hosts)).unwrap_err();
        assert_eq!(fault.code, "invalid-host", "{hosts:?}");
    }
}

#[test]
fn http2_refuses_a_host_header_that_contradicts_the_authority() {
    for (host, agrees) in [
        ("a.example", true),
        ("A.Example.", true),
        ("a.example:80", true),
        ("a.example:81", false),
        ("b.example", false),
    ] {
        let mut request = request("http://a.example:80/", &[host]);
        *request.version_mut() = Version::HTTP_2;
        assert_eq!(of(&request).is_ok(), agrees, "{host}");
    }
}

#[test]
fn the_target_sees_an_absolute_uri() {
    for (uri, expected) in [
        ("/a/b?c=d", "http://h:1/a/b?c=d"),
        ("*", "http://h:1/"),
        ("https://other/x", "http://h:1/x"),
        ("http://other", "http://h:1/"),
    ] {
        let uri: Uri = uri.parse().unwrap();
        let (scheme, authority) = (Scheme::HTTP, "h:1".parse().unwrap());
        assert_eq!(absolute(&uri, scheme, authority).unwrap(), expected);
    }
}
