//! Which hosts a component may reach. Pure: no name is resolved and nothing is dialled here.
//!
//! An entry is `*`, `host[:port]`, `*.suffix[:port]`, or either of the last two with a scheme in front and an optional
//! `/` behind. `*.suffix` needs at least one more label than the suffix. An entry without a scheme stands for every
//! scheme, one without a port for every port; an entry with a port also stands for a URL that leaves out the same
//! default port, so that `example.com:443` covers `https://example.com/`.

/// The hosts that one component may reach. The default reaches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EgressPolicy {
    rules: Vec<Rule>,
}

/// A destination of an outbound request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination<'a> {
    /// `http` or `https`.
    pub scheme: &'a str,
    /// Host name or IP literal, without brackets.
    pub host: &'a str,
    /// Port; that of the scheme where the URL has none.
    pub port: u16,
}

/// An entry of an allow-list that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{entry}` is not an allowed host: {why}; write `example.com`, `*.example.com`, `https://example.com:8443` or `*`"
)]
pub struct RuleError {
    /// The entry as written.
    pub entry: String,
    /// What is wrong with it.
    pub why: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    scheme: Option<String>,
    host: HostRule,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostRule {
    Any,
    Exact(String),
    /// Holds the suffix with its leading dot.
    Below(String),
}

impl EgressPolicy {
    /// Reads an allow-list; all entries that cannot be understood are reported together.
    pub fn parse<S: AsRef<str>>(entries: &[S]) -> Result<Self, Vec<RuleError>> {
        let mut rules = Vec::new();
        let mut errors = Vec::new();
        for entry in entries {
            match Rule::parse(entry.as_ref()) {
                Ok(rule) => rules.push(rule),
                Err(why) => errors.push(RuleError {
                    entry: entry.as_ref().to_owned(),
                    why,
                }),
            }
        }
        if errors.is_empty() {
            Ok(Self { rules })
        } else {
            Err(errors)
        }
    }

    /// Whether the destination may be reached.
    pub fn allows(&self, destination: &Destination<'_>) -> bool {
        self.rules.iter().any(|rule| rule.covers(destination))
    }

    /// Whether every host may be reached.
    pub fn allows_everything(&self) -> bool {
        self.rules
            .iter()
            .any(|rule| rule.scheme.is_none() && rule.port.is_none() && rule.host == HostRule::Any)
    }
}

impl Destination<'_> {
    /// The narrowest entry that would allow this destination, for messages.
    pub fn entry(&self) -> String {
        let default = default_port(self.scheme) == Some(self.port);
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.to_owned()
        };
        if default {
            format!("{}://{host}", self.scheme)
        } else {
            format!("{}://{host}:{}", self.scheme, self.port)
        }
    }
}

impl Rule {
    fn parse(entry: &str) -> Result<Self, &'static str> {
        let entry = entry.trim().to_ascii_lowercase();
        if entry.is_empty() {
            return Err("it is empty");
        }
        if entry == "*" {
            return Ok(Self {
                scheme: None,
                host: HostRule::Any,
                port: None,
            });
        }
        let (scheme, rest) = match entry.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest.strip_suffix('/').unwrap_or(rest)),
            None => (None, entry.as_str()),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        if scheme.is_some_and(|scheme| scheme.is_empty() || !scheme.chars().all(plain)) {
            return Err("the part before `://` is not a scheme");
        }
        if rest.contains(['/', '?', '#', '@']) {
            return Err(
                "it has a path, a query or a user; only scheme, host and port are compared",
            );
        }
        let (host, port) = split_port(rest)?;
        Ok(Self {
            scheme: scheme.map(str::to_owned),
            host: HostRule::parse(host)?,
            port,
        })
    }

    fn covers(&self, destination: &Destination<'_>) -> bool {
        self.scheme
            .as_deref()
            .is_none_or(|scheme| scheme.eq_ignore_ascii_case(destination.scheme))
            && self.port.is_none_or(|port| port == destination.port)
            && self.host.covers(destination.host)
    }
}

impl HostRule {
    fn parse(host: &str) -> Result<Self, &'static str> {
        let (below, name) = match host.strip_prefix("*.") {
            Some(suffix) => (true, suffix),
            None => (false, host),
        };
        if name.contains('*') {
            return Err("`*` stands alone or in front of a dot, as in `*.example.com`");
        }
        let name = name.trim_end_matches('.');
        if name.is_empty() {
            return Err("it has no host");
        }
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
        if !name.chars().all(allowed) || name.contains("..") || name.starts_with('.') {
            return Err("the host is neither a name nor an address");
        }
        Ok(if below {
            Self::Below(format!(".{name}"))
        } else {
            Self::Exact(name.to_owned())
        })
    }

    fn covers(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        match self {
            Self::Any => true,
            Self::Exact(name) => *name == host,
            Self::Below(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
        }
    }
}

/// The port that a URL of this scheme means when it has none.
pub fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// Splits `host:port`, `[v6]:port`, `host` and `[v6]`.
fn split_port(text: &str) -> Result<(&str, Option<u16>), &'static str> {
    const BAD_PORT: &str = "the port is not a number from 1 to 65535";
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest
            .split_once(']')
            .ok_or("the `[` of an IPv6 address is not closed")?;
        (
            host,
            rest.strip_prefix(':')
                .or(if rest.is_empty() { None } else { Some("") }),
        )
    } else if text.matches(':').count() > 1 {
        return Err("an IPv6 address stands in brackets, as in `[::1]:8080`");
    } else {
        text.split_once(':')
            .map_or((text, None), |(host, port)| (host, Some(port)))
    };
    let port = match port {
        None => None,
        Some(port) => Some(
            port.parse::<u16>()
                .ok()
                .filter(|port| *port > 0)
                .ok_or(BAD_PORT)?,
        ),
    };
    Ok((host, port))
}

#[cfg(test)]
mod tests;
