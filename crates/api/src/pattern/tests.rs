//! The forms of hosts, names and ports: tables of what is accepted and what is not.

use super::*;

fn accepts(check: fn(&str) -> Result<(), String>, texts: &[&str]) {
    for text in texts {
        assert_eq!(check(text), Ok(()), "{text}");
    }
}

fn refuses(check: fn(&str) -> Result<(), String>, texts: &[&str]) {
    for text in texts {
        let why = check(text).expect_err(text);
        assert!(why.contains(&format!("`{text}`")), "{why}");
    }
}

#[test]
fn allowed_hosts_have_a_scheme_a_wildcard_and_a_port_at_most() {
    accepts(
        allowed_host,
        &[
            "*",
            "example.com",
            "EXAMPLE.com",
            "localhost",
            "example.com:443",
            "*.example.com",
            "*.example.com:1",
            "http://example.com",
            "https://*.example.com:65535/",
            "grpc+tls://a.b/",
            "192.0.2.1",
            "192.0.2.1:80",
            "10.0.0.0/8",
            "tcp://10.0.0.0/8:5432",
            "[2001:db8::1]",
            "https://[2001:db8::1]:8443/",
            "[fd00::/8]:5432",
            "under_score.example.com",
            "b\u{fc}cher.example",
            "example.com.",
        ],
    );
    refuses(
        allowed_host,
        &[
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/8:0",
            "[fd00::/129]",
            "[fd00::1",
            "[example.com]",
            "[fd00::1]8443",
            "[fd00::1]:0",
            "",
            "**",
            "*.",
            "*foo.com",
            "a.*.com",
            "*.*.com",
            "example.com/",
            "http://example.com/a",
            "example.com?x",
            "http://",
            "://example.com",
            "1a://b",
            "example.com:",
            "example.com:0",
            "example.com:65536",
            "example.com:+80",
            "user@example.com",
            "exa mple.com",
            "-a.com",
            "a-.com",
            "a..b",
            ".a",
            "::1",
            "http://*",
        ],
    );
}

#[test]
fn a_label_has_at_most_63_characters_and_a_name_253() {
    let label = "a".repeat(63);
    assert!(route_host(&label).is_ok());
    assert!(route_host(&format!("{label}a")).is_err());
    let name = [label.as_str(); 4].join(".");
    assert!(route_host(&name).is_err());
    assert!(route_host(&name[..253]).is_ok());
}

#[test]
fn names_to_look_up_may_be_addresses_but_have_no_port() {
    accepts(
        allowed_name,
        &[
            "*",
            "*.example.com",
            "db",
            "192.0.2.1",
            "::1",
            "2001:db8::1",
        ],
    );
    refuses(allowed_name, &["", "a:1", "*a", "http://a", "[::1]"]);
}

#[test]
fn loopback_ports_have_a_protocol_at_most() {
    accepts(
        loopback_port,
        &["1", "65535", "5432/tcp", "53/UDP", "00080"],
    );
    refuses(
        loopback_port,
        &[
            "",
            "0",
            "65536",
            "000080",
            "-1",
            "+1",
            "80/",
            "80/Tcp",
            "80/sctp",
            "tcp",
            "80/tcp/udp",
        ],
    );
}

#[test]
fn a_route_is_a_host_name_with_one_wildcard_at_most() {
    accepts(
        route_host,
        &[
            "localhost",
            "a.example",
            "*.a.example",
            "1.2.3.4",
            "A-1.example",
        ],
    );
    refuses(
        route_host,
        &["", "*", "*.*.a", "a:80", "a/b", "http://a", "a b", "a_b"],
    );
}

#[test]
fn paths_to_answer_are_absolute_and_as_they_are_sent() {
    accepts(
        route_path,
        &[
            "/",
            "/api",
            "/api/",
            "/api/v1.2/~me",
            "/a%20b",
            "/a/...",
            "/a;b=c,d",
            "/:x@y",
        ],
    );
    refuses(
        route_path,
        &[
            "",
            "api",
            "*",
            "api/",
            "//",
            "//api",
            "/api//",
            "/a//b",
            "/.",
            "/..",
            "/a/../b",
            "/a/./",
            "/%2e%2E/a",
            "/.%2e",
            "/a?b",
            "/a#b",
            "/a b",
            "/a\u{a0}b",
            "/é",
            "/a\\b",
            "/{id}",
            "/<a>",
            " /a",
            "/a ",
        ],
    );
    assert_eq!(route_path(&format!("/{}", "a".repeat(1023))), Ok(()));
    let why = route_path(&format!("/{}", "a".repeat(1024))).unwrap_err();
    assert!(
        why.ends_with("it has more than 1024 characters; shorten it"),
        "{why}"
    );
}
