//! What a filter needs beside the picture: how far it reads, the weights of its kernels, and its options as numbers.

use crate::options::Filter;

pub struct Kernel {
    /// Pixels to each side of the one that is computed.
    pub reach: u32,
    /// For each distance, the weights of one or two kernels.
    pub weights: Vec<[f32; 2]>,
    pub options: [f32; 4],
    pub colour: [f32; 4],
}

/// The second blur of pen and ink is so much wider than the first.
const WIDER: f32 = 1.6;

impl Kernel {
    pub fn of(filter: &Filter) -> Self {
        match *filter {
            Filter::Blur { radius } => Self {
                reach: radius,
                weights: pairs(radius, [radius as f32 / 2.0; 2]),
                options: [0.0; 4],
                colour: [0.0; 4],
            },
            Filter::Edges {
                threshold,
                coloured,
            } => Self {
                reach: 1,
                weights: pairs(1, [1.0; 2]),
                options: [threshold, f32::from(u8::from(coloured)), 0.0, 0.0],
                colour: [0.0; 4],
            },
            Filter::Ink { spacing, line, ink } => {
                // Three deviations of the wider one and a little more: beyond, a weight is next to nothing.
                let reach = (5.0 * line).ceil() as u32;
                let [red, green, blue] = ink.colour();
                Self {
                    reach,
                    weights: pairs(reach, [line, WIDER * line]),
                    options: [spacing, 0.0, 0.0, 0.0],
                    colour: [red, green, blue, 1.0],
                }
            }
        }
    }

    /// How often a pixel is read, which is how long it takes.
    pub fn reads(&self) -> u32 {
        2 * (2 * self.reach + 1)
    }
}

/// Gaussian weights for distances up to `reach`; both sides together make 1.
fn pairs(reach: u32, deviations: [f32; 2]) -> Vec<[f32; 2]> {
    let [one, two] = deviations.map(|deviation| {
        let weight = move |step: u32| (-0.5 * (step as f32 / deviation).powi(2)).exp();
        let sum = weight(0) + 2.0 * (1..=reach).map(weight).sum::<f32>();
        (0..=reach).map(move |step| weight(step) / sum)
    });
    one.zip(two).map(|(one, two)| [one, two]).collect()
}
