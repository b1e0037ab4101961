//! Where a secret is in Vault, and how long what was read is good.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;
use weft_settings::{Failure, FailureKind};

use crate::token::TokenFrom;

/// What is needed to read one secret.
#[derive(Clone, Debug)]
pub struct Config {
    /// `https://vault.example:8200`. Plain `http://` only with `plain_http`, or to this machine.
    pub address: String,
    /// Where the engine is mounted, usually `secret`.
    pub mount: String,
    /// The secret below the mount: `team/app`.
    pub path: String,
    /// The namespace, for servers that have them.
    pub namespace: Option<String>,
    /// Where the token comes from.
    pub token: TokenFrom,
    /// A file with certificates (PEM) of authorities that are trusted besides the built-in ones.
    pub ca_file: Option<PathBuf>,
    /// Whether the token may go over the network in the clear.
    pub plain_http: bool,
    /// How long a reading is used before the server is asked again.
    pub cache: Duration,
    /// How old a reading may be that is used because the server cannot answer.
    pub max_stale: Duration,
    /// What one request may take, from the look-up of the name to the last byte.
    pub timeout: Duration,
    /// How long the server is left alone after a failure; longer if it asks for that.
    pub retry: Duration,
}

impl Config {
    /// How long a reading is used if nobody says otherwise.
    pub const CACHE: Duration = Duration::from_secs(5);
    /// How old a reading may be if nobody says otherwise.
    pub const MAX_STALE: Duration = Duration::from_mins(5);
    /// What a request may take if nobody says otherwise.
    pub const TIMEOUT: Duration = Duration::from_secs(5);
    /// How long the server is left alone after a failure.
    pub const RETRY: Duration = Duration::from_secs(1);

    /// The secret in words: ``the secret `secret/team/app` of Vault``.
    pub(crate) fn shown(&self) -> String {
        format!("the secret `{}/{}` of Vault", self.mount, self.path)
    }
}

/// Where requests go.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) tls: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The path and query of a request.
    pub(crate) target: String,
}

impl Endpoint {
    /// Checks the address and puts the path of the secret behind it.
    pub(crate) fn of(config: &Config) -> Result<Self, Failure> {
        let refused = |why: &dyn fmt::Display| {
            let message = format!("the address of Vault cannot be used: {why}");
            Failure::new(FailureKind::Refused, message)
                .help("write it like `https://vault.example:8200`")
        };
        // What is in the address is not shown: people put passwords there.
        let uri: Uri = config
            .address
            .trim_end_matches('/')
            .parse()
            .map_err(|_| refused(&"it is no URL"))?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(refused(&"it begins with neither `https://` nor `http://`")),
        };
        let authority = uri
            .authority()
            .ok_or_else(|| refused(&"it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(refused(
                &"it holds a user or a password, which Vault has no use for",
            ));
        }
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        if !tls && !config.plain_http && !is_this_machine(&host) {
            let message = "the address of Vault begins with `http://`: the token would go over the network in the clear";
            return Err(Failure::new(FailureKind::Refused, message).help(
                "use `https://`, or say `plainHttp: true` if the network between is trusted",
            ));
        }
        let below = uri.path().trim_end_matches('/');
        let (mount, path) = (segments(&config.mount), segments(&config.path));
        if mount.is_empty() || path.is_empty() {
            return Err(Failure::new(
                FailureKind::Refused,
                "the mount and the path of a secret of Vault must not be empty",
            )
            .help("for `secret/data/team/app` write `mount: secret` and `path: team/app`"));
        }
        Ok(Self {
            tls,
            host,
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            target: format!("{below}/v1/{mount}/data/{path}"),
        })
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// A path with each of its segments percent-encoded, without empty ones and `..`.
fn segments(path: &str) -> String {
    let segments = path
        .split('/')
        .filter(|segment| !matches!(*segment, "" | "." | ".."));
    segments.map(encoded).collect::<Vec<_>>().join("/")
}

fn encoded(segment: &str) -> String {
    let mut text = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(address: &str) -> Config {
        Config {
            address: address.to_owned(),
            mount: "secret".to_owned(),
            path: "team/app".to_owned(),
            namespace: None,
            token: TokenFrom::File(PathBuf::from("token")),
            ca_file: None,
            plain_http: false,
            cache: Config::CACHE,
            max_stale: Config::MAX_STALE,
            timeout: Config::TIMEOUT,
            retry: Config::RETRY,
        }
    }

    #[test]
    fn the_path_of_a_secret_lies_behind_that_of_the_address() {
        for (address, expected) in [
            (
                "https://v.example",
                ("v.example", 443, "/v1/secret/data/team/app"),
            ),
            (
                "https://v.example:8200/",
                ("v.example", 8200, "/v1/secret/data/team/app"),
            ),
            (
                "http://127.0.0.1:1/base",
                ("127.0.0.1", 1, "/base/v1/secret/data/team/app"),
            ),
            ("http://[::1]:1", ("::1", 1, "/v1/secret/data/team/app")),
        ] {
            let endpoint = Endpoint::of(&config(address)).unwrap();
            let found = (
                endpoint.host.as_str(),
                endpoint.port,
                endpoint.target.as_str(),
            );
            assert_eq!(found, expected, "{address}");
        }
    }

    #[test]
    fn a_path_cannot_lead_elsewhere() {
        let mut config = config("https://v.example");
        config.path = "../../sys//a?b=c#d/é".to_owned();
        let target = Endpoint::of(&config).unwrap().target;
        assert_eq!(target, "/v1/secret/data/sys/a%3Fb%3Dc%23d/%C3%A9");
    }

    #[test]
    fn a_token_does_not_go_over_a_network_in_the_clear_unless_that_is_said() {
        let mut config = config("http://vault.example:8200");
        let refused = Endpoint::of(&config).unwrap_err().to_string();
        assert!(refused.contains("plainHttp: true"), "{refused}");
        config.plain_http = true;
        assert!(!Endpoint::of(&config).unwrap().tls);
    }

    #[test]
    fn an_address_that_cannot_be_used_is_refused_without_being_shown() {
        for address in [
            "",
            "vault",
            "ftp://swordfish",
            "https://u:swordfish@v",
            "https://",
        ] {
            let refused = Endpoint::of(&config(address)).unwrap_err().to_string();
            assert!(!refused.contains("swordfish"), "{refused}");
        }
    }
}
