//! A picture to begin with: an evening at a lake, from nothing but arithmetic. It is sent while it is painted.

mod noise;

use wasip3::wit_bindgen::StreamWriter;

use crate::encode::Rows;
use noise::{chance, ease, hills, mist};

const WIDTH: u32 = 1200;
const HEIGHT: u32 = 800;
/// Rows that are painted before they are sent.
const STRIPE: u32 = 50;

/// The picture is 1.5 wide and 1 high; here the lake begins.
const SHORE: f32 = 0.64;
const SUN: [f32; 2] = [0.98, 0.40];
const SUN_SIZE: f32 = 0.052;

type Colour = [f32; 3];

pub async fn write(body: &mut StreamWriter<u8>) -> Result<(), String> {
    let scene = Scene::new();
    let mut rows = Rows::new(WIDTH, HEIGHT)?;
    for top in (0..HEIGHT).step_by(STRIPE as usize) {
        let stripe: Vec<u8> = (top..(top + STRIPE).min(HEIGHT))
            .flat_map(|row| (0..WIDTH).map(move |column| (column, row)))
            .flat_map(|(column, row)| scene.pixel(column, row))
            .collect();
        if !body.write_all(rows.add(&stripe)?).await.is_empty() {
            return Ok(()); // The client has gone.
        }
    }
    body.write_all(rows.end()?).await;
    Ok(())
}

/// What is where.
struct Scene {
    /// From the farthest.
    ranges: Vec<Range>,
    trees: Vec<Tree>,
}

/// A range of mountains.
struct Range {
    colour: Colour,
    foot: f32,
    /// In each column.
    tops: Vec<f32>,
}

struct Tree {
    at: f32,
    foot: f32,
    height: f32,
}

impl Scene {
    fn new() -> Self {
        // Colour, where it stands, how high it is, how wide its mountains are.
        let plan = [
            ([0.66, 0.50, 0.62], 0.47, 0.15, 2.3),
            ([0.46, 0.38, 0.56], 0.53, 0.17, 3.1),
            ([0.28, 0.27, 0.46], 0.59, 0.14, 4.3),
            ([0.13, 0.17, 0.31], 0.635, 0.09, 6.1),
        ];
        let ranges = (1_u32..)
            .zip(plan)
            .map(|(seed, (colour, foot, high, often))| {
                let column =
                    |column| foot - high * hills(column as f32 / HEIGHT as f32 * often, seed);
                Range {
                    colour,
                    foot,
                    tops: (0..WIDTH).map(column).collect(),
                }
            });
        let tree = |number: u32| {
            let at = 1.5 * (number as f32 + 0.7 * chance(number, 1)) / 44.0;
            Tree {
                at,
                foot: bank(at) + 0.015,
                // Low in the middle, where one looks over the lake.
                height: (0.06 + 0.13 * chance(number, 2))
                    * (0.4 + 1.5 * (at - 0.80).powi(2)).min(1.6),
            }
        };
        Self {
            ranges: ranges.collect(),
            trees: (0..44).map(tree).collect(),
        }
    }

    fn pixel(&self, column: u32, row: u32) -> [u8; 4] {
        let unit = 1.0 / HEIGHT as f32;
        let (x, y) = (column as f32 * unit, row as f32 * unit);
        let mut colour = if y < SHORE {
            self.above(x, y)
        } else {
            self.lake(x, y)
        };
        let near = self.near(x, y, unit);
        colour = mix(colour, [0.035, 0.055, 0.095], near);
        // A little grain keeps the sky from having steps.
        let grain = (chance(column, row + 9) - 0.5) * 0.012;
        let [red, green, blue] = colour.map(|part| ((part + grain).clamp(0.0, 1.0) * 255.0) as u8);
        [red, green, blue, 255]
    }

    fn above(&self, x: f32, y: f32) -> Colour {
        let mut colour = sky(x, y);
        let column = ((x * HEIGHT as f32) as usize).min(WIDTH as usize - 1);
        for range in &self.ranges {
            let top = range.tops[column];
            let edge = ease((y - top) * HEIGHT as f32 / 1.6);
            // Haze lies in the valleys, and snow on what is high.
            let haze = ease((y - range.foot + 0.09) / 0.12) * 0.5;
            let snow = ease((0.415 - top) / 0.05) * ease((top + 0.035 - y) / 0.05);
            let snow = snow * ease((mist(x * 34.0, y * 52.0, 5) - 0.35) / 0.2);
            let rock = mix(range.colour, [1.0, 0.86, 0.82], snow * 0.75);
            colour = mix(colour, mix(rock, [0.93, 0.66, 0.58], haze), edge);
        }
        colour
    }

