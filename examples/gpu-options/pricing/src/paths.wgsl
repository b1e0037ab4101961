// Paths of a price, each with what it pays and how that changes with each parameter.
//
// A price follows a geometric Brownian motion, seen at `steps` equal steps: one for a European option, several for the
// average of an Asian one. Delta, vega, theta and rho are pathwise; gamma, where the payoff has a corner, is the
// likelihood ratio of the first step, differentiated along the path.

struct Params {
  spot: f32,
  strike: f32,
  rate: f32,
  volatility: f32,
  years: f32,
  // Of the logarithm, without chance: rate - dividend - volatility^2 / 2.
  drift: f32,
  // What a unit of money at the end is worth now.
  discount: f32,
  // 1 for a call, -1 for a put.
  sign: f32,
  steps: u32,
  // Paths of one thread, one after the other.
  paths_of_thread: u32,
  // The first path of this dispatch, in two halves, and the number behind its last.
  first: vec2u,
  paths: u32,
  padding: u32,
  seed: vec2u,
}

const THREADS = 64u;
// Price, delta, gamma, vega, theta, rho: the sum of each, then of its squares.
const SUMS = 12u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;

var<workgroup> shared_sums: array<f32, THREADS * SUMS>;

// Four numbers with a normal distribution (Box and Muller).
fn normals(bits: vec4u) -> vec4f {
  let even = (vec4f(bits >> vec4u(9u)) + 0.5) * 0x1p-23;
  let radius = sqrt(-2.0 * log(even.xz));
  let angle = 6.283185307179586 * even.yw;
  return vec4f(radius * cos(angle), radius * sin(angle)).xzyw;
}

// What one path adds: price, delta, gamma, vega, theta, rho.
fn path(number: vec2u) -> array<f32, 6> {
  let step = params.years / f32(params.steps);
  let drift = params.drift * step;
  let spread = params.volatility * sqrt(step);
  var chance = vec4f();
  var first = 0.0;
  // The Brownian motion, the logarithm of the price over the spot.
  var motion = 0.0;
  var level = 0.0;
  // Averages of the price, and of its changes with volatility, time and rate.
  var average = 0.0;
  var by_volatility = 0.0;
  var by_years = 0.0;
  var by_rate = 0.0;
  for (var i = 0u; i < params.steps; i++) {
    if i % 4u == 0u {
      chance = normals(philox(vec4u(number, i / 4u, 0u), params.seed));
    }
    let z = chance[i % 4u];
    if i == 0u {
      first = z;
    }
    motion += sqrt(step) * z;
    level += drift + spread * z;
    let time = step * f32(i + 1u);
    let price = params.spot * exp(level);
    average += price;
    by_volatility += price * (motion - params.volatility * time);
    by_years += price * (params.drift * time + 0.5 * params.volatility * motion) / params.years;
    by_rate += price * time;
  }
  let one = 1.0 / f32(params.steps);
  average *= one;
  let payoff = max(params.sign * (average - params.strike), 0.0);
  // How the payoff changes with the average.
  let slope = select(0.0, params.sign, payoff > 0.0);
  let ratio = first / (params.spot * params.spot * spread);
  return array(
    params.discount * payoff,
    params.discount * slope * average / params.spot,
    params.discount * slope * params.strike * ratio,
    params.discount * slope * by_volatility * one,
    params.discount * (params.rate * payoff - slope * by_years * one),
    params.discount * (slope * by_rate * one - params.years * payoff),
  );
}

@compute @workgroup_size(THREADS)
fn simulate(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  var total = array<f32, SUMS>();
  // Neighbours take neighbouring paths.
  let start = group.x * THREADS * params.paths_of_thread + thread;
  for (var i = 0u; i < params.paths_of_thread; i++) {
    let index = start + i * THREADS;
    if index >= params.paths {
      break;
    }
    let low = params.first.x + index;
    let carry = select(0u, 1u, low < index);
    let values = path(vec2u(low, params.first.y + carry));
    for (var k = 0u; k < 6u; k++) {
      total[k] += values[k];
      total[k + 6u] += values[k] * values[k];
    }
  }
  for (var k = 0u; k < SUMS; k++) {
    shared_sums[k * THREADS + thread] = total[k];
  }
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if thread < half {
      for (var k = 0u; k < SUMS; k++) {
        shared_sums[k * THREADS + thread] += shared_sums[k * THREADS + thread + half];
      }
    }
    workgroupBarrier();
  }
  if thread < SUMS {
    sums[group.x * SUMS + thread] = shared_sums[thread * THREADS];
  }
}
