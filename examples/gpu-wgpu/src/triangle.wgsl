struct Corner {
  @builtin(position) position: vec4f,
  @location(0) color: vec3f,
}

@vertex
fn vertex(@builtin(vertex_index) index: u32) -> Corner {
  let places = array(vec2f(0.0, 0.8), vec2f(-0.8, -0.8), vec2f(0.8, -0.8));
  let colors = array(vec3f(1.0, 0.0, 0.0), vec3f(0.0, 1.0, 0.0), vec3f(0.0, 0.0, 1.0));
  return Corner(vec4f(places[index], 0.0, 1.0), colors[index]);
}

@fragment
fn fragment(corner: Corner) -> @location(0) vec4f {
  return vec4f(corner.color, 1.0);
}
