// How many steps each number takes to 1: halved where even, tripled and one more where odd.
@group(0) @binding(0) var<storage, read_write> numbers: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if id.x >= arrayLength(&numbers) {
    return;
  }
  var number = numbers[id.x];
  var steps = 0u;
  while number > 1u {
    if number % 2u == 0u {
      number /= 2u;
    } else {
      // Beyond 32 bits: told as the largest number.
      if number >= 0x55555555u {
        steps = 0xffffffffu;
        break;
      }
      number = 3u * number + 1u;
    }
    steps++;
  }
  numbers[id.x] = steps;
}
