//! The peers of one published UDP port, and the sockets that stand for them on the virtual network.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until};
use weft_net::loopback::{Error, Family, Role, UdpSocket as VirtualSocket};

use super::UdpLimits;
use crate::publish::place::Counted;
use crate::publish::target::PortTarget;

/// All peers of one port.
pub(super) struct Flows {
    outside: Arc<UdpSocket>,
    target: PortTarget,
    limits: UdpLimits,
    by_peer: HashMap<SocketAddr, Entry>,
    /// Each brings answers back to its peer, and ends with the flow.
    tasks: JoinSet<(SocketAddr, u64)>,
    last_id: u64,
}

struct Entry {
    /// Tells a flow from an earlier one of the same peer.
    id: u64,
    flow: Arc<Flow>,
    task: AbortHandle,
}

/// One peer.
struct Flow {
    socket: VirtualSocket,
    begun: Instant,
    /// When a datagram came or went last, in milliseconds since the beginning.
    last: AtomicU64,
    /// Whether the service has ever sent anything.
    is_answered: AtomicBool,
    _counted: Counted,
}

impl Flows {
    pub(super) fn new(outside: Arc<UdpSocket>, target: PortTarget, limits: UdpLimits) -> Self {
        Self {
            outside,
            target,
            limits,
            by_peer: HashMap::new(),
            tasks: JoinSet::new(),
            last_id: 0,
        }
    }

    /// Forgets a flow that has ended; never, while there is none.
    pub(super) async fn ended(&mut self) {
        let Some(ended) = self.tasks.join_next().await else {
            return std::future::pending().await;
        };
        // One that was cut to make room has left the map already.
        let Ok((peer, id)) = ended else { return };
        if self.by_peer.get(&peer).is_some_and(|entry| entry.id == id) {
            self.by_peer.remove(&peer);
        }
    }

    /// Brings a datagram of a peer to the service, or loses it.
    pub(super) fn send(&mut self, peer: SocketAddr, data: &[u8]) {
        if let Some(entry) = self.by_peer.get(&peer) {
            entry.flow.touch();
            match entry.flow.socket.send(data, None) {
                // Nobody had the port when the datagram before came: the service may be elsewhere by now.
                Err(Error::ConnectionRefused) => self.drop_flow(peer),
                Ok(()) | Err(_) => return,
            }
        }
        let sent = self.begin(peer).map(|flow| flow.socket.send(data, None));
        if !matches!(sent, Ok(Ok(()))) {
            tracing::trace!(%peer, port = self.target.port, "a datagram is lost");
        }
    }

    fn begin(&mut self, peer: SocketAddr) -> Result<Arc<Flow>, Error> {
        let PortTarget { network, port, .. } = &self.target;
        let address = network.receiver_on(*port).ok_or(Error::ConnectionRefused)?;
        if self.by_peer.len() >= self.limits.flows.max(1) {
            let silent = self.longest_silent().ok_or(Error::NewSocketLimit)?;
            self.drop_flow(silent);
        }
        let socket = self
            .target
            .network
            .udp(Family::of(address.ip()), Role::Component)?;
        socket.connect(address)?;
        let flow = Arc::new(Flow {
            socket,
            begun: Instant::now(),
            last: AtomicU64::new(0),
            is_answered: AtomicBool::new(false),
            _counted: self.target.count(),
        });
        self.last_id = self.last_id.wrapping_add(1);
        let id = self.last_id;
        let answers = Arc::clone(&flow).answer(Arc::clone(&self.outside), peer, self.limits.idle);
        let task = self.tasks.spawn(async move {
            answers.await;
            (peer, id)
        });
        let kept = Arc::clone(&flow);
        self.by_peer.insert(
            peer,
            Entry {
                id,
                flow: kept,
                task,
            },
        );
        Ok(flow)
    }

    /// The peer that may go when there is no room: whoever invents addresses is never answered.
    fn longest_silent(&self) -> Option<SocketAddr> {
        self.by_peer
            .iter()
            .filter(|(_, entry)| !entry.flow.is_answered.load(Ordering::Relaxed))
            .min_by_key(|(_, entry)| entry.flow.last())
            .map(|(peer, _)| *peer)
    }

    fn drop_flow(&mut self, peer: SocketAddr) {
        if let Some(entry) = self.by_peer.remove(&peer) {
            entry.task.abort();
        }
    }
}

impl Flow {
    fn touch(&self) {
        let since = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(since, Ordering::Relaxed);
    }

    fn last(&self) -> Instant {
        self.begun + Duration::from_millis(self.last.load(Ordering::Relaxed))
    }

    /// Brings datagrams of the service to a peer until nothing has come or gone for long, or the service is gone.
    async fn answer(self: Arc<Self>, outside: Arc<UdpSocket>, peer: SocketAddr, idle: Duration) {
        loop {
            let received = tokio::select! {
                received = self.socket.receive() => received,
                () = self.silent(idle) => return,
            };
            let Ok((data, _)) = received else { return };
            self.is_answered.store(true, Ordering::Relaxed);
            self.touch();
            if let Err(error) = outside.send_to(&data, peer).await {
                tracing::trace!(%peer, %error, "an answer is lost");
            }
        }
    }

    async fn silent(&self, idle: Duration) {
        loop {
            let last = self.last();
            sleep_until(last + idle).await;
            if self.last() == last {
                return;
            }
        }
    }
}
