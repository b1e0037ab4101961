//! Sums of workgroups, added up with twice the digits.

use gpu_options_protocol::{Estimate, Estimates};

/// Sums of one workgroup: six values, then their squares.
pub(crate) const SUMS: usize = 12;

#[derive(Default)]
pub(crate) struct Sums([f64; SUMS]);

impl Sums {
    pub(crate) fn add(&mut self, groups: &[f32]) {
        for group in groups.chunks_exact(SUMS) {
            for (sum, part) in self.0.iter_mut().zip(group) {
                *sum += f64::from(*part);
            }
        }
    }

    pub(crate) fn estimates(&self, paths: u64) -> Estimates<Estimate> {
        let count = paths as f64;
        let estimate = |index: usize| {
            let value = self.0[index] / count;
            let variance = (self.0[index + SUMS / 2] / count - value * value).max(0.0);
            Estimate {
                value,
                standard_error: (variance / (count - 1.0)).sqrt(),
            }
        };
        Estimates {
            price: estimate(0),
            delta: estimate(1),
            gamma: estimate(2),
            vega: estimate(3),
            theta: estimate(4),
            rho: estimate(5),
        }
    }
}
