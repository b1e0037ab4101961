//! What the filters are to compute, in double precision and one pixel after the other.

use std::f64::consts::FRAC_1_SQRT_2;

use super::files::Image;

/// Red, green and blue times alpha, and alpha, from 0 to 1.
type Colour = [f64; 4];

/// The pixel of a picture that goes on beyond its edges.
fn pixel(image: &Image, x: i64, y: i64) -> Colour {
    let inside = |at: i64, size: usize| at.clamp(0, size as i64 - 1) as usize;
    let at = inside(y, image.height) * image.width + inside(x, image.width);
    let [red, green, blue, alpha] = image.pixels[at].map(|part| f64::from(part) / 255.0);
    [red * alpha, green * alpha, blue * alpha, alpha]
}

fn luma([red, green, blue, _]: Colour) -> f64 {
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn gauss(reach: i64, deviation: f64) -> Vec<f64> {
    let weights = (-reach..=reach).map(|step| (-0.5 * (step as f64 / deviation).powi(2)).exp());
    let sum: f64 = weights.clone().sum();
    weights.map(|weight| weight / sum).collect()
}

/// Convolves a picture of any values in both directions.
fn blurred<const N: usize>(
    image: &Image,
    reach: i64,
    deviation: f64,
    value: impl Fn(Colour) -> [f64; N],
) -> Vec<[f64; N]> {
    let weights = gauss(reach, deviation);
    let (width, height) = (image.width as i64, image.height as i64);
    let sum = |part: &dyn Fn(i64) -> [f64; N]| {
        let mut sum = [0.0; N];
        for (step, weight) in (-reach..=reach).zip(&weights) {
            let values = part(step);
            for index in 0..N {
                sum[index] += weight * values[index];
            }
        }
        sum
    };
    let places = |height: i64| (0..height).flat_map(move |y| (0..width).map(move |x| (x, y)));
    let across: Vec<_> = places(height)
        .map(|(x, y)| sum(&|step| value(pixel(image, x + step, y))))
        .collect();
    let down = |x: i64, y: i64| across[(y.clamp(0, height - 1) * width + x) as usize];
    places(height)
        .map(|(x, y)| sum(&|step| down(x, y + step)))
        .collect()
}

/// Premultiplied, from 0 to 1.
pub(super) fn blur(image: &Image, radius: i64) -> Vec<Colour> {
    blurred(image, radius, radius as f64 / 2.0, |colour| colour)
}

fn smoothstep(from: f64, to: f64, at: f64) -> f64 {
    let part = ((at - from) / (to - from)).clamp(0.0, 1.0);
    part * part * (3.0 - 2.0 * part)
}

pub(super) fn edges(image: &Image, threshold: f64, coloured: bool) -> Vec<Colour> {
    let mut result = Vec::new();
    for y in 0..image.height as i64 {
        for x in 0..image.width as i64 {
            let at = |dx: i64, dy: i64| pixel(image, x + dx, y + dy);
            let light = |dx, dy| luma(at(dx, dy));
            let across = light(1, -1) + 2.0 * light(1, 0) + light(1, 1)
                - light(-1, -1)
                - 2.0 * light(-1, 0)
                - light(-1, 1);
            let down = light(-1, 1) + 2.0 * light(0, 1) + light(1, 1)
                - light(-1, -1)
                - 2.0 * light(0, -1)
                - light(1, -1);
            let edge = smoothstep(threshold, threshold + 0.15, across.hypot(down) / 4.0);
            let mut mean = [0.0; 3];
            for (dx, dy) in (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dx, dy))) {
                let colour = at(dx, dy);
                for index in 0..3 {
                    mean[index] += colour[index] / 9.0;
                }
            }
            let brightest = mean.iter().copied().fold(0.0, f64::max);
            let [red, green, blue] = mean.map(|part| {
                let hue = ((part + 0.05) / (brightest + 0.05)).powi(2);
                edge * if coloured { hue } else { 1.0 }
            });
            result.push([red, green, blue, 1.0]);
        }
    }
    result
}

/// A number from 0 to 1 for a place, as the shader makes it from 32 bits.
fn chance(x: usize, y: usize) -> f64 {
    let times = |number: usize, factor: u32| (number as u32).wrapping_mul(factor);
    let mut bits = times(x, 0x9E37_79B1) ^ times(y, 0x85EB_CA77);
    bits = (bits ^ (bits >> 15)).wrapping_mul(0x2C1B_3C6D);
    bits = (bits ^ (bits >> 12)).wrapping_mul(0x297A_2D39);
    bits ^= bits >> 15;
    f64::from(bits >> 8) / f64::from(1 << 24)
}

fn pressure(x: f64, y: f64) -> f64 {
    let (x, y) = (x / 23.0, y / 23.0);
    let (left, top) = (x.floor() as usize, y.floor() as usize);
    let mix = |from: f64, to: f64, part: f64| from + (to - from) * smoothstep(0.0, 1.0, part);
    let row = |y| mix(chance(left, y), chance(left + 1, y), x.fract());
    mix(row(top), row(top + 1), y.fract())
}

fn wave(t: f64) -> f64 {
    let part = t - t.floor() - 0.5;
    16.0 * part * (0.5 - part.abs())
}

fn hatching(x: f64, y: f64, light: f64, spacing: f64) -> f64 {
    let tone = light.max(0.0).sqrt();
    let tremble = 1.1 * wave(x / 97.0 + y / 131.0) + 0.6 * wave(y / 53.0 - x / 71.0);
    let press = 0.85 + 0.3 * pressure(x, y);
    let layers = [
        (FRAC_1_SQRT_2, FRAC_1_SQRT_2, 0.86),
        (0.7660, -0.6428, 0.56),
        (0.1736, 0.9848, 0.38),
        (0.9848, -0.1736, 0.24),
    ];
    let mut bare = 1.0;
    for (number, (right, down, begins)) in layers.into_iter().enumerate() {
        let along = (x * right + y * down + tremble) / spacing + number as f64 * 0.37;
        let distance = (along - along.floor() - 0.5).abs() * spacing;
        let need = (begins - tone).max(0.0) / begins;
        let width = spacing * (0.06 + 0.18 * need + 0.26 * need * need) * press;
        let stroke = 1.0 - smoothstep(width - 0.6, width + 0.6, distance);
        bare *= 1.0 - stroke * smoothstep(0.0, 0.15, need);
    }
    (1.0 - bare).max(1.0 - smoothstep(0.20, 0.36, tone))
}

pub(super) fn ink(image: &Image, spacing: f64, line: f64, ink: [f64; 3]) -> Vec<Colour> {
    let reach = (5.0 * line).ceil() as i64;
    let on_paper = |colour: Colour| [luma(colour) + 1.0 - colour[3]];
    let narrow = blurred(image, reach, line, on_paper);
    let wide = blurred(image, reach, 1.6 * line, on_paper);
    let both = narrow.into_iter().zip(wide).enumerate();
    both.map(|(at, ([narrow], [wide]))| {
        let (x, y) = (at % image.width, at / image.width);
        let outline = smoothstep(0.003, 0.016, wide - narrow);
        let shade = hatching(x as f64, y as f64, wide, spacing);
        let covered = 1.0 - (1.0 - outline) * (1.0 - shade * 0.88);
        let grain = 1.0 - 0.04 * chance(x, y);
        let paper = [0.973, 0.953, 0.906].map(|part| part * grain);
        let mixed = |index: usize| paper[index] + (ink[index] - paper[index]) * covered;
        [mixed(0), mixed(1), mixed(2), 1.0]
    })
    .collect()
}
