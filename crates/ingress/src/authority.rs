//! Which host the client asked for, and the request as a target sees it.
//!
//! The rules are those of RFC 9110 to 9113, taken strictly where two readers of one request could understand it
//! differently: there is at most one Host header, HTTP/1.1 always has one, the host in an absolute request line of
//! HTTP/1 overrides it, and HTTP/2's `:authority` must agree with it.

use http::header::HOST;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Method, Request, Uri, Version, request};

use crate::faults::bad_host;
use crate::hostname;
use crate::target::Fault;

/// The authority of a request: out of its URI (HTTP/2's `:authority`, HTTP/1's absolute form) or else its Host header.
///
/// It has a host, no user, and a port that is a number if there is one.
pub(crate) fn of<B>(request: &Request<B>) -> Result<Authority, Fault> {
    let header = from_header(request.headers())?;
    match (request.uri().authority(), header) {
        (None, Some(header)) => Ok(header),
        (Some(_), None) if needs_header(request) => Err(missing()),
        (Some(authority), None) => checked(authority.clone()),
        (Some(authority), Some(header)) => {
            let authority = checked(authority.clone())?;
            if request.version() == Version::HTTP_2 && !same(&authority, &header) {
                let why = "`:authority` and the Host header name different hosts";
                return Err(invalid(authority.as_str(), why));
            }
            Ok(authority)
        }
        (None, None) => Err(missing()),
    }
}

/// The head as a target sees it: the URI is absolute, and a Host header, if there is one, agrees with it. Its scheme is
/// that of the connection, which is an extension of the request where it is not `http`.
pub(crate) fn settle(head: &mut request::Parts, authority: Authority) -> Result<(), Fault> {
    if let Some(host) = head.headers.get_mut(HOST)
        && host.as_bytes() != authority.as_str().as_bytes()
    {
        *host = HeaderValue::from_str(authority.as_str())
            .map_err(|error| invalid(authority.as_str(), &error.to_string()))?;
    }
    // The connection says when it is under TLS; a client's own word for it is not asked.
    let scheme = head.extensions.remove().unwrap_or(Scheme::HTTP);
    head.uri = absolute(&head.uri, scheme, authority)?;
    Ok(())
}

/// The same target in absolute form. The path `*` of `OPTIONS *` becomes `/`: a guest has no word for it.
fn absolute(uri: &Uri, scheme: Scheme, authority: Authority) -> Result<Uri, Fault> {
    let path = match uri.path_and_query() {
        Some(path) if path.as_str() != "*" => path.clone(),
        _ => PathAndQuery::from_static("/"),
    };
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(scheme);
    parts.authority = Some(authority);
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).map_err(|error| invalid(uri.path(), &error.to_string()))
}

fn from_header(headers: &HeaderMap) -> Result<Option<Authority>, Fault> {
    let mut values = headers.get_all(HOST).iter();
    let (value, more) = (values.next(), values.next());
    let Some(value) = value else {
        return Ok(None);
    };
    let text = || String::from_utf8_lossy(value.as_bytes());
    if more.is_some() {
        return Err(invalid(&text(), "there is more than one Host header"));
    }
    match Authority::try_from(value.as_bytes()) {
        Ok(authority) => checked(authority).map(Some),
        Err(error) => Err(invalid(&text(), &error.to_string())),
    }
}

/// HTTP/1.1 requires the header also where the request line names the host. A tunnel is refused for what it is.
fn needs_header<B>(request: &Request<B>) -> bool {
    request.version() == Version::HTTP_11 && request.method() != Method::CONNECT
}

/// Whether two authorities name the same host. A port that is left out agrees with any.
fn same(a: &Authority, b: &Authority) -> bool {
    let ports = (a.port_u16(), b.port_u16());
    let ports = !matches!(ports, (Some(a), Some(b)) if a != b);
    ports && hostname::normalise(a.host()) == hostname::normalise(b.host())
}

fn checked(authority: Authority) -> Result<Authority, Fault> {
    match defect(&authority) {
        Some(why) => Err(invalid(authority.as_str(), why)),
        None => Ok(authority),
    }
}

fn defect(authority: &Authority) -> Option<&'static str> {
    let text = authority.as_str();
    if text.contains('@') {
        return Some("it must not name a user");
    }
    if authority.host().is_empty() || authority.host() == "." {
        return Some("it has no host name");
    }
    if hostname::normalise(authority.host()).is_none() {
        return Some("an address in brackets must be IPv6");
    }
    let port = text.strip_prefix(authority.host()).unwrap_or_default();
    if port.len() > 1 && authority.port_u16().is_none() {
        return Some("its port is not a number up to 65535");
    }
    None
}

fn missing() -> Fault {
    bad_host(
        "missing-host",
        "missing",
        "the request has no Host header, so there is no telling which workload it is for"
            .to_owned(),
    )
}

fn invalid(host: &str, why: &str) -> Fault {
    let reason = format!("the host `{}` is not valid: {why}", host.escape_debug());
    bad_host("invalid-host", "malformed", reason)
}

#[cfg(test)]
mod tests;
