// What all filters have in common: a band of rows of a picture goes in, and what became of them comes out.

struct Band {
    // Of the whole picture.
    size: vec2<u32>,
    // The first row to compute, and how many.
    first: u32,
    rows: u32,
    // The first row that `source` has: a filter reads above and below what it computes.
    top: u32,
    // How many pixels the kernel has to each side.
    reach: u32,
    // What these are is the filter's business.
    options: vec4<f32>,
    colour: vec4<f32>,
}

@group(0) @binding(0) var<uniform> band: Band;
// Red, green, blue and alpha in a word, row after row without padding.
@group(0) @binding(1) var<storage, read> source: array<u32>;
@group(0) @binding(2) var<storage, read_write> target_rows: array<u32>;
// Weights of the kernel's middle and of one side; some filters need two kernels.
@group(0) @binding(3) var<storage, read> kernel: array<vec2<f32>>;
// What the first pass leaves for the second.
@group(0) @binding(4) var<storage, read_write> between: array<vec2<u32>>;

// The colour of a pixel, multiplied by its alpha. Beyond its edges the picture goes on with its outermost pixels.
fn pixel(x: i32, y: i32) -> vec4<f32> {
    let last = vec2<i32>(band.size) - 1;
    let at = vec2<u32>(clamp(vec2<i32>(x, y), vec2<i32>(0), last));
    let colour = unpack4x8unorm(source[(at.y - band.top) * band.size.x + at.x]);
    return vec4<f32>(colour.rgb * colour.a, colour.a);
}

fn luma(colour: vec3<f32>) -> f32 {
    return dot(colour, vec3<f32>(0.2126, 0.7152, 0.0722));
}

// Whether there is work for this thread; the last workgroups reach over the edges.
fn outside(id: vec3<u32>) -> bool {
    return id.x >= band.size.x || id.y >= band.rows;
}

// Where a pixel is in the rows that are computed.
fn place(id: vec3<u32>) -> u32 {
    return id.y * band.size.x + id.x;
}
