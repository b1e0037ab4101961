// Sobel's operator on luma, over black. Edges shine in the picture's colours, or in white.

// From the threshold, an edge takes so much more contrast to be at its brightest.
const SOFTNESS: f32 = 0.15;
// Keeps the hue of what is nearly black from being noise.
const FLOOR: f32 = 0.05;

@compute @workgroup_size(32, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if outside(id) {
        return;
    }
    let x = i32(id.x);
    let y = i32(id.y + band.first);
    var across = 0.0;
    var down = 0.0;
    var around = vec3<f32>(0.0);
    for (var dy = -1; dy <= 1; dy++) {
        for (var dx = -1; dx <= 1; dx++) {
            let colour = pixel(x + dx, y + dy).rgb;
            let light = luma(colour);
            across += light * f32(dx * (2 - abs(dy)));
            down += light * f32(dy * (2 - abs(dx)));
            around += colour / 9.0;
        }
    }
    // A step from black to white has 1.
    let contrast = length(vec2<f32>(across, down)) / 4.0;
    let threshold = band.options.x;
    let edge = smoothstep(threshold, threshold + SOFTNESS, contrast);
    let brightest = max(around.r, max(around.g, around.b));
    let hue = (around + FLOOR) / (brightest + FLOOR);
    let shine = mix(vec3<f32>(1.0), hue * hue, band.options.y);
    target_rows[place(id)] = pack4x8unorm(vec4<f32>(shine * edge, 1.0));
}
