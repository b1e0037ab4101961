//! One request of a component: allowed or not, over a connection that waits or a new one, within the times that were asked
//! for.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::header::{CONTENT_TYPE, HOST, HeaderValue};
use http::{Method, Request, Response, Uri, Version};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use rustls::RootCertStore;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::RequestBody;
use super::body::ResponseBody;
use super::connect::{Connect, Way};
use super::error::HttpError;
use super::home::Home;
pub use super::pool::PoolLimits;
use super::pool::{Key, Pool, Sender};
use crate::firewall::ask::Ask;
use crate::firewall::denial::HOST_LOOPBACK_HINT;
use crate::firewall::gate::Firewall;
use crate::loopback::Network;

/// Connections of HTTP/2 that are made at the same time, at most, to destinations that are known to speak it.
const GATES: usize = 16;

/// The HTTP client of one component. Clones share its connections.
#[derive(Clone)]
pub struct HttpClient {
    inner: Arc<Inner>,
}

struct Inner {
    firewall: Firewall,
    home: Option<Home>,
    /// Requests to a service that was not there.
    missed: AtomicU64,
    connect: Connect,
    pool: Arc<Pool>,
    /// Of many requests that want the first connection of HTTP/2, one makes it.
    gates: [Mutex<()>; GATES],
    hasher: RandomState,
}

/// Time limits of one request.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Until there is a connection: a place among those of the workload, look-up, TCP and TLS.
    pub connect: Duration,
    /// From the connection to the head of the response.
    pub first_byte: Duration,
    /// Without a byte of the body, while somebody waits for it.
    pub between_bytes: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            first_byte: Duration::from_secs(600),
            between_bytes: Duration::from_secs(600),
        }
    }
}

/// How a client makes its connections.
#[derive(Clone)]
pub struct ClientConfig {
    /// Who signs the certificates of servers.
    pub roots: Arc<RootCertStore>,
    /// How long a request waits for a place among the connections of its workload.
    pub place: Duration,
    /// Connections that are kept.
    pub pool: PoolLimits,
}

/// Why a request got no response over one connection.
enum Failure {
    /// Nothing of it was sent, because the connection was closed while it waited.
    NotSent(Box<Request<RequestBody>>),
    Failed(HttpError),
}

impl HttpClient {
    /// A client whose every connection goes through `firewall`. Fails when TLS cannot be set up.
    pub fn new(firewall: Firewall, config: ClientConfig) -> Result<Self, rustls::Error> {
        Ok(Self {
            inner: Arc::new(Inner {
                firewall,
                home: None,
                missed: AtomicU64::new(0),
                connect: Connect::new(config.roots, config.place)?,
                pool: Arc::new(Pool::new(config.pool)),
                gates: Default::default(),
                hasher: RandomState::new(),
            }),
        })
    }

    /// A client with the same settings, and no connections yet, for a component that is at home on this network: what is
    /// asked of `localhost` goes to its service. A workload without one may mean the machine.
    #[must_use]
    pub fn at_home(&self, network: &Arc<Network>, has_service: bool) -> Self {
        let inner = &self.inner;
        Self {
            inner: Arc::new(Inner {
                firewall: inner.firewall.clone(),
                home: Some(Home {
                    network: Arc::clone(network),
                    has_service,
                }),
                missed: AtomicU64::new(0),
                connect: inner.connect.clone(),
                pool: Arc::new(Pool::new(inner.pool.limits())),
                gates: Default::default(),
                hasher: RandomState::new(),
            }),
        }
    }

    /// Sends a request. Its URL is absolute; its `Host` becomes the host of the URL, whatever it was.
    pub async fn send(
        &self,
        mut request: Request<RequestBody>,
        times: Times,
    ) -> Result<Response<ResponseBody>, HttpError> {
        let ask = match Ask::url(request.uri()) {
            Ok(ask) if self.inner.home_of(&ask).is_some() => ask,
            Ok(_) | Err(_) => self.inner.firewall.request(request.uri())?,
        };
        if request.method() == Method::CONNECT {
            return Err(HttpError::Method(Method::CONNECT));
        }
        let tls = ask.scheme() == "https";
        let key = Key {
            tls,
            host: ask.host().clone(),
            port: ask.port(),
            prior_knowledge: !tls && is_grpc(&request),
        };
        let target = Target::of(&ask, request.uri())?;
        while let Some(sender) = self.inner.pool.take(&key) {
            match self.exchange(&key, sender, &target, request, times).await {
                Ok(response) => return Ok(response),
                Err(Failure::NotSent(same)) => request = *same,
                Err(Failure::Failed(error)) => return Err(error),
            }
        }
        let sender = self.connection(&key, &ask, times.connect).await?;
        match self.exchange(&key, sender, &target, request, times).await {
            Ok(response) => Ok(response),
            Err(Failure::Failed(error)) => Err(error),
            // A new connection that closes at once: once more, and no oftener.
            Err(Failure::NotSent(same)) => {
                let sender = self.connection(&key, &ask, times.connect).await?;
                match self.exchange(&key, sender, &target, *same, times).await {
                    Ok(response) => Ok(response),
                    Err(Failure::Failed(error)) => Err(error),
                    Err(Failure::NotSent(_)) => Err(HttpError::FirstByte(times.first_byte)),
                }
            }
        }
    }

    /// Connections that are kept for the next request, for a gauge.
    pub fn kept(&self) -> usize {
        self.inner.pool.waiting()
    }

