//! The client as what sends the requests of `wasi:http`, both 0.2 and 0.3.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::client::{HttpClient, Times};
use super::watch::Watch;

/// Sends the outbound requests of one component through its client.
#[derive(Clone)]
pub struct WasiHttp {
    pub client: HttpClient,
    /// Told of each request.
    pub watch: Option<Arc<dyn Watch>>,
}

type Finished = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Exchange = wasmtime_wasi_http::Result<(http::Response<WasiBody>, Finished)>;

impl WasiHttpHooks for WasiHttp {
    fn send_request(
        &mut self,
        mut request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _received: Finished,
    ) -> Box<dyn Future<Output = Exchange> + Send> {
        let client = self.client.clone();
        // Here, in the guest's call: later nobody knows any more whose it was.
        let exchange = self.watch.as_ref();
        let mut exchange = exchange.and_then(|watch| watch.sends(&mut request));
        let request = request.map(|body| body.map_err(Into::into).boxed_unsync());
        Box::new(async move {
            let sent = client.send(request, times(options)).await;
            if let Some(mut exchange) = exchange.take() {
                match &sent {
                    Ok(response) => exchange.answered(response.status()),
                    Err(error) => exchange.failed(error),
                }
            }
            let response = sent?;
            let response = response.map(|body| body.map_err(Error::from).boxed_unsync());
            // The connection moves by itself: there is nothing more to drive.
            let finished: Finished = Box::new(std::future::ready(Ok(())));
            Ok((response, finished))
        })
    }
}

/// More than this is as good as for ever; it keeps a guest from numbers that no clock can add.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// What the guest asked for, and the usual where it asked for nothing.
fn times(options: Option<RequestOptions>) -> Times {
    let usual = Times::default();
    let Some(options) = options else {
        return usual;
    };
    let asked = |time: Option<Duration>, usual| time.unwrap_or(usual).min(LONGEST);
    Times {
        connect: asked(options.connect_timeout, usual.connect),
        first_byte: asked(options.first_byte_timeout, usual.first_byte),
        between_bytes: asked(options.between_bytes_timeout, usual.between_bytes),
    }
}
