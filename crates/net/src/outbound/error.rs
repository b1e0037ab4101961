//! Why there is no response, for the log, and which error code a guest gets.

use std::io;
use std::time::Duration;

use wasmtime_wasi_http::Error as WasiError;

use crate::firewall::denial::Denial;
use crate::firewall::dial::DialError;
use crate::firewall::resolve::ResolveError;

/// Why there is no response, or no whole one.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error(transparent)]
    Denied(#[from] Denial),
    #[error(transparent)]
    Dial(DialError),
    /// `CONNECT` makes a tunnel, and what goes through a tunnel is not a request.
    #[error("the method {0} is not sent")]
    Method(http::Method),
    #[error("TLS handshake with `{host}`")]
    Tls {
        host: String,
        #[source]
        error: io::Error,
    },
    #[error("TLS handshake with `{host}`: not done in {limit:?}")]
    TlsTimedOut { host: String, limit: Duration },
    #[error("no response in {0:?}")]
    FirstByte(Duration),
    #[error("nothing more of the response in {0:?}")]
    BetweenBytes(Duration),
    #[error("HTTP failed")]
    Http(#[from] hyper::Error),
    /// The address of the request cannot be written in the form that is sent.
    #[error("the request cannot be written")]
    Request(#[from] http::Error),
}

impl HttpError {
    /// A stable word for programs: the attribute `error.type` of spans.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Denied(_) | Self::Dial(DialError::Denied(_)) => "denied",
            Self::Dial(DialError::Quota(_)) => "quota",
            Self::Dial(DialError::Resolve { .. }) => "resolve",
            Self::Dial(DialError::Connect { .. }) => "connect",
            Self::Dial(DialError::TimedOut { .. })
            | Self::TlsTimedOut { .. }
            | Self::FirstByte(_)
            | Self::BetweenBytes(_) => "timeout",
            Self::Method(_) | Self::Request(_) => "request",
            Self::Tls { .. } => "tls",
            Self::Http(_) => "http",
        }
    }
}

impl From<DialError> for HttpError {
    fn from(error: DialError) -> Self {
        match error {
            DialError::Denied(denial) => Self::Denied(denial),
            other => Self::Dial(other),
        }
    }
}

impl From<HttpError> for WasiError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Denied(denial) if denial.address.is_some() => Self::DestinationIpProhibited,
            HttpError::Denied(_) => Self::HttpRequestDenied,
            HttpError::Dial(error) => dial(error),
            HttpError::Method(_) => Self::HttpRequestMethodInvalid,
            HttpError::Tls { error, .. } => tls(&error),
            HttpError::TlsTimedOut { .. } => Self::ConnectionTimeout,
            HttpError::FirstByte(_) | HttpError::BetweenBytes(_) => Self::ConnectionReadTimeout,
            HttpError::Http(error) => Self::Hyper(error),
            HttpError::Request(_) => Self::HttpRequestUriInvalid,
        }
    }
}

fn dial(error: DialError) -> WasiError {
    let dns = |rcode: &str| WasiError::DnsError {
        rcode: Some(rcode.to_owned()),
        info_code: None,
    };
    match error {
        DialError::Denied(denial) => HttpError::Denied(denial).into(),
        DialError::Quota(_) => WasiError::ConnectionLimitReached,
        DialError::Resolve { error, .. } => match error {
            ResolveError::NotFound => dns("NXDOMAIN"),
            ResolveError::TimedOut(_) => WasiError::DnsTimeout,
            ResolveError::Refused(code) => dns(code),
            ResolveError::Failed(_) => dns("SERVFAIL"),
        },
        DialError::Connect { error, .. } => match error.kind() {
            io::ErrorKind::ConnectionRefused => WasiError::ConnectionRefused,
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
                WasiError::DestinationIpUnroutable
            }
            _ => WasiError::DestinationUnavailable,
        },
        DialError::TimedOut { .. } => WasiError::ConnectionTimeout,
    }
}

fn tls(error: &io::Error) -> WasiError {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(_)) => WasiError::TlsCertificateError,
        Some(rustls::Error::AlertReceived(alert)) => WasiError::TlsAlertReceived {
            alert_id: Some(u8::from(*alert)),
            alert_message: Some(format!("{alert:?}")),
        },
        _ => WasiError::TlsProtocolError,
    }
}
