//! A workload that runs on this host.

use weft_api::spec::WorkloadSpec;
use weft_engine::service::Service;
use weft_ingress::RouteGuard;

use crate::bridge::CountedService;
use crate::publish::{Published, PublishedPort};
use crate::registry::Registration;

/// A workload that runs. Dropping it takes its routes away, then the workload itself once its last request is done, and
/// its service by force; [`Running::stop`] lets that end.
pub struct Running {
    /// The spec that it was started from.
    pub spec: WorkloadSpec,
    /// Host names that lead to it, each with its path prefix if it has one: `example.com/api`; `*` for every name. Empty
    /// for a workload that is a service alone.
    pub hosts: Vec<String>,
    /// Ports of its service that stay closed, and why.
    pub notes: Vec<String>,
    // In this order: what is not reached any more is then said to have ended.
    pub(crate) published: Published,
    pub(crate) route: Option<RouteGuard>,
    pub(crate) service: Option<CountedService>,
    pub(crate) registration: Registration,
}

impl Running {
    /// The long-lived component, if it has one that runs beside the others.
    pub fn service(&self) -> Option<&Service> {
        self.service.as_deref()
    }

    /// Takes its routes away, and lets its service end: that sees its sockets close, and is ended by force when its grace
    /// is over.
    pub async fn stop(self) {
        drop(self.route);
        if let Some(service) = &self.service {
            service.stop().await;
        }
    }

    /// Ports of its service that can be reached from outside.
    pub fn ports(&self) -> &[PublishedPort] {
        self.published.ports()
    }

    /// Puts other ports in the place of those before, and gives these back.
    pub(crate) fn show_ports(&mut self, published: Published) -> Published {
        self.registration.show_ports(published.ports());
        std::mem::replace(&mut self.published, published)
    }
}
