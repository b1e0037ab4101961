//! Who may ask: programs of this machine, and the viewer's own page. Browsers are let in by the name that they asked for,
//! so that a page of somebody else whose name was made to point here (DNS rebinding) gets nothing, and by where a request
//! comes from, so that such a page cannot send anything either.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, Method, Request};

/// What the host of a guest calls this machine; only weft's own virtual networks know the name.
const INSIDE: &str = "host.weft.internal";

/// Why a request is not answered, in words.
pub(crate) type Refusal = &'static str;

/// Whether a request may be answered.
pub(crate) fn check<B>(request: &Request<B>) -> Result<(), Refusal> {
    let named = match request.uri().authority() {
        Some(authority) => Some(authority.clone()),
        None => header(request.headers(), HOST.as_str())?.and_then(|host| host.parse().ok()),
    };
    let named: Authority = named.ok_or("the request names no host")?;
    if !is_here(named.host()) {
        return Err("this is only answered as localhost, 127.0.0.1 or [::1]");
    }
    from_own_page(request)?;
    let Some(origin) = header(request.headers(), ORIGIN.as_str())? else {
        return Ok(());
    };
    let own = origin.strip_prefix("http://");
    let own = own.and_then(|origin| origin.parse::<Authority>().ok());
    match own.is_some_and(|own| own == named) {
        true => Ok(()),
        false => Err("pages of others are not answered"),
    }
}

/// Browsers say where a request comes from even where they send no origin with it: for pictures, scripts and links of other
/// pages. Those may lead people to the page, and do nothing else: an answer that they cannot read still takes a
/// connection, and the time that it takes tells what is here.
fn from_own_page<B>(request: &Request<B>) -> Result<(), Refusal> {
    let headers = request.headers();
    match header(headers, "sec-fetch-site")? {
        None | Some("same-origin" | "none") => return Ok(()),
        Some(_) => {}
    }
    let leads_here = request.method() == Method::GET
        && request.uri().path() == "/"
        && header(headers, "sec-fetch-mode")? == Some("navigate")
        && header(headers, "sec-fetch-dest")? == Some("document");
    match leads_here {
        true => Ok(()),
        false => Err("pages of others are not answered"),
    }
}

/// A header that may be there once.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| "a header is no text"),
        (Some(_), Some(_)) => Err("a header is there twice"),
    }
}

fn is_here(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(addr) => addr == Ipv4Addr::LOCALHOST || addr == Ipv6Addr::LOCALHOST,
        Err(_) => host == "localhost" || host.ends_with(".localhost") || host == INSIDE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(host: &str, origin: Option<&str>) -> bool {
        let mut request = Request::get("/").header("host", host);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        check(&request.body(()).unwrap()).is_ok()
    }

    #[test]
    fn only_names_of_this_machine_are_answered() {
        for host in [
            "localhost:4318",
            "LocalHost",
            "127.0.0.1:4318",
            "[::1]:4318",
            "weft.localhost:9",
            "host.weft.internal:4318",
        ] {
            assert!(asked(host, None), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:4318",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.168.0.7:4318",
            "0.0.0.0:4318",
            "notlocalhost",
            "",
        ] {
            assert!(!asked(host, None), "{host}");
        }
        assert!(check(&Request::get("/").body(()).unwrap()).is_err());
        let two = Request::get("/")
            .header("host", "localhost")
            .header("host", "a");
        assert!(check(&two.body(()).unwrap()).is_err());
    }

    #[test]
    fn of_all_pages_only_the_own_one_is_answered() {
        assert!(asked("localhost:4318", Some("http://localhost:4318")));
        for origin in [
            "http://evil.example",
            "https://localhost:4318",
            "http://localhost:8000",
            "null",
            "http://localhost:4318.evil.example",
        ] {
            assert!(!asked("localhost:4318", Some(origin)), "{origin}");
        }
    }

    #[test]
    fn pages_of_others_may_lead_here_and_do_nothing_else() {
        let asked = |path: &str, site: &str, mode: &str, dest: &str| {
            let request = Request::get(path)
                .header("host", "localhost:4318")
                .header("sec-fetch-site", site)
                .header("sec-fetch-mode", mode)
                .header("sec-fetch-dest", dest);
            check(&request.body(()).unwrap()).is_ok()
        };
        for site in ["same-origin", "none"] {
            assert!(asked("/api/state", site, "cors", "empty"), "{site}");
            assert!(asked("/", site, "navigate", "document"), "{site}");
        }
        for site in ["cross-site", "same-site", "odd"] {
            assert!(asked("/", site, "navigate", "document"), "{site}");
            for (path, mode, dest) in [
                ("/api/events", "no-cors", "image"),
                ("/api/state", "navigate", "document"),
                ("/", "navigate", "iframe"),
                ("/app.js", "no-cors", "script"),
            ] {
                assert!(!asked(path, site, mode, dest), "{site} {path}");
            }
        }
    }

    #[test]
    fn the_name_in_an_http2_request_counts() {
        let request = |uri: &str| check(&Request::post(uri).body(()).unwrap()).is_ok();
        assert!(request("http://127.0.0.1:4318/v1/traces"));
        assert!(!request("http://evil.example:4318/v1/traces"));
    }
}
