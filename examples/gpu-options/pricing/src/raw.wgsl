// The generator alone, for comparison with its published vectors: counter and key in, numbers out.
@group(0) @binding(0) var<storage, read_write> words: array<u32>;

@compute @workgroup_size(1)
fn raw() {
  let numbers = philox(
    vec4u(words[0], words[1], words[2], words[3]),
    vec2u(words[4], words[5]),
  );
  for (var i = 0u; i < 4u; i++) {
    words[i] = numbers[i];
  }
}
