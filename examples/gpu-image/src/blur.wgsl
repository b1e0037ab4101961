// Gaussian blur, in two passes: a kernel of n by n pixels costs 2n reads instead of n².

@compute @workgroup_size(32, 4)
fn down(@builtin(global_invocation_id) id: vec3<u32>) {
    if outside(id) {
        return;
    }
    let x = i32(id.x);
    let y = i32(id.y + band.first);
    var sum = pixel(x, y) * kernel[0].x;
    for (var step = 1; step <= i32(band.reach); step++) {
        sum += (pixel(x, y - step) + pixel(x, y + step)) * kernel[step].x;
    }
    between[place(id)] = vec2<u32>(pack2x16unorm(sum.rg), pack2x16unorm(sum.ba));
}

fn half_done(x: i32, row: u32) -> vec4<f32> {
    let column = u32(clamp(x, 0, i32(band.size.x) - 1));
    let packed = between[row * band.size.x + column];
    return vec4<f32>(unpack2x16unorm(packed.x), unpack2x16unorm(packed.y));
}

@compute @workgroup_size(32, 4)
fn across(@builtin(global_invocation_id) id: vec3<u32>) {
    if outside(id) {
        return;
    }
    let x = i32(id.x);
    var sum = half_done(x, id.y) * kernel[0].x;
    for (var step = 1; step <= i32(band.reach); step++) {
        sum += (half_done(x - step, id.y) + half_done(x + step, id.y)) * kernel[step].x;
    }
    // A file has colours that are not multiplied by their alpha.
    let colour = select(vec3<f32>(0.0), sum.rgb / max(sum.a, 1e-6), sum.a > 0.0);
    target_rows[place(id)] = pack4x8unorm(vec4<f32>(colour, sum.a));
}
