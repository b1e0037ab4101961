// Pen and ink: outlines where the picture's light changes, and hatching that is the denser the darker it is.
// Outlines are the difference of two Gaussian blurs of luma; the wider of the two is also the tone for the hatching.

const PAPER: vec3<f32> = vec3<f32>(0.973, 0.953, 0.906);
// What the paper's grain takes away at most.
const GRAIN: f32 = 0.04;
// A difference of the blurs that is no line yet, and one that is a line at its blackest.
const FAINT: f32 = 0.003;
const CLEAR: f32 = 0.016;
// Pixels between places where the pressure of the pen is made up anew.
const PRESSURE: f32 = 23.0;

// Each layer of hatching: its direction, and the tone below which it begins. The eye takes the root of light for its tone.
const LAYERS: array<vec3<f32>, 4> = array<vec3<f32>, 4>(
    vec3<f32>(0.70710678, 0.70710678, 0.86),
    vec3<f32>(0.7660, -0.6428, 0.56),
    vec3<f32>(0.1736, 0.9848, 0.38),
    vec3<f32>(0.9848, -0.1736, 0.24),
);

// How light a pixel is on white paper.
fn light(x: i32, y: i32) -> f32 {
    let colour = pixel(x, y);
    return luma(colour.rgb) + 1.0 - colour.a;
}

@compute @workgroup_size(32, 4)
fn down(@builtin(global_invocation_id) id: vec3<u32>) {
    if outside(id) {
        return;
    }
    let x = i32(id.x);
    let y = i32(id.y + band.first);
    var sum = light(x, y) * kernel[0];
    for (var step = 1; step <= i32(band.reach); step++) {
        sum += (light(x, y - step) + light(x, y + step)) * kernel[step];
    }
    between[place(id)] = bitcast<vec2<u32>>(sum);
}

fn half_done(x: i32, row: u32) -> vec2<f32> {
    let column = u32(clamp(x, 0, i32(band.size.x) - 1));
    return bitcast<vec2<f32>>(between[row * band.size.x + column]);
}

// The same number for the same place, from 0 to 1.
fn chance(x: u32, y: u32) -> f32 {
    var bits = (x * 0x9E3779B1u) ^ (y * 0x85EBCA77u);
    bits = (bits ^ (bits >> 15u)) * 0x2C1B3C6Du;
    bits = (bits ^ (bits >> 12u)) * 0x297A2D39u;
    bits = bits ^ (bits >> 15u);
    return f32(bits >> 8u) / 16777216.0;
}

// The same, without jumps from one pixel to the next.
fn pressure(at: vec2<f32>) -> f32 {
    let cell = at / PRESSURE;
    let corner = vec2<u32>(cell);
    let inside = cell - floor(cell);
    let ease = inside * inside * (3.0 - 2.0 * inside);
    let above = mix(chance(corner.x, corner.y), chance(corner.x + 1u, corner.y), ease.x);
    let below = mix(chance(corner.x, corner.y + 1u), chance(corner.x + 1u, corner.y + 1u), ease.x);
    return mix(above, below, ease.y);
}

// Goes up and down like a sine, once while `t` goes up by 1. Made of parabolas: all GPUs agree on it.
fn wave(t: f32) -> f32 {
    let part = t - floor(t) - 0.5;
    return 16.0 * part * (0.5 - abs(part));
}

// How much ink the hatching puts on a place of this tone.
fn hatching(at: vec2<f32>, light: f32) -> f32 {
    let tone = sqrt(max(light, 0.0));
    let spacing = band.options.x;
    // No hand draws a straight line.
    let tremble = 1.1 * wave(at.x / 97.0 + at.y / 131.0) + 0.6 * wave(at.y / 53.0 - at.x / 71.0);
    let press = 0.85 + 0.3 * pressure(at);
    var bare = 1.0;
    for (var layer = 0; layer < 4; layer++) {
        let plan = LAYERS[layer];
        let along = (dot(at, plan.xy) + tremble) / spacing + f32(layer) * 0.37;
        let distance = abs(along - floor(along) - 0.5) * spacing;
        let need = max(plan.z - tone, 0.0) / plan.z;
        let width = spacing * (0.06 + 0.18 * need + 0.26 * need * need) * press;
        let stroke = (1.0 - smoothstep(width - 0.6, width + 0.6, distance)) * smoothstep(0.0, 0.15, need);
        bare *= 1.0 - stroke;
    }
    // What is nearly black is filled.
    return max(1.0 - bare, 1.0 - smoothstep(0.20, 0.36, tone));
}

@compute @workgroup_size(32, 4)
fn across(@builtin(global_invocation_id) id: vec3<u32>) {
    if outside(id) {
        return;
    }
    let x = i32(id.x);
    var sum = half_done(x, id.y) * kernel[0];
    for (var step = 1; step <= i32(band.reach); step++) {
        sum += (half_done(x - step, id.y) + half_done(x + step, id.y)) * kernel[step];
    }
    let row = id.y + band.first;
    let outline = smoothstep(FAINT, CLEAR, sum.y - sum.x);
    let shade = hatching(vec2<f32>(f32(id.x), f32(row)), sum.y);
    let ink = 1.0 - (1.0 - outline) * (1.0 - shade * 0.88);
    let paper = PAPER * (1.0 - GRAIN * chance(id.x, row));
    target_rows[place(id)] = pack4x8unorm(vec4<f32>(mix(paper, band.colour.rgb, ink), 1.0));
}