    /// A connection that can take a request. Where HTTP/2 is certain, those who come while one is being made wait for it.
    async fn connection(&self, key: &Key, ask: &Ask, limit: Duration) -> Result<Sender, HttpError> {
        let inner = &self.inner;
        let index = inner.hasher.hash_one(key) as usize % GATES;
        let gate = inner.gates.get(index).filter(|_| key.prior_knowledge);
        let _gate = match gate {
            Some(gate) => Some(gate.lock().await),
            None => None,
        };
        if let Some(sender) = inner.pool.take(key) {
            return Ok(sender);
        }
        let way = match inner.home_of(ask) {
            Some(home) => Way::Home(home),
            None => Way::Out(&inner.firewall),
        };
        if matches!(way, Way::Out(_)) && inner.firewall.quota().is_used_up() {
            inner.pool.make_room();
        }
        let connect = &inner.connect;
        let made = connect.connect(way, ask, key.prior_knowledge, limit).await;
        if made.is_err() && matches!(way, Way::Home(_)) {
            inner.nobody_home(ask);
        }
        let sender = made?;
        if let Sender::Http2(shared) = &sender {
            inner.pool.put(key.clone(), Sender::Http2(shared.clone()));
        }
        Ok(sender)
    }

    async fn exchange(
        &self,
        key: &Key,
        sender: Sender,
        target: &Target,
        mut request: Request<RequestBody>,
        times: Times,
    ) -> Result<Response<ResponseBody>, Failure> {
        target.write(&mut request, matches!(sender, Sender::Http2(_)));
        let limit = times.first_byte;
        let late = |_| Failure::Failed(HttpError::FirstByte(limit));
        let response = match sender {
            Sender::Http2(mut sender) => timeout(limit, sender.try_send_request(request))
                .await
                .map_err(late)?,
            Sender::Http1(mut sender) => {
                let response = timeout(limit, sender.try_send_request(request))
                    .await
                    .map_err(late)?;
                if response.is_ok() {
                    self.keep(key.clone(), sender);
                }
                response
            }
        };
        response
            .map(|response| wrap(response, times.between_bytes))
            .map_err(failure)
    }

    /// Puts a connection into the pool as soon as the response is read to its end.
    fn keep(&self, key: Key, mut sender: hyper::client::conn::http1::SendRequest<RequestBody>) {
        let pool = Arc::downgrade(&self.inner.pool);
        tokio::spawn(async move {
            if sender.ready().await.is_ok()
                && let Some(pool) = pool.upgrade()
            {
                pool.put(key, Sender::Http1(sender));
            }
        });
    }
}

impl Inner {
    /// The virtual network, if a destination is on it.
    fn home_of(&self, ask: &Ask) -> Option<&Home> {
        let machine = |home: &Home| !home.has_service && self.firewall.means_machine(ask);
        let home = self.home.as_ref();
        home.filter(|home| Home::has(ask) && !machine(home))
    }

    /// Says what somebody may have meant who asked for a service that is not there: the first time, the second, the
    /// fourth, and so on.
    fn nobody_home(&self, ask: &Ask) {
        let times = self
            .missed
            .fetch_add(1, Ordering::Relaxed)
            .saturating_add(1);
        if times.is_power_of_two() {
            let owner = self.firewall.owner();
            tracing::warn!(
                owner,
                times,
                "no service of the workload listens at `{ask}`, which is its own network{HOST_LOOPBACK_HINT}"
            );
        }
    }
}

fn wrap(response: Response<Incoming>, silence: Duration) -> Response<ResponseBody> {
    response.map(|body| ResponseBody::new(body, silence))
}

fn failure(mut error: TrySendError<Request<RequestBody>>) -> Failure {
    match error.take_message() {
        Some(request) => Failure::NotSent(Box::new(request)),
        None => Failure::Failed(HttpError::Http(error.into_error())),
    }
}

fn is_grpc(request: &Request<RequestBody>) -> bool {
    let kind = request.headers().get(CONTENT_TYPE);
    kind.is_some_and(|kind| {
        let rest = kind.as_bytes().strip_prefix(b"application/grpc");
        rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';' | b' ')))
    })
}

/// Where a request goes, in the forms that HTTP/1.1 and HTTP/2 write.
struct Target {
    host: HeaderValue,
    path: Uri,
    whole: Uri,
}

impl Target {
    fn of(ask: &Ask, url: &Uri) -> Result<Self, HttpError> {
        let default = matches!((ask.scheme(), ask.port()), ("http", 80) | ("https", 443));
        let mut authority = ask.host().bracketed();
        if !default {
            authority = format!("{authority}:{}", ask.port());
        }
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            host: HeaderValue::from_str(&authority).map_err(http::Error::from)?,
            path: Uri::builder().path_and_query(path).build()?,
            whole: Uri::builder()
                .scheme(ask.scheme())
                .authority(authority)
                .path_and_query(path)
                .build()?,
        })
    }

    fn write(&self, request: &mut Request<RequestBody>, http2: bool) {
        if http2 {
            request.headers_mut().remove(HOST);
            *request.uri_mut() = self.whole.clone();
            *request.version_mut() = Version::HTTP_2;
        } else {
            request.headers_mut().insert(HOST, self.host.clone());
            *request.uri_mut() = self.path.clone();
            *request.version_mut() = Version::HTTP_11;
        }
    }
}