    /// The lake shows what is above it, upside down, in waves that are longer the nearer they are.
    fn lake(&self, x: f32, y: f32) -> Colour {
        let depth = y - SHORE;
        let wave = mist(x * 9.0, depth.sqrt() * 95.0, 7) - 0.5;
        let up = SHORE - depth * 1.25 + wave * (0.02 + 0.12 * depth);
        let shown = self.above(
            (x + wave * 0.03).clamp(0.0, 1.499),
            up.clamp(0.0, SHORE - 0.004),
        );
        let water = mix(shown, [0.10, 0.17, 0.30], 0.28 + 0.9 * depth);
        let path = ease(1.0 - (x - SUN[0]).abs() / (0.05 + 0.35 * depth));
        let glitter = ease((wave - 0.08) / 0.12) * path * (1.0 - depth);
        mix(water, [1.0, 0.84, 0.58], glitter * 0.85)
    }

    /// How much of a place is covered by the bank in front and its trees.
    fn near(&self, x: f32, y: f32, unit: f32) -> f32 {
        let ground = ease((y - bank(x) - 0.006 * mist(x * 120.0, 0.0, 3)) / unit);
        let tree = |tree: &Tree| {
            let down = (y - tree.foot + tree.height) / tree.height;
            if !(0.0..=1.0).contains(&down) {
                return 0.0;
            }
            // Branches hang in seven storeys.
            let storey = (down * 7.0).fract();
            let wide = tree.height * 0.24 * (down * 0.8 + 0.2 * storey - 0.06).max(0.02);
            ease((wide - (x - tree.at).abs()) / unit)
        };
        self.trees.iter().map(tree).fold(ground, f32::max)
    }
}

/// How high the bank in front is.
fn bank(x: f32) -> f32 {
    0.955 - 0.22 * (x - 0.80).powi(2) + 0.02 * mist(x * 3.0, 0.0, 11)
}

fn sky(x: f32, y: f32) -> Colour {
    let stops = [
        (0.0, [0.12, 0.17, 0.40]),
        (0.22, [0.33, 0.31, 0.56]),
        (0.38, [0.82, 0.48, 0.52]),
        (0.50, [0.99, 0.69, 0.47]),
        (0.64, [1.0, 0.86, 0.62]),
    ];
    let mut colour = stops[0].1;
    for pair in stops.windows(2) {
        let part = (y - pair[0].0) / (pair[1].0 - pair[0].0);
        colour = mix(colour, pair[1].1, ease(part));
    }
    let far = (x - SUN[0]).hypot(y - SUN[1]);
    let cloud = mist(x * 2.6 + 3.0, y * 13.0, 21) * 0.65 + mist(x * 7.0, y * 34.0, 22) * 0.35;
    let cloud = ease((cloud - 0.5) / 0.22) * ease(y / 0.12) * 0.75;
    let lit = mix(
        [0.46, 0.34, 0.55],
        [1.0, 0.73, 0.58],
        (1.0 - far * 1.1).clamp(0.0, 1.0),
    );
    colour = mix(colour, lit, cloud);
    colour = mix(colour, [1.0, 0.90, 0.66], 0.75 * (-far * 7.5).exp());
    let disc = ease((SUN_SIZE - far) * HEIGHT as f32 / 2.0);
    colour = mix(colour, [1.0, 0.96, 0.84], disc);
    let star = chance((x * 400.0) as u32, (y * 400.0) as u32 + 77) > 0.9975;
    let star = if star {
        (0.2 - y).max(0.0) * 4.0 * (1.0 - cloud)
    } else {
        0.0
    };
    mix(colour, [1.0, 1.0, 0.95], star)
}

fn mix(from: Colour, to: Colour, part: f32) -> Colour {
    let part = part.clamp(0.0, 1.0);
    [0, 1, 2].map(|index| from[index] + (to[index] - from[index]) * part)
}
