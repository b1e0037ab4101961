//! Outbound HTTP of one component: the policy is asked first, then the request is dialled.

use std::sync::Arc;

use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks, default_send_request};

use crate::policy::{Destination, EgressPolicy, default_port};

/// What sends the outbound requests of one component.
#[derive(Clone, Debug)]
pub struct HttpEgress {
    /// Whose requests these are, as `tenant/workload/component`, for the log.
    pub owner: Arc<str>,
    /// What may be reached.
    pub policy: Arc<EgressPolicy>,
}

type Finished = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Exchange = Result<(http::Response<WasiBody>, Finished), Error>;

impl WasiHttpHooks for HttpEgress {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _received: Finished,
    ) -> Box<
        dyn Future<Output = wasmtime_wasi_http::Result<(http::Response<WasiBody>, Finished)>>
            + Send,
    > {
        let decision = self.decide(request.uri());
        Box::new(async move {
            decision?;
            let exchange: Exchange = dial(request, options).await;
            exchange
        })
    }
}

impl HttpEgress {
    /// Refuses a URL that the policy does not cover; the guest gets `HTTP-request-denied`, the log says which entry
    /// would have allowed it.
    fn decide(&self, uri: &http::Uri) -> Result<(), Error> {
        let Some((scheme, authority)) = uri.scheme_str().zip(uri.authority()) else {
            return Err(Error::HttpRequestUriInvalid);
        };
        let port = authority
            .port_u16()
            .or_else(|| default_port(scheme))
            .unwrap_or_default();
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']');
        let destination = Destination { scheme, host, port };
        if self.policy.allows(&destination) {
            return Ok(());
        }
        tracing::warn!(
            component = &*self.owner,
            destination = %authority,
            "outbound request denied; `allowedHosts: [\"{}\"]` would allow it",
            destination.entry()
        );
        Err(Error::HttpRequestDenied)
    }
}

async fn dial(request: http::Request<WasiBody>, options: Option<RequestOptions>) -> Exchange {
    use http_body_util::BodyExt;
    let (response, finished) = default_send_request(request, options).await?;
    Ok((response.map(BodyExt::boxed_unsync), Box::new(finished)))
}
