//! The walk from the entry along all imports: which components are needed, in which order, and whether they form a
//! circle. Pure.

use std::collections::BTreeSet;

use super::PlanError;
use super::resolve::{Graph, Provider};

/// A depth-first walk along imports that notices circles.
pub(super) struct Walk<'g, 'a> {
    pub(super) graph: &'g Graph<'a>,
    /// Finished components, providers before importers.
    pub(super) done: Vec<usize>,
    /// The components between the entry and the current one, with the import that led on from each.
    pub(super) path: Vec<(usize, String)>,
    /// Components that were begun.
    pub(super) begun: BTreeSet<usize>,
}

impl Walk<'_, '_> {
    pub(super) fn visit(&mut self, position: usize, errors: &mut Vec<PlanError>) {
        if self.done.contains(&position) || !self.begun.insert(position) {
            return;
        }
        let imports = self
            .graph
            .shapes
            .get(position)
            .map(|shape| shape.imports.clone())
            .unwrap_or_default();
        for import in &imports {
            match self.graph.provider(position, import) {
                Ok(Provider::Host) => {}
                Ok(Provider::Component {
                    position: provider, ..
                }) => {
                    self.path.push((position, import.name.clone()));
                    if let Some(start) = self
                        .path
                        .iter()
                        .position(|(on_path, _)| *on_path == provider)
                    {
                        errors.extend(self.circle(start));
                    } else {
                        self.visit(provider, errors);
                    }
                    self.path.pop();
                }
                Err(error) => errors.push(error),
            }
        }
        self.done.push(position);
    }

    fn circle(&self, start: usize) -> Option<PlanError> {
        let (first, _) = self.path.get(start)?;
        let component = self.graph.spec.components.get(*first)?.name.clone();
        let name = |position: usize| {
            self.graph
                .spec
                .components
                .get(position)
                .map(|c| c.name.to_string())
                .unwrap_or_default()
        };
        let mut path: Vec<String> = self
            .path
            .iter()
            .skip(start)
            .map(|(position, import)| format!("`{}` (imports {import})", name(*position)))
            .collect();
        path.extend(
            self.path
                .get(start)
                .map(|(position, _)| format!("`{}`", name(*position))),
        );
        Some(PlanError::Cycle { path, component })
    }
}
