//! Who reported something. A process says the same of itself with every batch, so each such description is kept once.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use opentelemetry_proto::tonic::resource::v1::Resource as Sent;
use serde::Serialize;

use super::value::{Attributes, NAME_MAX, cut};

/// Descriptions that are kept. More than that are not told apart.
const RESOURCES_MAX: usize = 512;
/// Bytes of one description; a longer one is reduced to its name.
const BYTES_MAX: usize = 16 << 10;

/// Who reported.
#[derive(Debug, Eq, Serialize)]
pub(crate) struct Resource {
    /// `service.name`.
    pub(crate) service: String,
    pub(crate) attributes: Attributes,
}

/// All that reported.
#[derive(Debug, Default)]
pub(crate) struct Resources(HashSet<Arc<Resource>>);

impl PartialEq for Resource {
    fn eq(&self, other: &Self) -> bool {
        self.attributes == other.attributes
    }
}

impl Hash for Resource {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.attributes.hash(state);
    }
}

impl Resources {
    /// The one copy of a description.
    pub(crate) fn intern(&mut self, sent: Option<Sent>) -> Arc<Resource> {
        let mut attributes = Attributes::new(sent.map(|sent| sent.attributes).unwrap_or_default());
        attributes.sort();
        let service = attributes.get("service.name").unwrap_or("unknown_service");
        let service = cut(service.to_owned(), NAME_MAX);
        if attributes.bytes() > BYTES_MAX {
            attributes = Attributes::of([("service.name", service.clone())]);
        }
        let resource = Resource {
            service,
            attributes,
        };
        if let Some(known) = self.0.get(&resource) {
            return Arc::clone(known);
        }
        if self.0.len() >= RESOURCES_MAX {
            self.0.retain(|known| Arc::strong_count(known) > 1);
        }
        if self.0.len() >= RESOURCES_MAX {
            return self.others();
        }
        let resource = Arc::new(resource);
        self.0.insert(Arc::clone(&resource));
        resource
    }

    /// Stands for all that there is no room for.
    fn others(&mut self) -> Arc<Resource> {
        let service = "(others)".to_owned();
        let others = Resource {
            attributes: Attributes::of([("service.name", service.clone())]),
            service,
        };
        if let Some(known) = self.0.get(&others) {
            return Arc::clone(known);
        }
        let others = Arc::new(others);
        self.0.insert(Arc::clone(&others));
        others
    }
}
