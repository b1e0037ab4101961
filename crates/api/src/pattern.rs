//! The forms of hosts, names and ports that manifests and project files share. Pure checks: each says what is wrong
//! with the text, with the text in it.

use std::net::IpAddr;

use crate::document::problem::shown;

/// Characters of a path to answer.
const ROUTE_PATH_MAX: usize = 1024;

/// `*`, or `[scheme://][*.]host[:port][/]`; the host may be an address or a block of addresses, IPv6 in brackets. The
/// firewall reads the same entries; this is to say early, and with the place, what is wrong with one.
pub(crate) fn allowed_host(text: &str) -> Result<(), String> {
    let wrong = |why: String| Err(format!("`{}` is not an allowed host: {why}", shown(text)));
    if text == "*" {
        return Ok(());
    }
    let (scheme, rest) = text
        .split_once("://")
        .map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
    if scheme.is_some_and(|scheme| !is_scheme(scheme)) {
        return wrong(
            "before `://` stands no scheme; write `https://`, or the host alone".to_owned(),
        );
    }
    let rest = match rest.strip_suffix('/') {
        Some(stripped) if scheme.is_some() => stripped,
        _ => rest,
    };
    if let Some(block) = block(rest) {
        return block.or_else(|why| wrong(why.to_owned()));
    }
    if rest.contains(['/', '?', '#']) {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let scheme = scheme.map_or(String::new(), |scheme| format!("{scheme}://"));
        return wrong(format!(
            "only scheme, host and port are compared, not a path or query; write `{}`",
            shown(&format!("{scheme}{host}"))
        ));
    }
    if rest.contains('@') {
        return wrong(
            "it is a host, without a user name; leave out what stands up to the `@`".to_owned(),
        );
    }
    let (name, port) = match rest.rsplit_once(':') {
        Some((name, port)) if !name.ends_with(':') => (name, Some(port)),
        _ => (rest, None),
    };
    if let Some(port) = port.filter(|port| port_number(port).is_none()) {
        return wrong(format!(
            "`{}` is not a port from 1 to 65535; write one such as `:443`, or none for the usual port",
            shown(port)
        ));
    }
    dns_name(name).or_else(|why| wrong(why.to_owned()))
}

/// Checks `10.0.0.0/8:5432`, `[2001:db8::1]:443` and `[fd00::/8]`; none for an entry of another form.
fn block(text: &str) -> Option<Result<(), &'static str>> {
    let (inside, port) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => {
            let (address, rest) = text.split_once('/')?;
            address.parse::<std::net::Ipv4Addr>().ok()?;
            let digits = rest.find(':').unwrap_or(rest.len());
            text.split_at_checked(address.len() + 1 + digits)?
        }
    };
    let (address, length) = match inside.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (inside, None),
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return Some(Err(
            "between the brackets stands no IPv6 address; write one such as `[2001:db8::1]:443`",
        ));
    };
    let most = if address.is_ipv4() { 32 } else { 128 };
    let fits = |length: &str| length.parse::<u8>().is_ok_and(|bits| bits <= most);
    if !length.is_none_or(fits) {
        return Some(Err(
            "behind the `/` stands no length of a prefix; write one such as `10.0.0.0/8`",
        ));
    }
    match port.strip_prefix(':') {
        Some(port) if port_number(port).is_some() => Some(Ok(())),
        None if port.is_empty() => Some(Ok(())),
        Some(_) | None => Some(Err(
            "behind the address stands no port from 1 to 65535; write one such as `:443`, or none",
        )),
    }
}

/// `*`, `*.suffix`, a host name or an IP address.
pub(crate) fn allowed_name(text: &str) -> Result<(), String> {
    if text == "*" || text.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    dns_name(text).map_err(|why| {
        format!(
            "`{}` is not a name that can be looked up: {why}",
            shown(text)
        )
    })
}

