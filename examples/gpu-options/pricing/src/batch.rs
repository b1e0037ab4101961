//! Paths in portions that the GPU takes one after the other, so that no submission is long, whatever the GPU.

use std::time::Duration;

use bytemuck::{Pod, Zeroable};
use gpu_options_protocol::{Ask, Kind};

use crate::{PLEASANT, STEPS_OF_THREAD, THREADS};

/// Workgroups of the first portion, and of the largest.
const FIRST: u32 = 16;
const MOST: u32 = 1 << 14;

/// What the shader is told, in its layout.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub(crate) struct Params {
    spot: f32,
    strike: f32,
    rate: f32,
    volatility: f32,
    years: f32,
    drift: f32,
    discount: f32,
    sign: f32,
    steps: u32,
    paths_of_thread: u32,
    first: [u32; 2],
    paths: u32,
    padding: u32,
    seed: [u32; 2],
}

/// The portions of one question.
pub(crate) struct Batches {
    paths: u64,
    next: u64,
    paths_of_thread: u32,
    groups: u32,
}

/// Paths from `first` on.
pub(crate) struct Batch {
    first: u64,
    paths: u32,
    paths_of_thread: u32,
    pub(crate) groups: u32,
}

impl Batches {
    pub(crate) fn new(ask: &Ask) -> Self {
        Self {
            paths: ask.paths,
            next: 0,
            paths_of_thread: (STEPS_OF_THREAD / ask.looks()).clamp(1, 64),
            groups: FIRST,
        }
    }

    pub(crate) fn next(&mut self) -> Option<Batch> {
        let left = self.paths - self.next;
        if left == 0 {
            return None;
        }
        let of_group = u64::from(self.paths_of_thread * THREADS);
        let paths = left.min(of_group * u64::from(self.groups));
        let batch = Batch {
            first: self.next,
            paths: u32::try_from(paths).unwrap_or(u32::MAX),
            paths_of_thread: self.paths_of_thread,
            groups: u32::try_from(paths.div_ceil(of_group)).unwrap_or(u32::MAX),
        };
        self.next += paths;
        Some(batch)
    }

    /// Makes the next portion as large as is pleasant. Which paths are summed together stays the same.
    pub(crate) fn took(&mut self, time: Duration) {
        if time < PLEASANT.start {
            self.groups = (self.groups * 2).min(MOST);
        } else if time > PLEASANT.end {
            self.groups = (self.groups / 2).max(1);
        }
    }
}

impl Batch {
    pub(crate) fn params(&self, ask: &Ask) -> Params {
        let variance = ask.volatility * ask.volatility;
        Params {
            spot: ask.spot as f32,
            strike: ask.strike as f32,
            rate: ask.rate as f32,
            volatility: ask.volatility as f32,
            years: ask.years as f32,
            drift: (ask.rate - ask.dividend - variance / 2.0) as f32,
            discount: (-ask.rate * ask.years).exp() as f32,
            sign: match ask.kind {
                Kind::Call => 1.0,
                Kind::Put => -1.0,
            },
            steps: ask.looks(),
            paths_of_thread: self.paths_of_thread,
            first: halves(self.first),
            paths: self.paths,
            padding: 0,
            seed: halves(ask.seed),
        }
    }
}

fn halves(number: u64) -> [u32; 2] {
    [number as u32, (number >> 32) as u32]
}
