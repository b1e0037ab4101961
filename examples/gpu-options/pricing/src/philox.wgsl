// Philox4x32-10: random numbers that are a function of a counter and a key (Salmon, Moraes, Dror, Shaw: Parallel random
// numbers: as easy as 1, 2, 3; 2011). No state, so every path has its own numbers on every machine.

fn high_of_product(a: u32, b: u32) -> u32 {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let cross = (a & 0xffffu) * (b >> 16u);
  let other = (a >> 16u) * (b & 0xffffu);
  let middle = (low >> 16u) + (cross & 0xffffu) + (other & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (cross >> 16u) + (other >> 16u) + (middle >> 16u);
}

fn philox(counter: vec4u, key: vec2u) -> vec4u {
  var c = counter;
  var k = key;
  for (var round = 0; round < 10; round++) {
    c = vec4u(
      high_of_product(0xcd9e8d57u, c.z) ^ c.y ^ k.x,
      0xcd9e8d57u * c.z,
      high_of_product(0xd2511f53u, c.x) ^ c.w ^ k.y,
      0xd2511f53u * c.x,
    );
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
