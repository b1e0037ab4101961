//! Connections that wait for the next request, of one component. Each of them holds a place of its workload, so they are few
//! and they do not wait for long.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use hyper::client::conn::{http1, http2};
use tokio::time::{Instant, sleep};

use super::RequestBody;
use crate::firewall::host::Host;

/// Bounds of a pool.
#[derive(Clone, Copy, Debug)]
pub struct PoolLimits {
    /// HTTP/1.1 connections that wait, for each destination.
    pub idle_per_host: usize,
    /// Connections that wait, in all.
    pub idle: usize,
    /// How long one waits at most.
    pub idle_time: Duration,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            idle_per_host: 32,
            idle: 64,
            idle_time: Duration::from_secs(60),
        }
    }
}

/// Requests with the same key may share a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) tls: bool,
    pub(super) host: Host,
    pub(super) port: u16,
    /// HTTP/2 without having agreed on it, as gRPC does where there is no TLS.
    pub(super) prior_knowledge: bool,
}

/// What sends a request over one connection.
pub(super) enum Sender {
    Http1(http1::SendRequest<RequestBody>),
    Http2(http2::SendRequest<RequestBody>),
}

pub(super) struct Pool {
    limits: PoolLimits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    hosts: HashMap<Key, Vec<Waiting>>,
    /// A task looks after those that waited too long.
    reaped: bool,
}

struct Waiting {
    sender: Sender,
    since: Instant,
}

impl Sender {
    fn is_usable(&self) -> bool {
        match self {
            Self::Http1(sender) => sender.is_ready() && !sender.is_closed(),
            Self::Http2(sender) => sender.is_ready() && !sender.is_closed(),
        }
    }
}

impl Pool {
    pub(super) fn new(limits: PoolLimits) -> Self {
        Self {
            limits,
            state: Mutex::default(),
        }
    }

    /// What bounds it.
    pub(super) fn limits(&self) -> PoolLimits {
        self.limits
    }

    /// A connection that can take a request now: the one that was used last, so that others grow old and go. One of HTTP/2
    /// stays where it is, for others to use at the same time.
    pub(super) fn take(&self, key: &Key) -> Option<Sender> {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = state.hosts.get_mut(key)?;
        let sender = loop {
            let Some(mut last) = waiting.pop() else {
                break None;
            };
            let fresh = now.duration_since(last.since) < self.limits.idle_time;
            if !fresh || !last.sender.is_usable() {
                continue;
            }
            if let Sender::Http2(shared) = &last.sender {
                let sender = Sender::Http2(shared.clone());
                last.since = now;
                waiting.push(last);
                break Some(sender);
            }
            break Some(last.sender);
        };
        if waiting.is_empty() {
            state.hosts.remove(key);
        }
        sender
    }

    /// Keeps a connection for the next request, and drops others where there are too many.
    pub(super) fn put(self: &Arc<Self>, key: Key, sender: Sender) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = state.hosts.entry(key).or_default();
        let shared = |one: &Waiting| matches!(one.sender, Sender::Http2(_));
        if matches!(sender, Sender::Http2(_))
            && waiting
                .iter()
                .any(|one| shared(one) && one.sender.is_usable())
        {
            // One is enough for all requests; this one closes after the request that it was made for.
            return;
        }
        if waiting.len() >= self.limits.idle_per_host && !waiting.is_empty() {
            waiting.remove(0);
        }
        waiting.push(Waiting {
            sender,
            since: Instant::now(),
        });
        while state.hosts.values().map(Vec::len).sum::<usize>() > self.limits.idle {
            state.drop_oldest();
        }
        if !state.reaped && !state.hosts.is_empty() {
            state.reaped = true;
            tokio::spawn(reap(Arc::downgrade(self), self.limits.idle_time));
        }
    }

    /// Drops the connection that has waited longest, to make its place free.
    pub(super) fn make_room(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.drop_oldest();
    }

    /// Connections that wait, those of HTTP/2 included that are used at the same time.
    pub(super) fn waiting(&self) -> usize {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.hosts.values().map(Vec::len).sum()
    }

    /// Drops what has waited too long; `false` when there is nothing left to look after.
    fn reap_once(&self) -> bool {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.hosts.retain(|_, waiting| {
            waiting.retain(|one| {
                now.duration_since(one.since) < self.limits.idle_time && one.sender.is_usable()
            });
            !waiting.is_empty()
        });
        state.reaped = !state.hosts.is_empty();
        state.reaped
    }
}

impl State {
    fn drop_oldest(&mut self) {
        let oldest = |waiting: &Vec<Waiting>| waiting.iter().map(|one| one.since).min();
        let hosts = self.hosts.iter();
        let key = hosts.min_by_key(|(_, waiting)| oldest(waiting));
        let Some(key) = key.map(|(key, _)| key.clone()) else {
            return;
        };
        if let Some(waiting) = self.hosts.get_mut(&key) {
            let index = waiting.iter().enumerate().min_by_key(|(_, one)| one.since);
            if let Some((index, _)) = index {
                waiting.remove(index);
            }
            if waiting.is_empty() {
                self.hosts.remove(&key);
            }
        }
    }
}

/// Looks after a pool until it is empty or gone.
async fn reap(pool: Weak<Pool>, idle_time: Duration) {
    loop {
        sleep(idle_time / 2).await;
        match pool.upgrade() {
            Some(pool) if pool.reap_once() => {}
            _ => return,
        }
    }
}
