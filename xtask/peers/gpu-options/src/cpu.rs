//! The price alone, without a GPU: all cores, twice the digits, another generator. Nothing here is shared with the shader,
//! so that the two can be compared.

use gpu_options_protocol::{Ask, Kind};

pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The price.
pub fn price(ask: &Ask) -> f64 {
    let threads = threads() as u64;
    let sums: Vec<f64> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| {
                let paths = ask.paths / threads + u64::from(thread < ask.paths % threads);
                scope.spawn(move || simulate(ask, paths, thread))
            })
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().expect("a simulation does not panic"))
            .collect()
    });
    sums.iter().sum::<f64>() / ask.paths as f64
}

/// The sum of what the paths pay.
fn simulate(ask: &Ask, paths: u64, thread: u64) -> f64 {
    let mut random = Random(ask.seed ^ (thread + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let step = ask.years / f64::from(ask.looks());
    let variance = ask.volatility * ask.volatility;
    let drift = (ask.rate - ask.dividend - variance / 2.0) * step;
    let spread = ask.volatility * step.sqrt();
    let discount = (-ask.rate * ask.years).exp();
    let mut sum = 0.0;
    for _ in 0..paths {
        let mut level = 0.0;
        let mut average = 0.0;
        for _ in 0..ask.looks() {
            level += drift + spread * random.normal();
            average += ask.spot * f64::exp(level);
        }
        average /= f64::from(ask.looks());
        let gain = match ask.kind {
            Kind::Call => average - ask.strike,
            Kind::Put => ask.strike - average,
        };
        sum += discount * gain.max(0.0);
    }
    sum
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators; 2014).
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 + 0.5
    }

    /// Box and Muller, one of the two.
    fn normal(&mut self) -> f64 {
        let scale = f64::powi(2.0, -53);
        let radius = (-2.0 * (self.uniform() * scale).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform() * scale).cos()
    }
}
