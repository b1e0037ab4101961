//! A firewall for a test, a resolver that answers by a script, and an observer that remembers.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use weft_net::firewall::denial::Denial;
use weft_net::firewall::gate::{Firewall, Parts};
use weft_net::firewall::grants::Grants;
use weft_net::firewall::host::Name;
use weft_net::firewall::learn::Learned;
use weft_net::firewall::observe::{DenialEvent, Observer};
use weft_net::firewall::policy::{Lists, Policy, Settings};
use weft_net::firewall::quota::{Quota, TenantQuota};
use weft_net::firewall::resolve::{Answer, ResolveError, Resolver, Resolving};

/// Answers by a script: those of a name one after the other, the last one for ever.
#[derive(Default)]
pub(crate) struct Script {
    answers: HashMap<String, Vec<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
    later: bool,
}

impl Script {
    /// A script for one name.
    pub(crate) fn of(name: &str, answers: &[&[&str]]) -> Self {
        Self::default().and(name, answers)
    }

    pub(crate) fn and(mut self, name: &str, answers: &[&[&str]]) -> Self {
        let read = |text: &&str| text.parse().expect("an address");
        let answers = answers
            .iter()
            .map(|answer| answer.iter().map(read).collect());
        self.answers.insert(name.to_owned(), answers.collect());
        self
    }

    /// No answer is there at once.
    pub(crate) fn later(mut self) -> Self {
        self.later = true;
        self
    }

    /// Names that were asked for, in this order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("a lock").clone()
    }
}

impl Resolver for Script {
    fn resolve<'a>(&'a self, name: &'a Name) -> Resolving<'a> {
        let mut asked = self.asked.lock().expect("a lock");
        let before = asked.iter().filter(|old| *old == name.as_str()).count();
        asked.push(name.to_string());
        let answers = self.answers.get(name.as_str());
        let answer = answers.and_then(|all| all.get(before).or(all.last()));
        let answer = answer.map(|addresses| Answer {
            addresses: addresses.as_slice().into(),
            ttl: Duration::from_secs(30),
        });
        Box::pin(async move {
            if self.later {
                tokio::task::yield_now().await;
            }
            answer.ok_or(ResolveError::NotFound)
        })
    }
}

/// What the observer was told: the label of the reason, what was asked, and how often.
#[derive(Default)]
pub(crate) struct Told(Mutex<Vec<(&'static str, String, u64)>>);

impl Told {
    pub(crate) fn all(&self) -> Vec<(&'static str, String, u64)> {
        self.0.lock().expect("a lock").clone()
    }
}

impl Observer for Told {
    fn denied(&self, event: &DenialEvent<'_>) {
        let Denial { reason, asked, .. } = event.denial;
        let row = (reason.label(), asked.clone(), event.times);
        self.0.lock().expect("a lock").push(row);
    }
}

/// What a firewall of a test is made of.
#[derive(Default)]
pub(crate) struct Setup<'a> {
    pub(crate) hosts: &'a [&'a str],
    pub(crate) lookups: &'a [&'a str],
    pub(crate) ports: &'a [&'a str],
    pub(crate) settings: Settings,
    pub(crate) script: Script,
    pub(crate) learned: Option<Arc<Learned>>,
    /// Connections at the same time; none given, there are plenty.
    pub(crate) quota: Option<Quota>,
}

pub(crate) struct Rig {
    pub(crate) firewall: Firewall,
    pub(crate) script: Arc<Script>,
    pub(crate) told: Arc<Told>,
}

impl Setup<'_> {
    pub(crate) fn build(self) -> Rig {
        let own =
            |texts: &[&str]| -> Vec<String> { texts.iter().map(|&text| text.to_owned()).collect() };
        let (hosts, lookups, ports) = (own(self.hosts), own(self.lookups), own(self.ports));
        let lists = Lists {
            allowed_hosts: &hosts,
            allowed_ip_name_lookups: &lookups,
            allowed_host_loopback_ports: &ports,
        };
        let policy = Policy::parse(lists)
            .expect("good entries")
            .under(self.settings);
        let (script, told) = (Arc::new(self.script), Arc::<Told>::default());
        let firewall = Firewall::new(Parts {
            owner: "tenant/workload/component".into(),
            policy: Arc::new(policy),
            resolver: Arc::clone(&script) as Arc<dyn Resolver>,
            grants: Arc::new(Grants::new(100)),
            quota: self
                .quota
                .unwrap_or_else(|| TenantQuota::new(100).workload(100)),
            observer: Arc::clone(&told) as Arc<dyn Observer>,
            learned: self.learned,
        });
        Rig {
            firewall,
            script,
            told,
        }
    }
}

/// The settings of an operator who lets guests reach listed ports of the machine.
pub(crate) const LOOPBACK: Settings = Settings {
    private_ranges: weft_net::firewall::policy::PrivateRanges::Explicit,
    host_loopback: true,
};

/// Waits until something is so.
pub(crate) async fn until(so: impl Fn() -> bool) {
    within(async {
        while !so() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Fails when something does not happen in 10 seconds.
pub(crate) async fn within<F: Future>(what: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(10), what)
        .await
        .expect("it happens in time")
}
