//! Chance that comes out the same each time.

/// A number from 0 to 1 for a place.
pub fn chance(x: u32, y: u32) -> f32 {
    let mut bits = x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77);
    bits = (bits ^ (bits >> 15)).wrapping_mul(0x2C1B_3C6D);
    bits = (bits ^ (bits >> 12)).wrapping_mul(0x297A_2D39);
    bits ^= bits >> 15;
    (bits >> 8) as f32 / 16_777_216.0
}

/// From 0 to 1 without a corner.
pub fn ease(part: f32) -> f32 {
    let part = part.clamp(0.0, 1.0);
    part * part * (3.0 - 2.0 * part)
}

/// The same as `chance`, without jumps from one place to the next.
fn smooth(x: f32, y: f32, seed: u32) -> f32 {
    let (left, above) = (x.floor(), y.floor());
    let at = |dx: u32, dy: u32| {
        let row = (above as i32 as u32).wrapping_add(dy);
        chance(
            (left as i32 as u32).wrapping_add(dx),
            row.wrapping_add(seed.wrapping_mul(7919)),
        )
    };
    let (across, down) = (ease(x - left), ease(y - above));
    let between = |from: f32, to: f32, part: f32| from + (to - from) * part;
    between(
        between(at(0, 0), at(1, 0), across),
        between(at(0, 1), at(1, 1), across),
        down,
    )
}

/// Clouds, from 0 to 1.
pub fn mist(x: f32, y: f32, seed: u32) -> f32 {
    let octave = |number: i32| {
        let often = 2.0_f32.powi(number);
        smooth(x * often, y * often, seed + number as u32) / often
    };
    (0..4).map(octave).sum::<f32>() / 1.875
}

/// The heights of mountains with ridges, from 0 to 1.
pub fn hills(x: f32, seed: u32) -> f32 {
    let octave = |number: i32| {
        let often = 2.0_f32.powi(number);
        let ridge = 1.0 - (2.0 * smooth(x * often, 0.0, seed * 31 + number as u32) - 1.0).abs();
        ridge / often
    };
    (0..6).map(octave).sum::<f32>() / 1.97
}