/// `5432`, `5432/tcp`, `53/udp`.
pub(crate) fn loopback_port(text: &str) -> Result<(), String> {
    let (port, protocol) = text
        .split_once('/')
        .map_or((text, None), |(port, protocol)| (port, Some(protocol)));
    if port_number(port).is_none() {
        return Err(format!(
            "`{}` is not a port; write a number from 1 to 65535, with `/udp` behind it if it is not TCP",
            shown(text)
        ));
    }
    match protocol {
        None | Some("tcp" | "udp" | "TCP" | "UDP") => Ok(()),
        Some(other) => Err(format!(
            "`{}`: `{}` is not a protocol; use `tcp` or `udp`",
            shown(text),
            shown(other)
        )),
    }
}

/// A host name that requests are routed by: RFC 1123, one leading `*.` allowed.
pub(crate) fn route_host(text: &str) -> Result<(), String> {
    if text == "*" {
        return Err("`*` is not a host name; leave `host` out to answer every name".to_owned());
    }
    host_name(text).map_err(|why| format!("`{}` is not a host name: {why}", shown(text)))
}

/// A prefix of paths that requests are routed by: `/api/v1`, one `/` at the end allowed. It is compared with the path
/// as it is sent, so that what no client sends is refused.
pub(crate) fn route_path(text: &str) -> Result<(), String> {
    let wrong = |why: &str| Err(format!("`{}` is not a path to answer: {why}", shown(text)));
    let Some(path) = text.strip_prefix('/') else {
        return wrong("it must begin with `/`; write one such as `/api`");
    };
    if text.len() > ROUTE_PATH_MAX {
        return wrong("it has more than 1024 characters; shorten it");
    }
    if path.contains(['?', '#']) {
        return wrong(
            "it ends before a query or fragment; leave out what stands from the `?` or `#` on",
        );
    }
    if path.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return wrong("it must not hold white space; write a space as it is sent, as `%20`");
    }
    if !path.is_ascii() || path.contains(['"', '<', '>', '\\', '^', '`', '{', '|', '}']) {
        return wrong(
            "a character is not as it is sent; write `%` and two digits for each byte of it",
        );
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    let is_part = |part: &str| {
        let plain = part.replace("%2e", ".").replace("%2E", ".");
        !plain.is_empty() && plain != "." && plain != ".."
    };
    if path.is_empty() && !text.ends_with("//") {
        return Ok(());
    }
    if !path.split('/').all(is_part) {
        return wrong(
            "a part between slashes must not be empty, `.` or `..`; write the path that is meant, such as `/api/v1`",
        );
    }
    Ok(())
}

/// A name that DNS may know, one leading `*.` allowed: as a host name, but with underscores, letters of any language, and
/// a dot at the end.
fn dns_name(text: &str) -> Result<(), &'static str> {
    let letter = |c: char| {
        if c == '_' || c.is_alphabetic() {
            'a'
        } else {
            c
        }
    };
    let plain: String = text.chars().map(letter).collect();
    host_name(plain.strip_suffix('.').unwrap_or(&plain))
}

/// An RFC 1123 host name, one leading `*.` allowed.
fn host_name(text: &str) -> Result<(), &'static str> {
    let name = text.strip_prefix("*.").unwrap_or(text);
    if name.is_empty() {
        return Err("it is empty; write a name such as `shop.example.com`");
    }
    if name.contains("://") {
        return Err("it begins with a scheme; write the name alone");
    }
    if name.contains('*') {
        return Err(
            "`*` is allowed only as the whole first label; write one such as `*.example.com`",
        );
    }
    if name.contains(':') {
        return Err("a port or IPv6 address is not allowed here; write the name alone");
    }
    if name.len() > 253 {
        return Err("it has more than 253 characters; shorten it");
    }
    name.split('.').try_for_each(label)
}

fn label(label: &str) -> Result<(), &'static str> {
    if label.is_empty() {
        return Err("a dot needs a letter or digit on both sides; take the dot out");
    }
    if label.len() > 63 {
        return Err("a part between dots has more than 63 characters; shorten it");
    }
    if !label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(
            "only letters, digits, `-` and `.` are allowed; write a name such as `shop.example.com`",
        );
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(
            "a part between dots must start and end with a letter or digit; take the `-` there out",
        );
    }
    Ok(())
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn port_number(text: &str) -> Option<u16> {
    let digits = text.len() <= 5 && text.chars().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0)
}

#[cfg(test)]
mod tests;
