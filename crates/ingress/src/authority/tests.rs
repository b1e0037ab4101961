//! Where the authority comes from and what is refused.

use http::uri::Scheme;
use http::{Request, Uri};

use super::{absolute, of};

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
fn the_target_sees_an_absolute_uri() {
    for (uri, expected) in [
        ("/a/b?c=d", "http://h:1/a/b?c=d"),
        ("*", "http://h:1/"),
        ("https://other/x", "http://h:1/x"),
        ("http://other", "http://h:1/"),
    ] {
        let uri: Uri = uri.parse().unwrap();
        assert_eq!(
            absolute(&uri, Scheme::HTTP, "h:1".parse().unwrap()).unwrap(),
            expected
        );
    }
}
