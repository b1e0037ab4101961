//! Which host the client asked for, and the absolute URI that a target sees.

use http::header::HOST;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Request, StatusCode, Uri};
use weft_api::fault::Blame;

use crate::hostname;
use crate::target::Fault;

/// The authority of a request: out of its URI (HTTP/2's `:authority`, HTTP/1's absolute form) or else its Host header.
///
/// It has a host, no user, and a port that is a number if there is one.
pub(crate) fn of<B>(request: &Request<B>) -> Result<Authority, Fault> {
    let authority = match request.uri().authority() {
        Some(authority) => authority.clone(),
        None => from_header(request.headers())?,
    };
    if let Some(why) = defect(&authority) {
        return Err(invalid(authority.as_str(), why));
    }
    Ok(authority)
}

/// The same target in absolute form. The path `*` of `OPTIONS *` becomes `/`: a guest has no word for it.
pub(crate) fn absolute(uri: &Uri, scheme: Scheme, authority: Authority) -> Result<Uri, Fault> {
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

fn from_header(headers: &HeaderMap) -> Result<Authority, Fault> {
    let mut values = headers.get_all(HOST).iter();
    let (value, more) = (values.next(), values.next());
    let Some(value) = value else {
        return Err(Fault {
            code: "missing-host",
            ..bad_request(
                "the request has no Host header, so there is no telling which workload it is for"
                    .to_owned(),
            )
        });
    };
    let text = String::from_utf8_lossy(value.as_bytes());
    if more.is_some() {
        return Err(invalid(&text, "there is more than one Host header"));
    }
    Authority::try_from(value.as_bytes()).map_err(|error| invalid(&text, &error.to_string()))
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

fn invalid(host: &str, why: &str) -> Fault {
    bad_request(format!(
        "the host `{}` is not valid: {why}",
        host.escape_debug()
    ))
}

fn bad_request(reason: String) -> Fault {
    Fault {
        status: StatusCode::BAD_REQUEST,
        code: "invalid-host",
        title: "Invalid host",
        detail: reason.clone(),
        reason,
        blame: Blame::Network,
        retry_after: None,
    }
}

#[cfg(test)]
mod tests;
