//! Whoever wants to know of each request that goes out, and may add headers to it: traces.

use http::{HeaderMap, Method, Request, StatusCode, Uri};

use super::error::HttpError;

/// Told of each request before it is sent.
pub trait Watch: Send + Sync + 'static {
    /// A request is about to be sent. What is returned hears how it went; dropped without, the guest has given it up.
    fn sends(&self, request: &mut dyn Sending) -> Option<Box<dyn Exchange>>;
}

/// One request and its answer.
pub trait Exchange: Send + 'static {
    /// The head of the response is there.
    fn answered(&mut self, status: StatusCode);

    /// There is none.
    fn failed(&mut self, why: &HttpError);
}

/// The head of a request that is about to be sent.
pub trait Sending {
    /// Its method.
    fn method(&self) -> &Method;

    /// Its URL.
    fn uri(&self) -> &Uri;

    /// Its headers.
    fn headers_mut(&mut self) -> &mut HeaderMap;
}

impl<B> Sending for Request<B> {
    fn method(&self) -> &Method {
        self.method()
    }

    fn uri(&self) -> &Uri {
        self.uri()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }
}
